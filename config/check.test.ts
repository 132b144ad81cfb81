import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFile } from './check.ts';

const good = { homeserver: { url: 'https://matrix.example.org', user_id: '@focus:example.org' } };

function problemsOf(input: unknown): Record<string, string> {
  const checked = checkFile(input);
  if (checked.kind === 'ok') return {};
  return Object.fromEntries(checked.problems.map(({ path, message }) => [path, message]));
}

it('fills in defaults', () => {
  const checked = checkFile({ ...good, media: { tcp: false }, rooms: null });
  expect(checked).toMatchObject({
    kind: 'ok',
    file: {
      http: { listen: { host: '127.0.0.1', port: 8080 }, metrics: { enabled: true } },
      media: { listen: [{ ip: '127.0.0.1' }], tcp: false, ice_consent_timeout_s: 8 },
      rooms: {},
      log: { level: 'info', format: 'json' },
    },
  });
});

it('does not share its defaults with those who change them', () => {
  const first = checkFile(good);
  if (first.kind === 'bad') throw new Error('bad');
  first.file.media.listen.push({ ip: '10.0.0.1' });
  expect(checkFile(good)).toMatchObject({ file: { media: { listen: [{ ip: '127.0.0.1' }] } } });
});

it('reports everything at once, with path, fault and what is expected', () => {
  expect(
    problemsOf({
      homeserver: { url: 'ftp://example.org', user_id: 'focus' },
      rooms: { allowed_servers: ['example.org', 'not a server', 7] },
      http: { listen: { port: 70_000, hots: '::1' }, metrics: 'yes', tls: { cert_file: 'a.pem' } },
      media: { listen: [], initial_bitrate: '1M', workers: 'many' },
      log: { level: 'loud' },
      limit: {},
    }),
  ).toEqual({
    'homeserver.url': 'must be an http or https URL without user, query or fragment, but is another text',
    'homeserver.user_id': 'must be a full Matrix user id like @focus:example.org, but is another text',
    'rooms.allowed_servers[1]':
      'must be a Matrix server name like example.org, *.example.org for all below it, or "*", but is another text',
    'rooms.allowed_servers[2]':
      'must be a Matrix server name like example.org, *.example.org for all below it, or "*", but is 7',
    'http.listen.port': 'must be a whole number from 0 to 65535, but is 70000',
    'http.listen.hots': 'is not a key of weir; did you mean host?',
    'http.metrics': 'must be a section with enabled, allow, but is another text',
    'http.tls.key_file': 'is missing; it must be a path',
    'media.listen': 'must have 1 to 8 entries, but has 0',
    'media.initial_bitrate': 'must be a whole number from 50000 to 100000000, but is another text',
    'media.workers': 'must be a whole number from 1 to 256, or auto, but is another text',
    'log.level': 'must be one of trace, debug, info, warn, error, fatal, but is another text',
    limit: 'is not a key of weir; did you mean limits?',
  });
});

it.each([null, 7, 'weir', [], true])('refuses %j as a whole or for what it lacks', input => {
  expect(checkFile(input).kind).toBe('bad');
});

it.each([
  ['access_token', 'WEIR_ACCESS_TOKEN'],
  ['password', 'WEIR_PASSWORD'],
  ['token', 'WEIR_ACCESS_TOKEN'],
])('says where %s belongs instead, and does not repeat it', (name, variable) => {
  const problems = problemsOf({ homeserver: { ...good.homeserver, [name]: 'syt_hidden' } });
  expect(problems[`homeserver.${name}`]).toContain(variable);
  expect(JSON.stringify(problems)).not.toContain('syt_hidden');
});

describe('rules', () => {
  const userIds: [string, boolean][] = [
    ['@focus:example.org', true],
    ['@focus:example.org:8448', true],
    ['@focus:[2001:db8::1]:8448', true],
    ['@focus:127.0.0.1', true],
    ['@focus', false],
    ['focus:example.org', false],
    ['@fo cus:example.org', false],
    ['@focus:exa mple.org', false],
    ['@focus:[nonsense]', false],
    ['@focus:example.org:99999', false],
    [`@focus:${'a'.repeat(260)}`, false],
  ];
  it.each(userIds)('user id %s: %s', (userId, holds) => {
    expect(checkFile({ homeserver: { ...good.homeserver, user_id: userId } }).kind === 'ok').toBe(holds);
  });

  const networks: [string, boolean][] = [
    ['10.0.0.0/8', true],
    ['10.0.0.1', true],
    ['::1/128', true],
    ['fd00::/129', false],
    ['10.0.0.0/33', false],
    ['10.0.0.0/8/8', false],
    ['10.0.0.0/', false],
    ['example.org/8', false],
  ];
  it.each([
    ['wss://call.example.org/v1/trunk', true],
    ['ws://127.0.0.1:8080/v1/trunk', true],
    ['ws://[::1]:8080/v1/trunk', true],
    ['ws://call.example.org/v1/trunk', false],
    ['https://call.example.org/v1/trunk', false],
    ['wss://user@call.example.org/v1/trunk', false],
    ['wss://call.example.org/v1/trunk?x', false],
  ])('URL of trunks %s: %s', (url, holds) => {
    expect(checkFile({ ...good, cascade: { trunk_url: url } }).kind === 'ok').toBe(holds);
  });

  it.each([
    ['https://chat.example.org', true],
    ['https://chat.example.org:8443', true],
    ['http://localhost:8080', true],
    ['https://chat.example.org/', false],
    ['https://chat.example.org/app', false],
    ['https://*.example.org; script-src *', false],
    ['http://[::1]:8080', false],
    ['chat.example.org', false],
    ['*', false],
    ['null', false],
  ])('origin %s: %s', (origin, holds) => {
    expect(checkFile({ ...good, http: { embed_origins: [origin] } }).kind === 'ok').toBe(holds);
  });

  it.each(networks)('network %s: %s', (network, holds) => {
    expect(checkFile({ ...good, http: { trusted_proxies: [network] } }).kind === 'ok').toBe(holds);
  });

  const urls: [string, boolean][] = [
    ['http://127.0.0.1:8008', true],
    ['https://matrix.example.org/prefix/', true],
    ['https://user:word@matrix.example.org', false],
    ['https://matrix.example.org?access_token=x', false],
    ['matrix.example.org', false],
  ];
  it.each(urls)('URL %s: %s', (url, holds) => {
    expect(checkFile({ homeserver: { ...good.homeserver, url } }).kind === 'ok').toBe(holds);
  });
});

describe('whatever comes in', () => {
  const SEED = 20_260_301;

  it('is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true }), input => {
        expect(['ok', 'bad']).toContain(checkFile(input).kind);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('keeps texts of the file out of the messages', () => {
    const secret = 'syt_c2VjcmV0_value';
    const section = fc.dictionary(
      fc.constantFrom('url', 'user_id', 'listen', 'port', 'tls', 'level', 'access_token_file', 'elsewhere', 'password'),
      fc.oneof(fc.constant(secret), fc.constant([secret]), fc.constant({ port: secret }), fc.integer()),
    );
    const names = fc.constantFrom('homeserver', 'http', 'media', 'log', 'rooms', 'state_dir', 'limits', 'other');
    fc.assert(
      fc.property(fc.dictionary(names, section), input => {
        expect(JSON.stringify(problemsOf(input))).not.toContain(secret);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('one wrong key anywhere is reported exactly there', () => {
    const paths = fc.constantFrom(
      ['http', 'listen', 'port'],
      ['http', 'trusted_proxies'],
      ['media', 'tcp'],
      ['media', 'resume_window_s'],
      ['limits', 'conferences'],
      ['log', 'format'],
    );
    const wrong = fc.oneof(fc.constant({}), fc.constant('?'), fc.constant(-1), fc.constant(1.5));
    fc.assert(
      fc.property(paths, wrong, (path, value) => {
        const input = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
        expect(Object.keys(problemsOf({ ...good, ...Object(input) }))).toEqual([path.join('.')]);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
