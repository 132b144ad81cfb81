/** The web server on real sockets: what a test client would tidy up before it is sent goes out as it is. */
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HttpConfig } from '../../config/config.ts';
import type { HttpDeps } from './deps.ts';
import { closeTestApps, startTestApp, writeTestPage } from './fixtures/test-app.ts';
import { listen } from './listen.ts';
import { createOwnedServer, renewal } from './server.ts';

const SEED = 20_260_304;
let pageDir = '';
let dir = '';

beforeAll(() => {
  pageDir = writeTestPage();
  dir = mkdtempSync(join(tmpdir(), 'weir-tls-'));
});
afterAll(() => {
  for (const path of [pageDir, dir]) rmSync(path, { recursive: true });
});
afterEach(closeTestApps);

async function serve(config: Partial<HttpConfig> = {}, deps: Partial<HttpDeps> = {}) {
  const started = await startTestApp(pageDir, config, deps);
  const url = await listen(started.app, started.config);
  return { ...started, url, port: Number(new URL(url).port) };
}

/** Sends the bytes and resolves with all that comes back. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', text => {
      answer += text.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', error => (answer === '' ? reject(error) : resolve(answer)));
    socket.write(bytes, 'latin1');
  });
}

function bodyOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

describe('bytes that are no request', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['a TLS greeting', '\u0016\u0003\u0001\u0000\u0005\u0001\r\n\r\n', 400],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['huge headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ])('%s', async (_, bytes, status) => {
    const { port, codes } = await serve();
    const answer = await exchange(port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(bodyOf(answer)).toMatchObject({ code: 'WEIR_BAD_REQUEST' });
    expect(codes).toEqual(['WEIR_BAD_REQUEST']);
    expect(await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')).toContain(' 200 OK');
  });
});

it.each([
  '/../../../../../../etc/passwd',
  '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '/..%5c..%5cetc/passwd',
  '/assets/../.env',
  '//etc/passwd',
  '/assets/%00',
  '/.env',
])('serves nothing outside of the page: %s', async path => {
  const { port } = await serve();
  const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 (400|403|404) /);
  expect(answer).not.toMatch(/root:|HIDDEN/);
  expect(bodyOf(answer)).toMatchObject({ code: expect.stringMatching(/^WEIR_/) as string });
});

it('whatever is asked for, the answer is a typed one', async () => {
  const { port } = await serve({ trustedProxies: ['127.0.0.1'] });
  const piece = fc.constantFrom(
    '/',
    '..',
    '%2e',
    '%00',
    '%zz',
    '?',
    '#',
    ';',
    '\\',
    'assets',
    'v1',
    'focus',
    '\u00e9',
    '*',
    ':',
    'metrics',
    '[',
    '{',
  );
  const value = fc.string({ unit: 'grapheme-ascii', maxLength: 30 });
  const names = fc.constantFrom(
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'Content-Type',
    'Range',
    'If-None-Match',
    'Accept',
    'Forwarded',
    'Expect',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'BREW'),
      fc.array(piece, { maxLength: 8 }),
      fc.array(fc.tuple(names, value), { maxLength: 4 }),
      fc.option(value, { nil: undefined }),
      async (method, path, headers, body) => {
        const answer = await exchange(
          port,
          [
            `${method} /${path.join('')} HTTP/1.1`,
            'Host: a',
            'Connection: close',
            ...headers.map(([name, text]) => `${name}: ${text}`),
            ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
            '',
            body ?? '',
          ].join('\r\n'),
        );
        const status = Number(/^HTTP\/1.1 (\d{3}) /.exec(answer)?.[1]);
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
        // What only sends conditions or ranges of its own has no body of ours.
        if (status >= 400 && method !== 'HEAD') {
          expect(bodyOf(answer)).toEqual({
            code: expect.stringMatching(/^WEIR_/) as string,
            message: expect.any(String) as string,
            remedy: expect.any(String) as string,
          });
        }
        expect(answer).not.toMatch(/node_modules|HIDDEN|\bat \//);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

describe('listening', () => {
  it('says which port is in use', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toMatchObject({
      code: 'WEIR_LISTEN',
      message: `http.listen.port: port ${port} of 127.0.0.1 is in use by another program (EADDRINUSE)`,
    });
  });

  it('says which address is none of this machine', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'WEIR_LISTEN',
      message: 'http.listen.host: 192.0.2.1 is no address of this machine (EADDRNOTAVAIL)',
    });
  });

  it('resolves with the URL', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { url: six } = await serve({ host: '::1' });
    expect(six).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${six}/healthz`)).status).toBe(200);
  });
});

describe('closing', () => {
  it('lets a request under way end, and ends connections that only wait', async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<string>();
    const metrics = {
      contentType: 'text/plain',
      render: () => {
        started.resolve();
        return finish.promise;
      },
    };
    const { app, url, port } = await serve({}, { metrics });
    const idle = connect(port, '127.0.0.1').on('error', () => undefined);
    const idleGone = new Promise(resolve => idle.on('close', resolve));
    const slow = fetch(`${url}/metrics`);
    await started.promise;
    const closed = app.close();
    finish.resolve('weir_up 1\n');
    expect(await (await slow).text()).toBe('weir_up 1\n');
    await Promise.all([closed, idleGone]);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('does not wait for ever for a request that never ends', async () => {
    const metrics = { contentType: 'text/plain', render: () => new Promise<string>(() => undefined) };
    const { app, url } = await serve({}, { metrics });
    const stuck = fetch(`${url}/metrics`).catch(() => 'cut off');
    await new Promise(resolve => setTimeout(resolve, 100));
    await app.close();
    expect(await stuck).toBe('cut off');
  });
});

describe('TLS', () => {
  const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);
  const pair = (): { certFile: string; keyFile: string } => ({
    certFile: join(dir, 'cert.pem'),
    keyFile: join(dir, 'key.pem'),
  });
  const install = (name: string, at: number): void => {
    copyFileSync(fixture(`${name}.cert.pem`), pair().certFile);
    copyFileSync(fixture(`${name}.key.pem`), pair().keyFile);
    for (const file of Object.values(pair())) utimesSync(file, at, at);
  };
  const nameOf = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });

  it('is served from files', async () => {
    install('one', 1_000);
    const { url, port } = await serve({ tls: pair() });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect(await nameOf(port)).toBe('one.weir.test');
    const { app } = await startTestApp(pageDir, { tls: pair() }, {});
    expect((await app.inject('/')).headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it('takes a renewed certificate, and keeps the old one when the new one is broken', async () => {
    install('one', 1_000);
    const lines: string[] = [];
    const write = (_: object, message: string): void => void lines.push(message);
    const log = { debug: write, info: write, warn: write, error: write, child: () => log };
    const { server, release } = createOwnedServer(pair(), log, (_request, response) => response.end());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const look = renewal(pair(), server as Parameters<typeof renewal>[1], log);
    try {
      install('two', 2_000);
      look();
      expect(await nameOf(port)).toBe('two.weir.test');
      copyFileSync(fixture('one.key.pem'), pair().keyFile);
      look();
      expect(await nameOf(port)).toBe('two.weir.test');
      install('one', 3_000);
      look();
      expect(await nameOf(port)).toBe('one.weir.test');
      expect(lines).toHaveLength(3);
    } finally {
      release();
      await new Promise(resolve => server.close(resolve));
    }
  });

  it('does not start with a certificate that is none', async () => {
    writeFileSync(pair().certFile, 'no certificate');
    await expect(serve({ tls: pair() })).rejects.toMatchObject({ code: 'WEIR_CONFIG' });
  });
});

it('a port of another server is met with a word before anything else is lost', async () => {
  const other = createPlainServer();
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(serve({ port })).rejects.toMatchObject({ code: 'WEIR_LISTEN' });
  await new Promise(resolve => other.close(resolve));
});
