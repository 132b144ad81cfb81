/** What a chat client does for the call page: it sends and reads by its own client, and decides what is allowed. */
import { type MatrixClient, Method } from 'matrix-js-sdk';
import {
  type Capability,
  EventDirection,
  EventKind,
  type IOpenIDUpdate,
  type IRoomEvent,
  type ISendEventDetails,
  type ITurnServer,
  OpenIDRequestState,
  type SimpleObservable,
  WidgetDriver,
  WidgetEventCapability,
} from 'matrix-widget-api';

const TURN_SERVERS = 'town.robin.msc3846.turn_servers';
const TO_DEVICE = /^(m\.call|org\.weir\.call)\./;
const CALL_STATE = /^(m|org\.matrix\.msc3401)\.call(\.member)?$/;

type ContentByDevice = Record<string, Record<string, object>>;

export class RoomDriver extends WidgetDriver {
  readonly #client: MatrixClient;
  readonly #roomId: string;

  constructor(client: MatrixClient, roomId: string) {
    super();
    this.#client = client;
    this.#roomId = roomId;
  }

  /** A chat client with many widgets asks the person. This one has one, and knows what that needs. */
  override async validateCapabilities(requested: Set<Capability>): Promise<Set<Capability>> {
    const others = [TURN_SERVERS, `org.matrix.msc2762.timeline:${this.#roomId}`];
    const events = WidgetEventCapability.findEventCapabilities(requested).filter(isOfCalls);
    return new Set([...others.filter(capability => requested.has(capability)), ...events.map(({ raw }) => raw)]);
  }

  override async sendEvent(
    eventType: string,
    content: unknown,
    stateKey: string | null = null,
    roomId: string | null = null,
  ): Promise<ISendEventDetails> {
    if (stateKey === null || !isObject(content)) throw new Error('Calls send state alone.');
    const room = roomId ?? this.#roomId;
    const path = ['rooms', room, 'state', eventType, stateKey].map(encodeURIComponent).join('/');
    const sent = await this.#client.http.authedRequest<{ event_id: string }>(
      Method.Put,
      `/${path}`,
      undefined,
      content,
    );
    return { roomId: room, eventId: sent.event_id };
  }

  override async sendToDevice(eventType: string, encrypted: boolean, contents: ContentByDevice): Promise<void> {
    if (!encrypted) {
      const byUser = Object.entries(contents).map(
        ([userId, byDevice]) => [userId, new Map(Object.entries(byDevice))] as const,
      );
      await this.#client.sendToDevice(eventType, new Map(byUser));
      return;
    }
    // Members whose devices the client did not need until now.
    await this.#client.getCrypto()?.getUserDeviceInfo(Object.keys(contents), true);
    for (const [userId, byDevice] of Object.entries(contents)) {
      for (const [deviceId, content] of Object.entries(byDevice))
        await this.#client.encryptAndSendToDevice(eventType, [{ userId, deviceId }], { ...content });
    }
  }

  override async readRoomState(roomId: string, type: string, stateKey: string | undefined): Promise<IRoomEvent[]> {
    const state = this.#client.getRoom(roomId)?.currentState;
    const events = state?.getStateEvents(type) ?? [];
    return events
      .filter(event => stateKey === undefined || event.getStateKey() === stateKey)
      .map(event => event.getEffectiveEvent() as IRoomEvent);
  }

  override askOpenID(observer: SimpleObservable<IOpenIDUpdate>): void {
    this.#client.getOpenIdToken().then(
      token => observer.update({ state: OpenIDRequestState.Allowed, token }),
      () => observer.update({ state: OpenIDRequestState.Blocked }),
    );
  }

  override async *getTurnServers(): AsyncGenerator<ITurnServer> {
    const { uris, username, password } = await this.#client.turnServer();
    if (Array.isArray(uris) && uris.length > 0) yield { uris, username, password };
  }

  override getKnownRooms(): string[] {
    return [this.#roomId];
  }
}

function isOfCalls({ kind, direction, eventType }: WidgetEventCapability): boolean {
  switch (kind) {
    case EventKind.ToDevice:
      return TO_DEVICE.test(eventType);
    case EventKind.State:
      return direction === EventDirection.Receive || CALL_STATE.test(eventType);
    case EventKind.Event:
    case EventKind.RoomAccount:
      return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
