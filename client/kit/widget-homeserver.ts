/** The homeserver by the host of a widget (MSC2762, MSC3819): who we are, and how we encrypt, is the host's. */
import { ClientEvent, type MatrixClient } from 'matrix-js-sdk/lib/client.js';
import type { ICapabilities, RoomWidgetClient } from 'matrix-js-sdk/lib/embedded.js';
import type { MatrixEvent } from 'matrix-js-sdk/lib/models/event.js';
import type { RoomState } from 'matrix-js-sdk/lib/models/room-state.js';
import {
  type OpenIdToken,
  readMembership,
  readOpenIdToken,
  type StateEvent,
  stateEventsOf,
  toDeviceMessageOf,
} from './homeserver-answers.ts';
import { problemOfRequest, trusted } from './homeserver-requests.ts';
import { CALL_STATE_TYPES, type FollowedRoom, type Homeserver, type RoomNews } from './homeserver.ts';
import type { TurnAnswer } from './ice-servers.ts';
import { problem, type ProblemCode, ProblemError } from './problems.ts';
import type { Device } from './room.ts';
import { RoomFeed } from './room-feed.ts';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES, MEDIA_KEY_REQUEST_TYPE, MEDIA_KEY_TYPE } from './wire.ts';

/** What of a RoomWidgetClient is not a MatrixClient's. */
export type WidgetClient = MatrixClient & Pick<RoomWidgetClient, 'sendStateEvent' | 'sendToDeviceViaWidgetApi'>;

/** Call messages between client and focus, and the keys of media between clients. */
const MESSAGE_TYPES = [
  ...['invite', 'answer', 'candidates', 'select_answer', 'negotiate', 'hangup'].map(name => `m.call.${name}`),
  MEDIA_KEY_TYPE,
  MEDIA_KEY_REQUEST_TYPE,
];
/** The host passes relays on by itself; it may take so long for the first, in ms. */
const RELAY_PATIENCE_MS = 2_000;
/** What the host passed on last is looked at again after that, in ms: it costs nothing. */
const RELAYS_HOLD_MS = 60_000;

/** What a widget has to ask its host for, so that calls can be held by it. */
export function callCapabilities(userId: string): ICapabilities {
  return {
    sendState: [{ eventType: CALL_MEMBER_EVENT_TYPES[0], stateKey: userId }, { eventType: CALL_EVENT_TYPES[0] }],
    receiveState: [...CALL_STATE_TYPES, 'm.room.member'].map(eventType => ({ eventType })),
    sendToDevice: MESSAGE_TYPES,
    receiveToDevice: MESSAGE_TYPES,
    turnServers: true,
  };
}

export function isWidgetClient(client: MatrixClient): client is WidgetClient {
  return 'sendToDeviceViaWidgetApi' in client;
}

export class WidgetHomeserver implements Homeserver {
  readonly self: Device;
  readonly #client: WidgetClient;

  /** Throws where the client has no user or no device. */
  constructor(client: WidgetClient) {
    const deviceId = client.getDeviceId();
    if (deviceId === null) throw new TypeError('The widget was not told its device.');
    this.self = { userId: client.getSafeUserId(), deviceId };
    this.#client = client;
  }

  /** A widget is in one room, and that is its host's affair. */
  async join(room: string): Promise<string> {
    const joined = await asking(this.#client.joinRoom(room), 'ROOM_NOT_FOUND');
    return joined.roomId;
  }

  follow(roomId: string, news: RoomNews): FollowedRoom {
    const feed = new RoomFeed(this.#client, roomId, news, { isOfHost: true });
    const received = (event: MatrixEvent): void => {
      const message = { type: event.getType(), sender: event.getSender(), content: event.getContent() };
      // Which device it is the host knows, and does not say.
      const said = toDeviceMessageOf(message, event.isEncrypted() ? { device: undefined } : undefined);
      if (said !== undefined) news.toDevice(said);
    };
    this.#client.on(ClientEvent.ToDeviceEvent, received);
    return {
      known: feed.known,
      close: () => {
        feed.close();
        this.#client.off(ClientEvent.ToDeviceEvent, received);
      },
    };
  }

  readonly provesDevices = false;
  readonly canEncrypt = true;

  /** The host knows, and does not say. */
  async identities(): Promise<undefined> {
    return undefined;
  }

  /** The host does. */
  retryNow(): void {}

  async sendToDevice(userId: string, deviceId: string, type: string, content: object): Promise<void> {
    await asking(this.#client.sendToDevice(type, new Map([[userId, new Map([[deviceId, { ...content }]])]])));
  }

  async sendEncrypted(type: string, devices: readonly Device[], content: Record<string, unknown>): Promise<void> {
    await asking(this.#client.encryptAndSendToDevice(type, [...devices], content));
  }

  async putState(roomId: string, type: string, stateKey: string, content: object): Promise<void> {
    await asking(this.#client.sendStateEvent(roomId, type, content, stateKey), 'CALL_FORBIDDEN');
  }

  async invite(): Promise<void> {
    throw new ProblemError(problem('HOMESERVER_ERROR', 'A widget may not invite.'));
  }

  /** Where the host lets us see no members, everybody whom we ask for is taken for one: nobody else can be asked. */
  async membership(roomId: string, userId: string): Promise<string | undefined> {
    const state = this.#stateOf(roomId);
    if (state === undefined || state.getStateEvents('m.room.member').length === 0) return 'join';
    const parsed = readMembership(state.getStateEvents('m.room.member', userId)?.getContent() ?? {});
    return parsed.kind === 'ok' ? parsed.value.membership : undefined;
  }

  async creation(roomId: string): Promise<StateEvent | undefined> {
    const event = this.#stateOf(roomId)?.getStateEvents('m.room.create', '');
    return stateEventsOf([event?.event])[0];
  }

  async displayName(roomId: string, userId: string): Promise<string | undefined> {
    const name: unknown = this.#stateOf(roomId)?.getStateEvents('m.room.member', userId)?.getContent()['displayname'];
    return typeof name === 'string' ? name : undefined;
  }

  async iceServers(): Promise<TurnAnswer> {
    const client = this.#client;
    if (client.getTurnServers().length === 0) await once(client, RELAY_PATIENCE_MS);
    const servers = client.getTurnServers().map(({ urls, username, credential }) => ({ urls, username, credential }));
    return { servers, lifetimeMs: RELAYS_HOLD_MS };
  }

  async openIdToken(): Promise<OpenIdToken> {
    return trusted(readOpenIdToken(await asking(this.#client.getOpenIdToken())));
  }

  #stateOf(roomId: string): RoomState | undefined {
    return this.#client.getRoom(roomId)?.currentState;
  }
}

async function asking<T>(answer: Promise<T>, forbidden?: ProblemCode): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    throw problemOfRequest(thrown, forbidden);
  }
}

/** Resolves when the host has passed relays on, or it is late. */
async function once(client: MatrixClient, withinMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  const timer = setTimeout(done, withinMs);
  client.once(ClientEvent.TurnServers, done);
  await promise;
  clearTimeout(timer);
  client.off(ClientEvent.TurnServers, done);
}
