import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, readConfig } from './load.ts';

const HOMESERVER = 'homeserver: { url: "https://matrix.example.org/", user_id: "@focus:example.org" }\n';
const TOKEN = { WEIR_ACCESS_TOKEN: 'the-token' };
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-config-'));
  writeFileSync(join(directory, 'token'), 'token-of-a-file\n', { mode: 0o600 });
  writeFileSync(join(directory, 'two-lines'), 'one\ntwo\n', { mode: 0o600 });
  writeFileSync(join(directory, 'empty'), '\n', { mode: 0o600 });
});
afterAll(() => rmSync(directory, { recursive: true }));

function load(text: string, env: Record<string, string> = TOKEN, cores = 4) {
  return readConfig(HOMESERVER + text, directory, env, cores);
}

function configOf(text: string, env?: Record<string, string>, cores?: number) {
  const loaded = load(text, env, cores);
  if (loaded.kind === 'bad') throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function pathsOf(problems: { path: string }[]): string[] {
  return problems.map(({ path }) => path);
}

describe('computed values', () => {
  it('come out typed, with times in ms and absolute paths', () => {
    const config = configOf('media: { resume_window_s: 5 }\nhttp: { page: { dir: . } }\n');
    expect(config.homeserver).toMatchObject({
      url: 'https://matrix.example.org',
      publicUrl: 'https://matrix.example.org',
      serverName: 'example.org',
    });
    expect(config.rooms.allowedServers).toEqual({ kind: 'only', servers: ['example.org'] });
    expect(config.media).toMatchObject({ ports: { min: 7900, max: 7903 }, workers: 4, resumeWindowMs: 5000 });
    expect(config.http.page.dir).toBe(directory);
    expect(config.stateDir).toBe(join(directory, 'state'));
  });

  it('"*" among the servers allows all', () => {
    expect(configOf('rooms: { allowed_servers: [a.org, "*"] }').rooms.allowedServers).toEqual({ kind: 'all' });
  });

  it.each([
    ['media: { port: 0 }', 1, { min: 0, max: 0 }],
    ['media: { port: 0, workers: 3 }', 3, { min: 0, max: 0 }],
    ['media: { port: 9000 }', 1, { min: 9000, max: 9000 }],
    ['media: { port: 9000, workers: auto }', 4, { min: 9000, max: 9003 }],
    ['media: { port: 9000, workers: 2 }', 2, { min: 9000, max: 9001 }],
    ['media: { workers: 2 }', 2, { min: 7900, max: 7901 }],
    ['media: { port_range: { min: 9000, max: 9007 } }', 4, { min: 9000, max: 9007 }],
    ['media: { port_range: { min: 9000, max: 9001 } }', 2, { min: 9000, max: 9001 }],
    ['media: { port_range: { min: 9000, max: 9007 }, workers: 6 }', 6, { min: 9000, max: 9007 }],
  ])('%s is %i workers', (text, workers, ports) => {
    expect(configOf(text).media).toMatchObject({ workers, ports });
  });

  it('takes the state directory of the service manager, unless the file names one', () => {
    const env = { ...TOKEN, STATE_DIRECTORY: '/var/lib/weir:/var/lib/other' };
    expect(configOf('', env).stateDir).toBe('/var/lib/weir');
    expect(configOf('state_dir: /srv/weir', env).stateDir).toBe('/srv/weir');
  });
});

describe('secrets', () => {
  it('come from the environment or a file, and never show themselves', () => {
    const inFile = `${HOMESERVER.replace(' }', ', access_token_file: token }')}`;
    for (const [config, expected] of [
      [configOf(''), 'the-token'],
      [readConfig(inFile, directory, {}, 1), 'token-of-a-file'],
    ] as const) {
      const credentials = 'kind' in config ? (config.kind === 'ok' ? config.config : undefined) : config;
      const found = credentials?.homeserver.credentials;
      expect(found?.kind === 'token' ? found.accessToken.reveal() : undefined).toBe(expected);
      const secret = found?.kind === 'token' ? found.accessToken : undefined;
      for (const shown of [JSON.stringify(config), inspect(config, { depth: 9 }), String(secret), inspect(secret)]) {
        expect(shown).not.toContain(expected);
      }
    }
  });

  it('a password serves as well', () => {
    const { credentials } = configOf('', { WEIR_PASSWORD: ' with spaces ' }).homeserver;
    expect(credentials.kind === 'password' ? credentials.password.reveal() : undefined).toBe(' with spaces ');
  });

  it.each([
    ['none', {}, ''],
    ['two', { WEIR_ACCESS_TOKEN: 'a', WEIR_PASSWORD: 'b' }, ''],
  ])('%s of them is a problem', (_, env, text) => {
    expect(load(text, env)).toMatchObject({ kind: 'bad', problems: [{ path: 'homeserver' }] });
  });

  it.each(['missing', 'two-lines', 'empty', '.'])('%s is no file for one', file => {
    const text = HOMESERVER.replace(' }', `, access_token_file: "${file}" }`);
    const loaded = readConfig(text, directory, {}, 1);
    expect(loaded).toMatchObject({ kind: 'bad', problems: [{ path: 'homeserver.access_token_file' }] });
  });

  it('a token put where its file belongs is not repeated', () => {
    const text = HOMESERVER.replace(' }', ', access_token_file: syt_oh_no }');
    const loaded = readConfig(text, directory, {}, 1);
    expect(loaded.kind).toBe('bad');
    expect(JSON.stringify(loaded)).not.toContain('syt_oh_no');
  });

  it('a file that everybody can read earns a warning', () => {
    chmodSync(join(directory, 'token'), 0o644);
    const loaded = readConfig(HOMESERVER.replace(' }', ', access_token_file: token }'), directory, {}, 1);
    chmodSync(join(directory, 'token'), 0o600);
    expect(loaded).toMatchObject({ kind: 'ok', warnings: [{ path: 'homeserver.access_token_file' }] });
  });
});

describe('keys that do not fit together', () => {
  it.each([
    ['media: { listen: [{ ip: 0.0.0.0 }] }', ['media.listen[0].announced_address']],
    [
      'media: { listen: [{ ip: "::" }, { ip: 0.0.0.0, announced_address: 192.0.2.1 }] }',
      ['media.listen[0].announced_address'],
    ],
    ['media: { listen: [{ ip: 10.0.0.1, announced_address: "2001:db8::1" }] }', ['media.listen[0].announced_address']],
    ['media: { listen: [{ ip: 10.0.0.1, announced_address: 0.0.0.0 }] }', ['media.listen[0].announced_address']],
    ['media: { listen: [{ ip: 10.0.0.1 }, { ip: 10.0.0.1 }] }', ['media.listen[1].ip']],
    ['media: { port: 9000, port_range: { min: 9001, max: 9002 } }', ['media.port_range']],
    ['media: { port_range: { min: 9002, max: 9001 } }', ['media.port_range.max']],
    ['media: { trunk_port_range: { min: 9002, max: 9001 } }', ['media.trunk_port_range.max']],
    ['media: { port: 9000, trunk_port_range: { min: 9000, max: 9009 } }', ['media.trunk_port_range']],
    ['media: { trunk_port_range: { min: 7890, max: 7909 } }', ['media.trunk_port_range']],
    ['media: { port: 65535, workers: 2 }', ['media.workers']],
    ['media: { port_range: { min: 9000, max: 9001 }, workers: 3 }', ['media.workers']],
    ['media: { port: 8080 }', ['http.listen.port']],
    ['media: { port: 8079, workers: 2 }', ['http.listen.port']],
    ['http: { tls: { cert_file: missing.pem, key_file: token } }', ['http.tls.cert_file']],
    ['http: { page: { dir: missing } }', ['http.page.dir']],
    ['media: { worker_bin: missing }', ['media.worker_bin']],
  ])('%s', (text, paths) => {
    const loaded = load(text);
    expect(loaded.kind === 'bad' ? pathsOf(loaded.problems) : []).toEqual(paths);
  });

  it('are reported together, with what is missing outside of the file', () => {
    const loaded = load('media: { listen: [{ ip: "::" }], port_range: { min: 9000, max: 9003 }, workers: 9 }', {});
    expect(loaded.kind === 'bad' ? pathsOf(loaded.problems) : []).toEqual([
      'media.listen[0].announced_address',
      'media.workers',
      'homeserver',
    ]);
  });

  it.each([
    ['http: { listen: { host: 0.0.0.0 } }', ['http.listen.host', 'media.listen']],
    ['http: { listen: { host: 0.0.0.0 }, trusted_proxies: [10.0.0.1] }', ['media.listen']],
    ['cascade: { enabled: true }', ['cascade.trunk_url']],
    ['cascade: { enabled: true, trunk_url: "wss://call.example.org/v1/trunk" }', []],
    ['http: { public_url: "https://call.example.org" }', ['media.listen']],
    ['rooms: { allowed_servers: [] }', ['rooms.allowed_servers']],
    ['media: { listen: [{ ip: 127.0.0.1, announced_address: 192.0.2.1 }] }\nhttp: { public_url: "https://a.org" }', []],
  ])('%s is warned about', (text, paths) => {
    expect(pathsOf(load(text).warnings)).toEqual(paths);
  });

  it('plain http to a homeserver elsewhere is warned about', () => {
    const text = HOMESERVER.replace('https://matrix.example.org/', 'http://10.1.2.3:8008');
    expect(pathsOf(readConfig(text, directory, TOKEN, 1).warnings)).toEqual(['homeserver.url']);
  });
});

describe('the file', () => {
  it('is named by line', () => {
    const text =
      'homeserver:\n  url: https://a.org\n  user_id: "@f:a.org"\nmedia:\n  tcp: 3\n  listen:\n    - ip: nowhere\n';
    expect(readConfig(text, directory, TOKEN, 1)).toMatchObject({
      problems: [
        { path: 'media.listen[0].ip', line: 7 },
        { path: 'media.tcp', line: 5 },
      ],
    });
  });

  it.each([
    ['media: { tcp: true', 'is not valid YAML'],
    ['media: 1\nmedia: 2', 'is not valid YAML (duplicate key)'],
    ['http: *nothing', 'aliases'],
    ['a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]', 'aliases'],
    [`# ${'x'.repeat(1_100_000)}`, 'larger'],
  ])('is refused where it is broken (%#)', (text, words) => {
    const loaded = load(text);
    expect(loaded.kind === 'bad' ? loaded.problems.map(({ message }) => message).join() : '').toContain(words);
  });

  it('that is not there is told with a way to begin', () => {
    const loaded = loadConfig(join(directory, 'none.yaml'), TOKEN);
    expect(loaded).toMatchObject({
      kind: 'bad',
      problems: [{ message: expect.stringContaining('sample-config') as string }],
    });
  });

  it('may be empty, and then lacks what has no default', () => {
    const loaded = readConfig('', directory, {}, 1);
    expect(loaded.kind === 'bad' ? pathsOf(loaded.problems) : []).toEqual(['homeserver.url', 'homeserver.user_id']);
  });

  it('may hold anything: it is answered, never thrown at', () => {
    const token = fc.constantFrom(
      'homeserver',
      'media',
      'listen',
      ': ',
      '- ',
      '\n',
      '\n  ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!!binary ',
      '<<',
      '"',
      '|',
      '%YAML 9\n',
      '---\n',
      '7',
      '\t',
      '\0',
      'é',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(token, fc.string({ maxLength: 4 })), { maxLength: 40 }), parts => {
        expect(['ok', 'bad']).toContain(readConfig(parts.join(''), directory, TOKEN, 1).kind);
      }),
      { seed: 20_260_302, numRuns: 800 },
    );
  });
});
