import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../config/secret.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import { openLogbook } from './log.ts';

const SEED = 20_260_303;
const OFFER = 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:HIDDENufrag\r\na=ice-pwd:HIDDENpassword\r\n';

/** A logbook whose lines can be read. */
function logbook(format: 'json' | 'text' = 'json', level: 'debug' | 'warn' = 'debug') {
  const lines: string[] = [];
  const book = openLogbook({ level, format }, { write: line => void lines.push(line) });
  return { ...book, lines, text: () => lines.join('') };
}

function fieldsOf(line: string | undefined): object {
  const fields: unknown = JSON.parse(line ?? '');
  return typeof fields === 'object' && fields !== null ? fields : {};
}

it('writes one JSON object a line, with the ids of its children', () => {
  const { log, lines } = logbook();
  log.child({ conference: 'c1', room: '!r:a.org' }).child({ session: 's1' }).info({ code: 'WEIR_REPLACED' }, 'over');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(fieldsOf(lines[0])).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
    conference: 'c1',
    room: '!r:a.org',
    session: 's1',
    code: 'WEIR_REPLACED',
    msg: 'over',
  });
});

it('keeps what is its own', () => {
  const { log, lines } = logbook();
  log.warn({ level: 'fatal', msg: 'forged', time: 0 }, 'said %s and %d');
  expect(lines[0]?.match(/"(level|msg|time)":/g)).toHaveLength(3);
  expect(fieldsOf(lines[0])).toMatchObject({ level: 'warn', msg: 'said %s and %d', level_: 'fatal', msg_: 'forged' });
});

it('does not look at fields of lines that nobody wants', () => {
  const { log, lines } = logbook('json', 'warn');
  let looked = false;
  log.debug(
    {
      get field() {
        looked = true;
        return 1;
      },
    },
    'no',
  );
  expect([looked, lines]).toEqual([false, []]);
});

it('tells of an error: name, code, message, stack and causes, and not what hangs on it', () => {
  const { log, lines, text } = logbook();
  const cause = Object.assign(new Error('refused: access_token=HIDDEN1'), {
    config: { headers: { Authorization: 'Bearer HIDDEN2' } },
    data: 'HIDDEN3',
  });
  log.error({ err: new WeirError('WEIR_HOMESERVER_REFUSED', 'no', { cause }) }, 'failed');
  expect(fieldsOf(lines[0])).toMatchObject({
    err: {
      name: 'WeirError',
      code: 'WEIR_HOMESERVER_REFUSED',
      message: 'no',
      stack: expect.stringContaining('log.test.ts') as string,
      cause: { message: 'refused: access_token=[removed]' },
    },
  });
  expect(text()).not.toContain('HIDDEN');
});

describe('secrets', () => {
  const inFields: [string, object][] = [
    ['token', { access_token: 'HIDDEN' }],
    ['token, deep', { a: { b: [{ accessToken: 'HIDDEN' }] } }],
    ['password', { password: 'HIDDEN', userPassword: 'HIDDEN', passwd: 'HIDDEN' }],
    ['header', { headers: { authorization: 'Bearer HIDDEN', Cookie: 'HIDDEN' } }],
    ['offer as a field', { offer: { type: 'offer', sdp: OFFER } }],
    ['offer as a text', { description: OFFER, 'a name': `offer ${OFFER}` }],
    ['offer as JSON in a text', { got: JSON.stringify({ type: 'offer', sdp2: OFFER }) }],
    ['ICE parameters', { iceParameters: { usernameFragment: 'x', icePwd: 'HIDDEN', ice_ufrag: 'HIDDEN' } }],
    ['message body', { content: { body: 'HIDDEN' } }],
    ['candidates', { candidates: ['candidate:1 1 udp 1 10.0.0.1 1 typ host ufrag HIDDEN'] }],
    ['candidate in a text', { line: 'candidate:1 1 udp 1 10.0.0.1 1 typ host ufrag HIDDEN' }],
    ['bytes', { data: Buffer.from('HIDDEN'), view: new Uint8Array([1]) }],
    ['map', { map: new Map([['password', 'HIDDEN']]), set: new Set(['HIDDEN']) }],
    ['secret', { of: new Secret('HIDDEN') }],
    ['toJSON', { it: { toJSON: () => ({ password: 'HIDDEN' }) } }],
    ['URL', { url: new URL('https://u:HIDDEN@a.org/?access_token=HIDDEN') }],
    ['error', { err: new Error('{"access_token":"HIDDEN"}') }],
    ['function', { f: () => 'HIDDEN' }],
  ];
  it.each(inFields)('do not get out of fields: %s', (_, fields) => {
    for (const format of ['json', 'text'] as const) {
      const { log, text } = logbook(format);
      log.info(fields, 'event');
      log.child(fields).info({}, 'event');
      expect(text()).toContain('event');
      expect(text()).not.toContain('HIDDEN');
    }
  });

  it.each([
    'GET /sync?access_token=HIDDEN&since=1',
    'login {"type":"m.login.password","password":"HID DEN \' HIDDEN","x":1}',
    '{\\"access_token\\":\\"HIDDEN\\"}',
    'Authorization: Bearer HIDDEN.x-y',
    'authorization=Basic HIDDEN=',
    'token is syt_Zm9jdXM_HIDDENabcdef_1abc',
    'a=ice-pwd:HIDDEN',
    'loginToken=HIDDEN',
    'https://user:HIDDEN@example.org/',
    OFFER,
  ])('do not get out of messages: %s', message => {
    const { log, text } = logbook();
    log.info({}, message);
    expect(text()).not.toMatch(/HIDDEN|HID DEN/);
  });

  it('that are known are removed wherever they stand', () => {
    const { log, hide, text } = logbook();
    hide('opaque-2f4a');
    log.info({ 'opaque-2f4a': 1, list: ['x opaque-2f4a y'], err: new Error('opaque-2f4a') }, 'had opaque-2f4a');
    log.child({ note: 'opaque-2f4a' }).info({}, 'child');
    expect(text()).not.toContain('opaque-2f4a');
  });

  it('leave harmless words alone', () => {
    const { log, lines } = logbook();
    log.info({ room: '!a:b.org', type: 'm.call.invite', ms: 3, url: 'http://127.0.0.1:8080' }, 'the token was refused');
    expect(fieldsOf(lines[0])).toMatchObject({
      room: '!a:b.org',
      type: 'm.call.invite',
      ms: 3,
      url: 'http://127.0.0.1:8080',
      msg: 'the token was refused',
    });
  });

  it('stay in whatever object they are buried', () => {
    const secrets = fc.constantFrom(
      { password: 'HIDDEN' },
      { x: 'access_token=HIDDEN' },
      { y: OFFER },
      { 'ice-pwd': 'HIDDEN' },
      new Error('Bearer HIDDEN'),
    );
    const { tree } = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        secrets,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 6 }), tie('tree'), { maxKeys: 4 }),
        fc.anything(),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.string(), (value, words) => {
        const { log, lines, text } = logbook();
        log.info({ value }, words);
        log.child({ value }).warn(typeof value === 'object' && value !== null ? value : { value }, words);
        expect(lines).toHaveLength(2);
        for (const line of lines) JSON.parse(line);
        expect(text()).not.toContain('HIDDEN');
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe('hostile objects', () => {
  const circle: Record<string, unknown> = { name: 'circle' };
  circle['self'] = circle;
  const hostile: [string, object][] = [
    ['circle', circle],
    [
      'getter that throws',
      {
        get bad(): never {
          throw new Error('no');
        },
        good: 1,
      },
    ],
    [
      'proxy that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
          get: () => {
            throw new Error('no');
          },
        },
      ),
    ],
    ['revoked proxy', { it: revoked() }],
    [
      'toJSON that throws',
      {
        it: {
          toJSON: (): never => {
            throw new Error('no');
          },
        },
      },
    ],
    ['toJSON for ever', { it: endless() }],
    ['odd values', { n: 1n, nan: Number.NaN, symbol: Symbol('s'), nothing: undefined, date: new Date(Number.NaN) }],
    ['error with odd parts', Object.assign(new Error('m'), { message: Symbol('m'), stack: 3, code: {} })],
    ['no prototype', Object.setPrototypeOf({ a: 1 }, null) as object],
    ['prototype', JSON.parse('{"__proto__":{"level":"x"},"constructor":1}') as object],
  ];
  it.each(hostile)('%s', (_, value) => {
    for (const format of ['json', 'text'] as const) {
      const { log, lines } = logbook(format);
      log.info(value, 'one');
      log.child(value).info({ value }, 'two');
      expect(lines).toHaveLength(2);
    }
  });

  it('do not grow a line without end', () => {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, 'x'.repeat(100)]));
    const deep = Array.from({ length: 1_000 }).reduce<object>(inner => ({ inner }), {});
    const { log, lines } = logbook();
    log.info({ wide, deep, list: Array.from({ length: 100_000 }, () => wide), long: 'y'.repeat(1_000_000) }, 'big');
    expect(lines[0]?.length).toBeLessThan(500_000);
  });

  it('cannot forge a second line or move the cursor', () => {
    const { log, text } = logbook('text');
    log.info({ id: 'a\n12:00:00 ERROR forged', esc: '\u001b[2J' }, 'one\nERROR two\u001b[2J');
    expect(text().trimEnd().split('\n')).toHaveLength(1);
    expect(text()).not.toContain('\u001b');
  });
});

it('the text format is for people', () => {
  const { log, text } = logbook('text');
  log.warn({ code: 'WEIR_BAD_SDP', user: '@a:b.org', n: 3, words: 'two words' }, 'refused');
  expect(text()).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}refused {2}code=WEIR_BAD_SDP {2}user=@a:b\.org {2}n=3 {2}words="two words"\n$/,
  );
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function endless(): object {
  const it = { toJSON: () => endless(), [inspect.custom]: () => 'endless' };
  return it;
}
