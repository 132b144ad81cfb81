import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { HttpConfig } from '../../config/config.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { ResumedSession, SignalLine, SignalMember } from '../ports.ts';
import type { SignallingDeps } from './deps.ts';
import { closeTestApps, startTestApp, writeTestPage } from './fixtures/test-app.ts';
import { createSignalTokens } from './signal-tokens.ts';

const MEMBER: SignalMember = { userId: '@alice:example.org', deviceId: 'DEV', roomId: '!room:x', confId: 'conf' };
const tokens = createSignalTokens(Buffer.alloc(32, 1), () => '@focus:example.org/WEIR', 60_000);
const BODY = {
  room_id: MEMBER.roomId,
  conf_id: MEMBER.confId,
  device_id: MEMBER.deviceId,
  openid_token: {
    access_token: 'secret-openid',
    token_type: 'Bearer',
    matrix_server_name: 'example.org',
    expires_in: 3_600,
  },
};

/** Doors that remember. */
class FakeDoors {
  readonly opened: { member: SignalMember; resume: ResumedSession | undefined; line: SignalLine }[] = [];
  readonly frames: string[] = [];
  closed = 0;
  readonly counted: string[] = [];
  readonly deps: SignallingDeps = {
    tokens,
    meters: {
      token: code => void this.counted.push(`token ${code}`),
      lineOpened: () => void this.counted.push('opened'),
      lineClosed: code => void this.counted.push(`closed ${code}`),
    },
    tokensPerMinute: 60,
    userOf: () => Promise.resolve(MEMBER.userId),
    admit: () => Promise.resolve(),
    connect: (member, resume, line) => {
      this.opened.push({ member, resume, line });
      return {
        resumed: resume?.callId === 'known',
        take: frame => void this.frames.push(frame),
        closed: () => {
          this.closed += 1;
        },
      };
    },
  };
}

let pageDir = '';
beforeAll(() => {
  pageDir = writeTestPage();
});
afterAll(() => rmSync(pageDir, { recursive: true }));
afterEach(closeTestApps);

async function listening(deps: Partial<SignallingDeps> = {}, config: Partial<HttpConfig> = {}) {
  const doors = new FakeDoors();
  const test = await startTestApp(pageDir, config, { signalling: { ...doors.deps, ...deps } });
  await test.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = test.app.server.address() as AddressInfo;
  return { ...test, doors, url: `ws://127.0.0.1:${port}/v1/signal` };
}

interface Frame {
  type: string;
  content: Record<string, unknown>;
}

/** A client's end, with all that came. */
class Client {
  readonly ws: WebSocket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<[number, string]>;

  constructor(url: string, headers: Record<string, string> = {}) {
    this.ws = new WebSocket(url, 'weir.v1', { headers });
    this.ws.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
    this.closed = new Promise(resolve => {
      this.ws.on('close', (code, reason) => resolve([code, reason.toString()]));
    });
    this.ws.on('error', () => undefined);
  }

  async say(...frames: (string | object)[]): Promise<void> {
    if (this.ws.readyState === WebSocket.CONNECTING) await once(this.ws, 'open');
    for (const frame of frames) this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }
}

const hello = (more: object = {}): object => ({
  type: 'org.weir.hello',
  content: { token: tokens.issue(MEMBER).token, ...more },
});

describe('a token', () => {
  it('is given to a member, also of a page of another origin', async () => {
    const { app, logged } = await listening();
    const answer = await app.inject({ method: 'POST', url: '/v1/token', payload: BODY });
    const body: { token: string; expires_in: number } = answer.json();
    expect([answer.statusCode, answer.headers['access-control-allow-origin'], body.expires_in]).toEqual([200, '*', 60]);
    expect(tokens.verify(body.token)).toEqual(MEMBER);
    expect(JSON.stringify(logged)).not.toContain('secret-openid');
    const asked = await app.inject({ method: 'OPTIONS', url: '/v1/token' });
    expect([asked.statusCode, asked.headers['access-control-allow-methods']]).toEqual([204, 'POST']);
  });

  it.each([
    ['WEIR_OPENID_REFUSED', 401],
    ['WEIR_OPENID_UNREACHABLE', 502],
  ] as const)('is not given where the homeserver says no: %s', async (code, status) => {
    const { app } = await listening({ userOf: () => Promise.reject(new WeirError(code, 'no')) });
    const answer = await app.inject({ method: 'POST', url: '/v1/token', payload: BODY });
    expect([answer.statusCode, Reflect.get(answer.json(), 'code')]).toEqual([status, code]);
  });

  it.each([
    ['WEIR_NOT_JOINED', 403],
    ['WEIR_UNKNOWN_CONFERENCE', 404],
    ['WEIR_CALL_ENDED', 410],
  ] as const)('is not given to who may not join: %s', async (code, status) => {
    const { app } = await listening({ admit: () => Promise.reject(new WeirError(code, 'no')) });
    const answer = await app.inject({ method: 'POST', url: '/v1/token', payload: BODY });
    expect([answer.statusCode, Reflect.get(answer.json(), 'code')]).toEqual([status, code]);
  });

  it('is not given by a full focus, which says when to ask again', async () => {
    const { app } = await listening({
      admit: () =>
        Promise.reject(new WeirError('WEIR_OVERLOADED', 'the media worker is busy', { retryAfterMs: 10_500 })),
    });
    const answer = await app.inject({ method: 'POST', url: '/v1/token', payload: BODY });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '11']);
    expect(answer.json()).toMatchObject({
      code: 'WEIR_OVERLOADED',
      message: 'the media worker is busy',
      retry_after_ms: 10_500,
    });
  });

  it('is given so often to one address, and then it is told when to ask again', async () => {
    const { app } = await listening({ tokensPerMinute: 2 });
    const ask = () => app.inject({ method: 'POST', url: '/v1/token', payload: BODY });
    const answers = [await ask(), await ask(), await ask()];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([[{}], [[]], [{ ...BODY, device_id: 7 }], [{ ...BODY, openid_token: 'x' }], ['"']])(
    'is not given for %j',
    async payload => {
      const { app } = await listening();
      const answer = await app.inject({
        method: 'POST',
        url: '/v1/token',
        headers: { 'content-type': 'application/json' },
        payload,
      });
      expect([answer.statusCode, Reflect.get(answer.json(), 'code')]).toEqual([400, 'WEIR_BAD_REQUEST']);
    },
  );
});

describe('a WebSocket', () => {
  it('is welcomed after its hello, and then carries frames both ways', async () => {
    const { doors, url } = await listening();
    const client = new Client(url);
    await client.say(hello(), { type: 'm.call.ping', content: {} });
    await expect.poll(() => doors.frames).toEqual(['{"type":"m.call.ping","content":{}}']);
    doors.opened[0]?.line.say('{"type":"m.call.pong","content":{}}');
    await expect
      .poll(() => client.frames)
      .toEqual([
        { type: 'org.weir.welcome', content: { resumed: false, user_id: '@focus:example.org', device_id: 'WEIR' } },
        { type: 'm.call.pong', content: {} },
      ]);
    client.ws.close();
    await expect.poll(() => doors.closed).toBe(1);
    expect(doors.counted).toEqual(['opened', 'closed client']);
  });

  it('takes a session up, or is told that there is none', async () => {
    const { url } = await listening();
    const [known, unknown] = [new Client(url), new Client(url)];
    await known.say(hello({ resume: { call_id: 'known', sender_session_id: 's' } }));
    await unknown.say(hello({ resume: { call_id: 'unknown', sender_session_id: 's' } }));
    await expect.poll(() => known.frames.map(({ content }) => content['resumed'])).toEqual([true]);
    await expect
      .poll(() => unknown.frames.map(({ type, content }) => [type, content['resumed'] ?? content['code']]))
      .toEqual([
        ['org.weir.welcome', false],
        ['org.weir.error', 'WEIR_NO_SESSION'],
      ]);
  });

  it.each([
    ['another message', { type: 'm.call.ping', content: {} }, 4400, 'WEIR_BAD_MESSAGE'],
    ['what is no JSON', '{', 4400, 'WEIR_BAD_MESSAGE'],
    ['a false token', { type: 'org.weir.hello', content: { token: 'x' } }, 4401, 'WEIR_TOKEN_REFUSED'],
  ])('that begins with %s is closed', async (_, frame, code, reason) => {
    const { url, doors } = await listening();
    const client = new Client(url);
    await client.say(frame);
    expect(await client.closed).toEqual([code, reason]);
    expect(doors.opened).toEqual([]);
  });

  it('with a frame of 10 MB is closed before it is read', async () => {
    const { url, doors } = await listening();
    const client = new Client(url);
    await client.say(hello(), 'x'.repeat(10_000_000));
    expect((await client.closed)[0]).toBe(1009);
    expect(doors.frames).toEqual([]);
    await expect.poll(() => doors.closed).toBe(1);
  });

  it('offers no compression: a small frame cannot become a large one', async () => {
    const { url } = await listening();
    const client = new Client(url);
    await once(client.ws, 'open');
    expect(client.ws.extensions).toBe('');
  });

  it('whose reader is too slow is closed, with what waits for it bounded', async () => {
    const { doors, url } = await listening();
    const client = new Client(url);
    await client.say(hello());
    await expect.poll(() => doors.opened.length).toBe(1);
    client.ws.pause();
    const frame = 'x'.repeat(200_000);
    let said = 0;
    while (doors.opened[0]?.line.say(frame) === true && said < 1_000) said += 1;
    expect(said).toBeLessThan(1_000);
    expect(doors.opened[0]?.line.say('x')).toBe(false);
    await expect.poll(() => doors.closed, { timeout: 5_000 }).toBe(1);
    expect(doors.counted).toEqual(['opened', 'closed WEIR_OVERLOADED']);
  });

  it('of somebody who does not say who they are takes no place from others behind the same proxy', async () => {
    const { url, doors } = await listening({}, { trustedProxies: ['127.0.0.1'] });
    const from = (address: string): Client => new Client(url, { 'x-forwarded-for': address });
    const silent = Array.from({ length: 32 }, () => from('203.0.113.1'));
    await Promise.all(silent.map(({ ws }) => once(ws, 'open')));
    const [same, other] = [from('203.0.113.1'), from('203.0.113.2')];
    await other.say(hello());
    await expect.poll(() => doors.opened.length).toBe(1);
    expect((await same.closed)[0]).toBe(1006);
  });

  it('ends with the server', async () => {
    const { app, url } = await listening();
    const client = new Client(url);
    await client.say(hello());
    await expect.poll(() => client.frames.length).toBe(1);
    await app.close();
    expect((await client.closed)[0]).toBe(1001);
  });
});
