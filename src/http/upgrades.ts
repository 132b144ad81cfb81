/** Requests that want to become WebSockets go to the path that they name. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import proxyAddress from '@fastify/proxy-addr';
import type { WeirError } from '../../signalling/wire/errors.ts';
import { errorBody } from './errors.ts';
import type { OwnedServer } from './server.ts';

/** A request to become a WebSocket. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  /** Who asks, past the proxies that are known as such. */
  address: string;
}

/** What serves a path of WebSockets. */
export interface Upgraded {
  take(upgrade: Upgrade): void;
  /** Ends all of its WebSockets. */
  close(): void;
}

/** Takes WebSockets from the servers, each by its path. `close()` ends all of them. */
export function serveUpgrades(
  servers: readonly OwnedServer[],
  trustedProxies: string[],
  paths: ReadonlyMap<string, Upgraded>,
): { close(): void } {
  const trusted = proxyAddress.compile(trustedProxies);
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const [path = ''] = (request.url ?? '').split('?', 1);
    const upgraded = paths.get(path);
    if (upgraded === undefined) refuseUpgrade(socket, 404);
    else upgraded.take({ request, socket, head, address: addressOf(request, trusted) });
  };
  // Without it the request is an ordinary one, and there is nothing at its path.
  if (paths.size > 0) for (const { server } of servers) server.on('upgrade', upgrade);
  return {
    close() {
      for (const upgraded of paths.values()) upgraded.close();
    },
  };
}

/** Answers in place of a WebSocket; with an error in the words of every other path. */
export function refuseUpgrade(socket: Duplex, status: number, error?: WeirError): void {
  const body = error === undefined ? '' : JSON.stringify(errorBody(error));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...(body === '' ? [] : ['Content-Type: application/json; charset=utf-8']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** One of the proxies where its header is not an address. */
function addressOf(request: IncomingMessage, trusted: (address: string, hops: number) => boolean): string {
  try {
    return proxyAddress(request, trusted);
  } catch {
    return request.socket.remoteAddress ?? '';
  }
}
