import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HttpConfig } from '../../config/config.ts';
import { ERRORS } from '../../signalling/wire/errors.ts';
import type { HttpDeps, Readiness } from './deps.ts';
import { closeTestApps, startTestApp, type TestApp, writeTestPage } from './fixtures/test-app.ts';

const UP: Readiness = { homeserver: { kind: 'up' }, workers: { alive: 1, wanted: 1 }, overload: 'calm' };

let pageDir = '';

beforeAll(() => {
  pageDir = writeTestPage();
});
afterAll(() => rmSync(pageDir, { recursive: true }));
afterEach(closeTestApps);

const start = (config: Partial<HttpConfig> = {}, deps: Partial<HttpDeps> = {}): Promise<TestApp> =>
  startTestApp(pageDir, config, deps);

describe('health', () => {
  it('is alive whatever the rest does', async () => {
    const { app } = await start(
      {},
      { readiness: () => ({ homeserver: { kind: 'starting' }, workers: { alive: 0, wanted: 1 }, overload: 'calm' }) },
    );
    const answer = await app.inject('/healthz');
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'alive' }]);
  });

  const cases: [string, Readiness, number, string[]][] = [
    ['all is well', UP, 200, []],
    ['starting', { ...UP, homeserver: { kind: 'starting' } }, 503, ['WEIR_STARTING']],
    [
      'homeserver away',
      { ...UP, homeserver: { kind: 'down', code: 'WEIR_HOMESERVER_UNREACHABLE', message: 'timed out' } },
      503,
      ['WEIR_HOMESERVER_UNREACHABLE'],
    ],
    ['no worker', { ...UP, workers: { alive: 0, wanted: 2 } }, 503, ['WEIR_WORKER_DIED']],
    ['too much to do', { ...UP, overload: 'careful' }, 200, ['WEIR_OVERLOADED']],
    ['one worker of two', { ...UP, workers: { alive: 1, wanted: 2 } }, 200, ['WEIR_WORKER_DIED']],
    [
      'both gone',
      {
        homeserver: { kind: 'down', code: 'WEIR_HOMESERVER_REFUSED', message: 'bad token' },
        workers: { alive: 0, wanted: 1 },
        overload: 'calm',
      },
      503,
      ['WEIR_HOMESERVER_REFUSED', 'WEIR_WORKER_DIED'],
    ],
  ];
  it.each(cases)('readiness tells the truth: %s', async (_, readiness, status, codes) => {
    const { app } = await start({}, { readiness: () => readiness });
    const answer = await app.inject('/readyz');
    const body: { ready: boolean; workers: object; reasons: { code: string; message: string; remedy: string }[] } =
      answer.json();
    expect(answer.statusCode).toBe(status);
    expect(body).toMatchObject({
      ready: status === 200,
      homeserver: readiness.homeserver.kind,
      workers: readiness.workers,
    });
    expect(body.reasons.map(({ code }) => code)).toEqual(codes);
    for (const { message, remedy } of body.reasons) expect([message, remedy]).not.toContain('');
    expect(answer.headers['cache-control']).toBe('no-store');
  });
});

describe('the name of the focus', () => {
  it('is told to everybody', async () => {
    const { app } = await start();
    const answer = await app.inject('/v1/focus');
    expect(answer.json()).toEqual({
      user_id: '@focus:example.org',
      device_id: 'WEIR',
      homeserver_url: 'https://matrix.example.org',
      version: '1.2.3',
    });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin');
  });

  it('is not known before the homeserver has told', async () => {
    const { app } = await start({}, { focusIdentity: () => undefined });
    const answer = await app.inject('/v1/focus');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'WEIR_STARTING']);
  });
});

describe('a ping', () => {
  it('tells pages of every origin how loaded the focus is, in few bytes', async () => {
    for (const overload of ['calm', 'careful', 'shedding'] as const) {
      const { app } = await start({}, { readiness: () => ({ ...UP, overload }) });
      const answer = await app.inject('/v1/ping');
      expect([answer.statusCode, answer.json()]).toEqual([200, { load: overload }]);
      expect(answer.rawPayload.length).toBeLessThan(64);
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'no-store' });
    }
  });

  it('is refused where no call can begin', async () => {
    for (const down of [
      { ...UP, homeserver: { kind: 'starting' } },
      { ...UP, homeserver: { kind: 'down', code: 'WEIR_HOMESERVER_UNREACHABLE', message: 'timed out' } },
      { ...UP, workers: { alive: 0, wanted: 1 } },
    ] as const) {
      const { app } = await start({}, { readiness: () => down });
      const answer = await app.inject('/v1/ping');
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'WEIR_STARTING']);
    }
  });

  it('counts like every request', async () => {
    const { app } = await start({ requestsPerMinute: 3 });
    const answers = [];
    for (let asked = 0; asked < 4; asked += 1) answers.push((await app.inject('/v1/ping')).statusCode);
    expect(answers).toEqual([200, 200, 200, 429]);
  });
});

describe('metrics', () => {
  const status = async (config: Partial<HttpConfig>, remoteAddress: string, headers: Record<string, string> = {}) => {
    const { app } = await start(config);
    return (await app.inject({ url: '/metrics', remoteAddress, headers })).statusCode;
  };
  const behind = { trustedProxies: ['10.0.0.0/8'] };

  it('are for loopback', async () => {
    expect(await status({}, '127.0.0.1')).toBe(200);
    expect(await status({}, '::1')).toBe(200);
    expect(await status({}, '::ffff:127.0.0.1')).toBe(200);
    expect(await status({}, '192.0.2.1')).toBe(403);
    expect(await status({}, '2001:db8::1')).toBe(403);
  });

  it('are for the networks that are named', async () => {
    const config = { metrics: { enabled: true, allow: ['192.0.2.0/24', '2001:db8::/32'] } };
    expect(await status(config, '192.0.2.77')).toBe(200);
    expect(await status(config, '2001:db8::7')).toBe(200);
    expect(await status(config, '127.0.0.1')).toBe(403);
  });

  it('are not for the world behind a proxy, known or not', async () => {
    expect(await status({}, '127.0.0.1', { 'x-forwarded-for': '203.0.113.1' })).toBe(403);
    expect(await status({}, '127.0.0.1', { forwarded: 'for=127.0.0.1' })).toBe(403);
    expect(await status(behind, '10.0.0.1', { 'x-forwarded-for': '203.0.113.1' })).toBe(403);
    expect(await status(behind, '10.0.0.1', { 'x-forwarded-for': '127.0.0.1' })).toBe(200);
    expect(await status(behind, '10.0.0.1', { 'x-forwarded-for': '127.0.0.1, 203.0.113.1' })).toBe(403);
    expect(await status(behind, '10.0.0.1', { 'x-forwarded-for': 'garbage' })).toBe(403);
    expect(await status(behind, '192.0.2.1', { 'x-forwarded-for': '127.0.0.1' })).toBe(403);
  });

  it('is shown within the pages of configured origins, and of no others; nothing else is', async () => {
    const embedOrigins = ['https://chat.example.org', 'https://chat.example.com:8443'];
    const { app } = await start({ embedOrigins });
    const index = await app.inject('/');
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(index.headers.etag) } });
    const short = await app.inject({ url: '/', headers: { 'accept-encoding': 'br' } });
    expect(short.headers['content-encoding']).toBe('br');
    for (const { headers } of [index, again, short]) {
      expect(headers['content-security-policy']).toContain(`frame-ancestors ${embedOrigins.join(' ')}`);
      expect(headers).not.toHaveProperty('x-frame-options');
    }
    for (const url of ['/status', '/healthz', '/icon.svg']) {
      const { headers } = await app.inject(url);
      expect(headers['content-security-policy'], url).toContain("frame-ancestors 'none'");
      expect(headers['x-frame-options']).toBe('DENY');
    }
  });

  it('can be switched off', async () => {
    expect(await status({ metrics: { enabled: false, allow: ['127.0.0.1'] } }, '127.0.0.1')).toBe(404);
  });

  it('that cannot be read are an error of the focus, without its inside', async () => {
    const metrics = { contentType: 'text/plain', render: () => Promise.reject(new Error('HIDDEN inside')) };
    const { app, codes, logged } = await start({}, { metrics });
    const answer = await app.inject('/metrics');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([500, 'WEIR_INTERNAL']);
    expect(answer.body).not.toContain('HIDDEN');
    expect(codes).toEqual(['WEIR_INTERNAL']);
    expect(logged).toContainEqual(
      expect.objectContaining({ code: 'WEIR_INTERNAL', message: 'an HTTP request failed' }),
    );
  });
});

describe('the page', () => {
  it('is asked for anew each time; its hashed assets never', async () => {
    const { app } = await start();
    const index = await app.inject('/');
    expect([index.statusCode, index.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect(index.headers['content-type']).toContain('text/html');
    const asset = await app.inject('/assets/index-D4k3.js');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    // Browsers compile it while it comes by this type alone.
    for (const accepted of ['identity', 'br']) {
      const wasm = await app.inject({ url: '/assets/crypto-D4k3.wasm', headers: { 'accept-encoding': accepted } });
      expect(wasm.headers['content-type']).toBe('application/wasm');
    }
    expect((await app.inject('/icon.svg')).headers['cache-control']).toBe('no-cache');
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(index.headers.etag) } });
    expect(again.statusCode).toBe(304);
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
    ['gzip, deflate', 'gzip', gunzipSync],
    ['deflate', undefined, (bytes: Buffer) => bytes],
    ['identity', undefined, (bytes: Buffer) => bytes],
  ])('is sent compressed to whoever takes that: %s', async (accepted, encoding, decompress) => {
    const { app } = await start();
    const asset = await app.inject({ url: '/assets/index-D4k3.js', headers: { 'accept-encoding': accepted } });
    expect(String(decompress(asset.rawPayload))).toBe('void 0;');
    expect(asset.headers['content-encoding']).toBe(encoding);
    expect(asset.headers['content-type']).toContain('javascript');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.vary).toContain('accept-encoding');
    const index = await app.inject({ url: '/', headers: { 'accept-encoding': accepted } });
    expect(index.headers['cache-control']).toBe('no-cache');
    expect(String(decompress(index.rawPayload))).toContain('<title>call</title>');
  });

  it('is sent as it is where nothing shorter was made', async () => {
    const { app } = await start();
    const { headers, statusCode } = await app.inject({ url: '/icon.svg', headers: { 'accept-encoding': 'br, gzip' } });
    expect([statusCode, headers['content-encoding'], headers['cache-control']]).toEqual([200, undefined, 'no-cache']);
  });

  it.each(['/.env', '/..%2f..%2fetc/passwd', '/../../../etc/passwd', '/assets/', '/assets', '/nothing.js'])(
    'does not serve %s',
    async url => {
      const { app } = await start();
      const answer = await app.inject(url);
      expect([400, 403, 404]).toContain(answer.statusCode);
      expect(answer.json()).toMatchObject({ code: expect.stringMatching(/^WEIR_/) as string });
      expect(answer.body).not.toContain('HIDDEN');
    },
  );

  it('that has not been built is told, and the rest goes on', async () => {
    const { app, logged } = await start({ page: { enabled: true, dir: join(pageDir, 'assets') } });
    expect((await app.inject('/')).json()).toMatchObject({ code: 'WEIR_PAGE_MISSING' });
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    expect(logged).toContainEqual(expect.objectContaining({ code: 'WEIR_PAGE_MISSING' }));
  });

  it('can be switched off', async () => {
    const { app } = await start({ page: { enabled: false, dir: undefined } });
    expect((await app.inject('/')).json()).toMatchObject({ code: 'WEIR_NO_SUCH_PATH' });
  });
});

describe('security headers', () => {
  it.each(['/', '/healthz', '/nothing', '/metrics', '/%zz', '/v1/focus', '/v1/ping'])('stand on %s', async url => {
    const { app } = await start();
    const { headers } = await app.inject(url);
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    // The encryption library of the page is WebAssembly; text must not become script.
    expect(headers['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(headers['permissions-policy']).toContain('camera=(self)');
    expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' });
    expect(headers).not.toHaveProperty('strict-transport-security');
  });

  it('let the page reach a homeserver on plain http only where it is configured', async () => {
    const connect = async (homeserverUrl: string) => {
      const { app } = await start({}, { homeserverUrl });
      const policy = String((await app.inject('/')).headers['content-security-policy']);
      return /connect-src ([^;]*)/.exec(policy)?.[1];
    };
    const usual = "'self' https: wss: http://localhost:* ws://localhost:* http://127.0.0.1:* ws://127.0.0.1:*";
    expect(await connect('https://matrix.example.org')).toBe(usual);
    expect(await connect('http://10.1.2.3:8008/prefix')).toBe(`${usual} http://10.1.2.3:8008`);
    expect(await connect('http://[fd00::1]:8008')).toBe(`${usual} http:`);
  });

  it('ask for https for good only where there is https', async () => {
    const { app } = await start({ trustedProxies: ['10.0.0.1'] });
    const hsts = async (remoteAddress: string) =>
      (await app.inject({ url: '/', remoteAddress, headers: { 'x-forwarded-proto': 'https' } })).headers[
        'strict-transport-security'
      ];
    expect(await hsts('10.0.0.1')).toBe('max-age=31536000');
    expect(await hsts('10.0.0.2')).toBeUndefined();
  });
});

describe('errors', () => {
  it.each([
    ['GET', '/nothing', 404, 'WEIR_NO_SUCH_PATH'],
    ['POST', '/nothing', 404, 'WEIR_NO_SUCH_PATH'],
    ['POST', '/healthz', 405, 'WEIR_NO_SUCH_METHOD'],
    ['DELETE', '/v1/focus', 405, 'WEIR_NO_SUCH_METHOD'],
    ['PUT', '/', 405, 'WEIR_NO_SUCH_METHOD'],
    ['GET', '/%zz', 400, 'WEIR_BAD_REQUEST'],
  ] as const)('%s %s is %i %s', async (method, url, status, code) => {
    const { app, codes } = await start();
    const answer = await app.inject({ method, url });
    expect([answer.statusCode, answer.json()]).toEqual([
      status,
      { code, message: expect.any(String) as string, remedy: ERRORS[code].remedy },
    ]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD');
    expect(codes).toEqual([code]);
  });

  it('come before a body is read', async () => {
    const { app } = await start();
    const answer = await app.inject({
      method: 'POST',
      url: '/healthz',
      headers: { 'content-type': 'application/json' },
      payload: '{'.repeat(1_000_000),
    });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.connection).toBe('close');
  });

  it('do not log what was asked for', async () => {
    const { app, logged } = await start();
    await app.inject('/?loginToken=HIDDEN');
    await app.inject('/HIDDEN?access_token=HIDDEN');
    expect(JSON.stringify(logged)).not.toContain('HIDDEN');
    expect(logged).toContainEqual(expect.objectContaining({ method: 'GET', status: 404 }));
  });

  it('answer too many requests of one address, and of no other', async () => {
    const { app, codes } = await start({ requestsPerMinute: 3 });
    const status = async (remoteAddress: string, url = '/healthz') =>
      (await app.inject({ url, remoteAddress })).statusCode;
    for (const url of ['/healthz', '/nothing', '/']) await status('2001:db8::1', url);
    expect(await status('2001:db8::1')).toBe(429);
    // The same /64 is the same customer; the next one is not.
    expect(await status('2001:db8::ffff')).toBe(429);
    expect(await status('2001:db8:0:1::1')).toBe(200);
    expect(codes.filter(code => code === 'WEIR_TOO_MANY_REQUESTS')).toHaveLength(2);
    const refused = await app.inject({ url: '/nothing', remoteAddress: '2001:db8::1' });
    expect(refused.json()).toMatchObject({ code: 'WEIR_TOO_MANY_REQUESTS' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });
});
