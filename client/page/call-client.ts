/** The MatrixClient of this page: it follows one room, for a call. Loaded apart from the rest, since it is large. */
import { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import { Filter } from 'matrix-js-sdk/lib/filter.js';
import { MemoryStore } from 'matrix-js-sdk/lib/store/memory.js';
import { callFilter, ClientHomeserver, type Credentials, type Homeserver } from '../kit/index.ts';
import { startEncryption } from './device-keys.ts';
import { SILENT, silenceLibrary } from './silent-library.ts';

const REQUEST_TIMEOUT_MS = 15_000;
/** How much later than the homeserver promised a poll is given up; the library would wait for 80 s. */
const POLL_GRACE_MS = 10_000;
/** The first poll brings all there is. */
const FIRST_POLL_MS = 60_000;

export interface EnteredRoom {
  homeserver: Homeserver;
  roomId: string;
  /** Ends the client. */
  close(): void;
}

class CallClient extends MatrixClient {
  /** This page notifies of nothing: a request less before the first sync. */
  override async getPushRules(): ReturnType<MatrixClient['getPushRules']> {
    this.pushRules = { device: {}, global: {} };
    return this.pushRules;
  }

  /** The filter goes along with each sync: a request less before the first. */
  override async getOrCreateFilter(_name: string, filter: Filter): Promise<string> {
    return JSON.stringify(filter.getDefinition());
  }
}

/** Joins a room by id or alias, and follows it. Rejects with a ProblemError. */
export async function enterRoom(credentials: Credentials, room: string, via: string[]): Promise<EnteredRoom> {
  const { homeserverUrl, userId, deviceId, accessToken } = credentials;
  silenceLibrary();
  const client = new CallClient({
    baseUrl: homeserverUrl,
    userId,
    deviceId,
    accessToken,
    store: new MemoryStore(),
    logger: SILENT,
    localTimeoutMs: REQUEST_TIMEOUT_MS,
    fetchFn: impatientFetch,
    disableVoip: true,
  });
  const homeserver = new ClientHomeserver(client);
  let forgetKeys: (() => void) | undefined;
  const close = (): void => {
    client.stopClient();
    forgetKeys?.();
  };
  try {
    // What the client asks for first, and what is to be known before it starts, while we join.
    client.getVersions().catch(() => undefined);
    const early = isRoomId(room) ? isEncrypted(homeserver, room).catch(() => undefined) : undefined;
    const roomId = await homeserver.join(room, via);
    if ((await early) ?? (await isEncrypted(homeserver, roomId)))
      forgetKeys = await startEncryption(client, homeserver);
    const filter = new Filter(userId);
    filter.setDefinition(callFilter(roomId));
    await client.startClient({ filter, lazyLoadMembers: true, disablePresence: true, threadSupport: false });
    return { homeserver, roomId, close };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/** What a network swallowed is asked for again before a call has missed much. */
function impatientFetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const { pathname, searchParams } = new URL(input instanceof Request ? input.url : input);
  if (!pathname.endsWith('/sync')) return fetch(input, init);
  const withinMs = searchParams.has('since') ? Number(searchParams.get('timeout')) + POLL_GRACE_MS : FIRST_POLL_MS;
  const signals = [AbortSignal.timeout(withinMs), ...(init.signal ? [init.signal] : [])];
  return fetch(input, { ...init, signal: AbortSignal.any(signals) });
}

const isRoomId = (room: string): boolean => room.startsWith('!');

async function isEncrypted(homeserver: ClientHomeserver, roomId: string): Promise<boolean> {
  return (await homeserver.getState(roomId, 'm.room.encryption', '')) !== undefined;
}
