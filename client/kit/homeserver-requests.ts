/** Requests to the homeserver (Matrix client-server API). Every request has a time-out; every failure is a ProblemError. */
import { ConnectionError, MatrixError } from 'matrix-js-sdk/lib/http-api/errors.js';
import { FetchHttpApi } from 'matrix-js-sdk/lib/http-api/fetch.js';
import type { HttpApiEvent, HttpApiEventHandlerMap } from 'matrix-js-sdk/lib/http-api/interface.js';
import { Method } from 'matrix-js-sdk/lib/http-api/method.js';
import { TypedEventEmitter } from 'matrix-js-sdk/lib/models/typed-event-emitter.js';
import type { Parsed } from '../../signalling/wire/parse.ts';
import {
  type OpenIdToken,
  readDeviceKeys,
  readDisplayName,
  readMembership,
  readObject,
  readOpenIdToken,
  readRoomId,
  readSync,
  readTurnServers,
  readWhoAmI,
  type StateEvent,
  stateEventsOf,
  type SyncAnswer,
} from './homeserver-answers.ts';
import type { SendOptions } from './homeserver.ts';
import type { TurnAnswer } from './ice-servers.ts';
import { problem, type ProblemCode, ProblemError } from './problems.ts';
import type { Device } from './room.ts';

const REQUEST_TIMEOUT_MS = 15_000;
/** Of an account with many rooms. */
const GLANCE_TIMEOUT_MS = 60_000;

/** Who speaks to the homeserver, and where it is. The token is a secret. */
export interface Credentials {
  homeserverUrl: string;
  userId: string;
  deviceId: string;
  accessToken: string;
}

interface RequestOptions extends SendOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  /** What M_FORBIDDEN means here. */
  forbidden?: ProblemCode;
}

/** What carries the requests: `http` of a MatrixClient, or one made by `httpOf`. */
export interface AuthedHttp {
  authedRequest(
    method: Method,
    path: string,
    query: Record<string, string | string[]>,
    body: Record<string, unknown> | undefined,
    options: { localTimeoutMs: number; abortSignal?: AbortSignal; keepAlive?: boolean },
  ): Promise<unknown>;
}

/** A client-server API without a client. */
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

/** Requests of one device. */
export class HomeserverRequests {
  readonly self: Device;
  readonly #http: AuthedHttp;
  #transactions = 0;
  readonly #run = crypto.randomUUID().slice(0, 8);

  constructor(http: AuthedHttp, self: Device) {
    this.#http = http;
    this.self = self;
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
    options: SendOptions = {},
  ): Promise<void> {
    await this.sendToDevices(type, { [userId]: { [deviceId]: content } }, options);
  }

  /** Messages by user and device. */
  async sendToDevices(
    type: string,
    messages: Record<string, Record<string, object>>,
    options: SendOptions = {},
  ): Promise<void> {
    this.#transactions += 1;
    const transaction = `${this.#run}.${this.#transactions}`;
    await this.#request(Method.Put, path('sendToDevice', type, transaction), {}, { messages }, options);
  }

  /** Content of one state event, or `undefined` where there is none. */
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
    options: SendOptions = {},
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
    return this.presentState(roomId, 'm.room.create', '');
  }

  /** What one state says now; `undefined` where there is none, or the homeserver tells nobody. */
  async presentState(roomId: string, type: string, stateKey: string): Promise<StateEvent | undefined> {
    return stateEventsOf([await this.stateEvent(roomId, type, stateKey)])[0];
  }

  /** The name that a member chose for this room; `undefined` where there is none. */
  async displayName(roomId: string, userId: string): Promise<string | undefined> {
    const content = await this.getState(roomId, 'm.room.member', userId);
    const parsed = readDisplayName(content ?? {});
    return parsed.kind === 'ok' ? parsed.value.displayname : undefined;
  }

  /** What the homeserver tells of all rooms at once. */
  async glance(filter: object, signal: AbortSignal): Promise<SyncAnswer> {
    const query = { filter: JSON.stringify(filter), timeout: '0', set_presence: 'offline' };
    const options = { timeoutMs: GLANCE_TIMEOUT_MS, signal };
    return trusted(readSync(await this.#request(Method.Get, '/sync', query, undefined, options)));
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
    const where = path('user', this.self.userId, 'openid', 'request_token');
    return trusted(readOpenIdToken(await this.#request(Method.Post, where, {}, {})));
  }

  /** The key (Ed25519, base64) that a device is known by to those who encrypt for it; `undefined` where it published none. */
  async deviceKey({ userId, deviceId }: Device): Promise<string | undefined> {
    const asked = { device_keys: { [userId]: [deviceId] } };
    const answer = trusted(readDeviceKeys(await this.#request(Method.Post, '/keys/query', {}, asked)));
    return answer.device_keys?.[userId]?.[deviceId]?.keys[`ed25519:${deviceId}`];
  }

  /** Ends the token. */
  async logout(): Promise<void> {
    await this.#request(Method.Post, '/logout', {}, {});
  }

  /** The event of one state, in full; `undefined` where there is none, or the homeserver gives it to nobody. */
  async stateEvent(roomId: string, type: string, stateKey: string): Promise<Record<string, unknown> | undefined> {
    const where = path('rooms', roomId, 'state', type, stateKey);
    try {
      const answer = await this.#request(Method.Get, where, { format: 'event' }, undefined, { timeoutMs: 5_000 });
      return Object.hasOwn(answer, 'type') ? answer : undefined;
    } catch (thrown) {
      if (thrown instanceof ProblemError && isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  async #request(
    method: Method,
    where: string,
    query: Record<string, string | string[]> = {},
    body?: object,
    options: RequestOptions = {},
  ): Promise<Record<string, unknown>> {
    try {
      const answer = await this.#http.authedRequest(
        method,
        where,
        query,
        body === undefined ? undefined : { ...body },
        {
          localTimeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS,
          ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
          ...(options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive }),
        },
      );
      return trusted(readObject(answer));
    } catch (thrown) {
      throw problemOfRequest(thrown, options.forbidden);
    }
  }
}
