/** Where a server's federation API is (Matrix specification, server-server API, "Resolving server names"). */
import { resolveSrv, type SrvRecord } from 'node:dns';
import { Type } from 'typebox';
import { WeirError } from '../wire/errors.ts';
import { parserOf } from '../wire/parse.ts';
import { getFrom, type GetOptions, type Target } from './federation-get.ts';
import { parseServerName, type ServerName } from './server-name.ts';

const FEDERATION_PORT = 8_448;
const SERVICES = ['_matrix-fed._tcp', '_matrix._tcp'] as const;
const parseWellKnown = parserOf(
  '.well-known/matrix/server',
  Type.Object({ 'm.server': Type.String({ maxLength: 262 }) }),
);

/** Rejects with WEIR_OPENID_REFUSED where `name` is none. Asks `.well-known` and DNS; what they do not answer counts as absent. */
export async function findServer(name: string, options: GetOptions): Promise<Target> {
  const server = parseServerName(name);
  if (server === undefined) throw new WeirError('WEIR_OPENID_REFUSED', 'its homeserver has no valid name');
  if (server.isAddress || server.port !== undefined) return targetOf(server);
  const delegated = await delegationOf(server.host, options);
  if (delegated === undefined) return (await byService(server.host)) ?? targetOf(server);
  if (delegated.isAddress || delegated.port !== undefined) return targetOf(delegated);
  return (await byService(delegated.host)) ?? targetOf(delegated);
}

function targetOf({ host, port, isAddress }: ServerName): Target {
  const named = isAddress && host.includes(':') ? `[${host}]` : host;
  return {
    host,
    port: port ?? FEDERATION_PORT,
    certificateName: host,
    hostHeader: port === undefined ? named : `${named}:${port}`,
  };
}

/** Redirects are not followed, other than the specification allows: each would have to be checked like the first address. */
async function delegationOf(host: string, options: GetOptions): Promise<ServerName | undefined> {
  const wellKnown: Target = { host, port: 443, certificateName: host, hostHeader: host };
  let body: unknown;
  try {
    const answer = await getFrom(wellKnown, '/.well-known/matrix/server', options);
    if (answer.status !== 200) return undefined;
    ({ body } = answer);
  } catch {
    options.signal.throwIfAborted();
    return undefined;
  }
  const parsed = parseWellKnown(body);
  return parsed.kind === 'ok' ? parseServerName(parsed.value['m.server']) : undefined;
}

/** The certificate is still that of the name (step 3.3 and 4 of the specification). */
async function byService(host: string): Promise<Target | undefined> {
  for (const service of SERVICES) {
    const [first] = (await servicesAt(`${service}.${host}`)).toSorted(
      (a, b) => a.priority - b.priority || b.weight - a.weight,
    );
    if (first !== undefined) return { host: first.name, port: first.port, certificateName: host, hostHeader: host };
  }
  return undefined;
}

function servicesAt(name: string): Promise<SrvRecord[]> {
  return new Promise(resolve => {
    resolveSrv(name, (error, records) => resolve(error === null ? records : []));
  });
}
