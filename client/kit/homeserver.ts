/** The homeserver, as a call needs it. Every request has a time-out; every failure is a ProblemError. */
import { ConnectionError, MatrixError } from 'matrix-js-sdk/lib/http-api/errors.js';
import { FetchHttpApi } from 'matrix-js-sdk/lib/http-api/fetch.js';
import type { HttpApiEvent, HttpApiEventHandlerMap } from 'matrix-js-sdk/lib/http-api/interface.js';
import { Method } from 'matrix-js-sdk/lib/http-api/method.js';
import { TypedEventEmitter } from 'matrix-js-sdk/lib/models/typed-event-emitter.js';
import type { Parsed } from '../../signalling/wire/parse.ts';
import {
  type OpenIdToken,
  readDisplayName,
  readMembership,
  readOpenIdToken,
  readRoomId,
  readSync,
  readTurnServers,
  readWhoAmI,
  type StateEvent,
  stateEventsOf,
  type SyncAnswer,
} from './homeserver-answers.ts';
import type { TurnAnswer } from './ice-servers.ts';
import { problem, type ProblemCode, ProblemError } from './problems.ts';

const REQUEST_TIMEOUT_MS = 15_000;
/** How much later than the homeserver promised a long poll is given up. */
const SYNC_GRACE_MS = 10_000;

/** Who speaks to the homeserver, and where it is. The token is a secret. */
export interface Credentials {
  homeserverUrl: string;
  userId: string;
  deviceId: string;
  accessToken: string;
}

interface RequestOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Goes on when the page is closed (Fetch, keepalive). */
  keepAlive?: boolean;
  /** What M_FORBIDDEN means here. */
  forbidden?: ProblemCode;
}

/** A client-server API without credentials; `Homeserver` below has them. */
export function httpOf(
  homeserverUrl: string,
  accessToken?: string,
): FetchHttpApi<{
  baseUrl: string;
  prefix: string;
  onlyData: true;
  accessToken?: string;
}> {
  return new FetchHttpApi(new TypedEventEmitter<HttpApiEvent, HttpApiEventHandlerMap>(), {
    baseUrl: homeserverUrl,
    prefix: '/_matrix/client/v3',
    onlyData: true,
    ...(accessToken === undefined ? {} : { accessToken }),
  });
}

/** A failed request in a person's words. `forbidden`: what M_FORBIDDEN means for this request. */
export function problemOfRequest(thrown: unknown, forbidden: ProblemCode = 'HOMESERVER_ERROR'): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  if (thrown instanceof MatrixError) {
    const said = thrown.error ?? thrown.errcode ?? '';
    switch (thrown.errcode) {
      case 'M_UNKNOWN_TOKEN':
      case 'M_MISSING_TOKEN':
        return new ProblemError(problem('TOKEN_REFUSED', said), { cause: thrown });
      case 'M_FORBIDDEN':
        return new ProblemError(problem(forbidden, said), { cause: thrown });
      case 'M_LIMIT_EXCEEDED':
        return new ProblemError(problem('RATE_LIMITED', said), { cause: thrown });
      default:
        return new ProblemError(problem('HOMESERVER_ERROR', said), { cause: thrown });
    }
  }
  const unreachable = thrown instanceof ConnectionError || (thrown instanceof Error && thrown.name === 'AbortError');
  return new ProblemError(problem(unreachable ? 'HOMESERVER_UNREACHABLE' : 'HOMESERVER_ERROR'), { cause: thrown });
}

/** Unwraps an answer of the homeserver. */
export function trusted<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'ok') return parsed.value;
  throw new ProblemError(problem('HOMESERVER_ERROR', parsed.error.message), { cause: parsed.error });
}

/** True where the homeserver said that there is no such thing. */
function isNotFound(thrown: ProblemError): boolean {
  return thrown.cause instanceof MatrixError && thrown.cause.errcode === 'M_NOT_FOUND';
}

const path = (...parts: string[]): string => parts.map(part => `/${encodeURIComponent(part)}`).join('');

/** One device's view of its homeserver. */
export class Homeserver {
  readonly credentials: Credentials;
  readonly #http: ReturnType<typeof httpOf>;
  #transactions = 0;
  readonly #run = crypto.randomUUID().slice(0, 8);

  constructor(credentials: Credentials) {
    this.credentials = credentials;
    this.#http = httpOf(credentials.homeserverUrl, credentials.accessToken);
  }

  /** Whose token this is. Rejects with TOKEN_REFUSED. */
  async whoAmI(): Promise<{ userId: string; deviceId: string | undefined }> {
    const answer = trusted(readWhoAmI(await this.#request(Method.Get, '/account/whoami')));
    return { userId: answer.user_id, deviceId: answer.device_id };
  }

  /** One message to one device; the homeserver keeps it until the device fetches it. */
  async sendToDevice(
    userId: string,
    deviceId: string,
    type: string,
    content: object,
    options: { keepAlive?: boolean } = {},
  ): Promise<void> {
    this.#transactions += 1;
    const transaction = `${this.#run}.${this.#transactions}`;
    const body = { messages: { [userId]: { [deviceId]: content } } };
    await this.#request(Method.Put, path('sendToDevice', type, transaction), {}, body, options);
  }

  /** Content of one state event, or `undefined` where there is none (or it may not be seen). */
  async getState(roomId: string, type: string, stateKey: string): Promise<Record<string, unknown> | undefined> {
    try {
      return await this.#request(Method.Get, path('rooms', roomId, 'state', type, stateKey));
    } catch (thrown) {
      if (thrown instanceof ProblemError && isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  /** Sets a state event. Rejects with CALL_FORBIDDEN where the room does not allow it. */
  async putState(
    roomId: string,
    type: string,
    stateKey: string,
    content: object,
    options: { keepAlive?: boolean } = {},
  ): Promise<void> {
    await this.#request(Method.Put, path('rooms', roomId, 'state', type, stateKey), {}, content, {
      forbidden: 'CALL_FORBIDDEN',
      ...options,
    });
  }

  async createRoom(body: object): Promise<string> {
    return trusted(readRoomId(await this.#request(Method.Post, '/createRoom', {}, body))).room_id;
  }

  /** Joins a room by id or alias; `via` names homeservers that know it. Rejects with ROOM_NOT_FOUND. */
  async join(room: string, via: string[] = []): Promise<string> {
    const query = via.length > 0 ? { server_name: via, via } : {};
    const options = { forbidden: 'ROOM_NOT_FOUND', timeoutMs: 60_000 } as const;
    try {
      return trusted(readRoomId(await this.#request(Method.Post, path('join', room), query, {}, options))).room_id;
    } catch (thrown) {
      if (thrown instanceof ProblemError && isNotFound(thrown)) throw new ProblemError(problem('ROOM_NOT_FOUND'));
      throw thrown;
    }
  }

  async invite(roomId: string, userId: string): Promise<void> {
    await this.#request(Method.Post, path('rooms', roomId, 'invite'), {}, { user_id: userId });
  }

  /** `join`, `invite`, `leave`…, or `undefined` where the user never was there. */
  async membership(roomId: string, userId: string): Promise<string | undefined> {
    const content = await this.getState(roomId, 'm.room.member', userId);
    if (content === undefined) return undefined;
    const parsed = readMembership(content);
    return parsed.kind === 'ok' ? parsed.value.membership : undefined;
  }

  /** Who made the room, and how; `undefined` where the homeserver does not say. */
  async creation(roomId: string): Promise<StateEvent | undefined> {
    const where = path('rooms', roomId, 'state', 'm.room.create', '');
    const answer = await this.#request(Method.Get, where, { format: 'event' }, undefined, { timeoutMs: 5_000 });
    return stateEventsOf([answer])[0];
  }

  /** The name that a member chose for this room; `undefined` where there is none. */
  async displayName(roomId: string, userId: string): Promise<string | undefined> {
    const content = await this.getState(roomId, 'm.room.member', userId);
    const parsed = readDisplayName(content ?? {});
    return parsed.kind === 'ok' ? parsed.value.displayname : undefined;
  }

  /** One long poll. Rejects with an AbortError's problem when `signal` fires. */
  async sync(options: {
    filter: object;
    since?: string | undefined;
    timeoutMs: number;
    signal: AbortSignal;
  }): Promise<SyncAnswer> {
    const query = {
      filter: JSON.stringify(options.filter),
      timeout: String(options.timeoutMs),
      set_presence: 'offline',
      ...(options.since === undefined ? {} : { since: options.since }),
    };
    const answer = await this.#request(Method.Get, '/sync', query, undefined, {
      timeoutMs: options.timeoutMs + (options.since === undefined ? 60_000 : SYNC_GRACE_MS),
      signal: options.signal,
    });
    return trusted(readSync(answer));
  }

  /** The homeserver's relays for WebRTC and how long they may be used; none where it has none or does not say. */
  async iceServers(): Promise<TurnAnswer> {
    const parsed = readTurnServers(await this.#request(Method.Get, '/voip/turnServer'));
    const { uris = [], username, password, ttl } = parsed.kind === 'bad' ? {} : parsed.value;
    if (uris.length === 0) return { servers: [], lifetimeMs: undefined };
    const server = {
      urls: uris,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { credential: password }),
    };
    return { servers: [server], lifetimeMs: ttl === undefined ? undefined : ttl * 1_000 };
  }

  /** A token by which others can ask the homeserver who we are; it opens nothing else. */
  async openIdToken(): Promise<OpenIdToken> {
    const where = path('user', this.credentials.userId, 'openid', 'request_token');
    return trusted(readOpenIdToken(await this.#request(Method.Post, where, {}, {})));
  }

  /** Ends the token. */
  async logout(): Promise<void> {
    await this.#request(Method.Post, '/logout', {}, {});
  }

  async #request(
    method: Method,
    where: string,
    query: Record<string, string | string[]> = {},
    body?: object,
    options: RequestOptions = {},
  ): Promise<Record<string, unknown>> {
    try {
      return await this.#http.authedRequest(method, where, query, body === undefined ? undefined : { ...body }, {
        localTimeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS,
        ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
        ...(options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive }),
      });
    } catch (thrown) {
      throw problemOfRequest(thrown, options.forbidden);
    }
  }
}
