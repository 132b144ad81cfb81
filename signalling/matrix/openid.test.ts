import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createOpenIdCheck, type OpenIdOptions } from './openid.ts';
import { reachableTest } from '../addresses/reachable.ts';
import { parseServerName } from './server-name.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];
let certificate = { cert: '', key: '' };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cert-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...name, '-keyout', key, '-out', cert]);
  certificate = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  await rm(folder, { recursive: true });
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const saying =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));

const check = (options: Partial<OpenIdOptions>, serverName: string): Promise<string> =>
  createOpenIdCheck({ homeservers: [], allowedNetworks: [], ...options })({ accessToken: 'a/b c', serverName });

/** Asks a server at the URL that the operator named for example.org. */
async function checkAt(listener: RequestListener, options: Partial<OpenIdOptions> = {}): Promise<string> {
  const port = await listen(createServer(listener));
  return check(
    { homeservers: [{ serverName: 'example.org', url: `http://127.0.0.1:${port}` }], ...options },
    'example.org',
  );
}

const ALICE = { sub: '@alice:example.org' };

describe('a homeserver at a known URL', () => {
  it('gives the user of the token', async () => {
    let asked: string | undefined;
    const user = checkAt((request, response) => {
      asked = request.url;
      saying(200, ALICE)(request, response);
    });
    expect(await user).toBe('@alice:example.org');
    expect(asked).toBe('/_matrix/federation/v1/openid/userinfo?access_token=a%2Fb%20c');
  });

  it.each([
    ['that does not know the token', saying(401, { errcode: 'M_UNKNOWN_TOKEN' }), 'WEIR_OPENID_REFUSED'],
    ['that speaks for another server', saying(200, { sub: '@alice:other.org' }), 'WEIR_OPENID_REFUSED'],
    ['whose user has no server', saying(200, { sub: '@alice' }), 'WEIR_OPENID_REFUSED'],
    ['that redirects', saying(302, ALICE, { location: 'http://127.0.0.1/' }), 'WEIR_OPENID_UNREACHABLE'],
    ['that answers no JSON', saying(200, '<html>'), 'WEIR_OPENID_UNREACHABLE'],
    ['that names no user', saying(200, {}), 'WEIR_OPENID_UNREACHABLE'],
    ['that fails', saying(500, ALICE), 'WEIR_OPENID_UNREACHABLE'],
    ['that answers without end', saying(200, 'x'.repeat(1_000_000)), 'WEIR_OPENID_UNREACHABLE'],
  ])('%s is not believed', async (_, listener, code) => {
    await expect(checkAt(listener)).rejects.toMatchObject({ code });
  });

  it('that does not answer is given up', async () => {
    await expect(checkAt(() => undefined, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'WEIR_OPENID_UNREACHABLE',
    });
  });

  it('never has its token in an error', async () => {
    const error: unknown = await check(
      { homeservers: [{ serverName: 'x.org', url: 'http://127.0.0.1:1' }] },
      'x.org',
    ).catch((thrown: unknown) => thrown);
    expect(String(error)).not.toContain('a%2Fb');
  });
});

describe('a homeserver that is looked for', () => {
  const tls = (listener: RequestListener): Promise<number> => listen(createTlsServer(certificate, listener));

  it('is asked with its certificate checked, where its network is allowed', async () => {
    const hosts: (string | undefined)[] = [];
    const port = await tls((request, response) => {
      hosts.push(request.headers.host);
      saying(200, { sub: `@alice:localhost:${port}` })(request, response);
    });
    const name = `localhost:${port}`;
    const options = { allowedNetworks: LOOPBACK };
    expect(await check({ ...options, ca: certificate.cert }, name)).toBe(`@alice:${name}`);
    expect(hosts).toEqual([name]);
    await expect(check(options, name)).rejects.toMatchObject({ code: 'WEIR_OPENID_UNREACHABLE' });
  });

  it('is not asked at a private address, whether it is named or DNS says so', async () => {
    let asked = 0;
    const port = await tls(() => {
      asked += 1;
    });
    for (const name of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `[::ffff:127.0.0.1]:${port}`]) {
      await expect(check({ ca: certificate.cert }, name)).rejects.toMatchObject({ code: 'WEIR_OPENID_REFUSED' });
    }
    expect(asked).toBe(0);
  });

  it.each([[''], ['example.org/../x'], ['user@example.org'], ['example.org:0'], ['[::g]'], ['a b'], ['x'.repeat(300)]])(
    'is not looked for under %j',
    async name => {
      await expect(check({}, name)).rejects.toMatchObject({ code: 'WEIR_OPENID_REFUSED' });
    },
  );
});

describe('addresses', () => {
  const mayAsk = reachableTest([]);

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1%eth0',
    'fd00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'no address',
  ])('%s is not asked', address => {
    expect(mayAsk(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '2a00:1450::1'])('%s may be asked', address => {
    expect(mayAsk(address)).toBe(true);
  });

  it('of a network that the operator named may be asked, and no other', () => {
    const named = reachableTest(['10.1.0.0/16']);
    expect([named('10.1.2.3'), named('10.2.2.3'), named('127.0.0.1')]).toEqual([true, false, false]);
  });
});

it.each([
  ['example.org', { host: 'example.org', port: undefined, isAddress: false }],
  ['example.org:8449', { host: 'example.org', port: 8_449, isAddress: false }],
  ['1.2.3.4', { host: '1.2.3.4', port: undefined, isAddress: true }],
  ['[2a00::1]:8449', { host: '2a00::1', port: 8_449, isAddress: true }],
])('the server name %s is read', (name, expected) => {
  expect(parseServerName(name)).toEqual(expected);
});
