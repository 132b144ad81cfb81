/** The host of a widget, as a stand-in for it answers. */
import { ClientEvent, MatrixClient } from 'matrix-js-sdk/lib/client.js';
import { MatrixEvent } from 'matrix-js-sdk/lib/models/event.js';
import { Room } from 'matrix-js-sdk/lib/models/room.js';
import { RoomStateEvent } from 'matrix-js-sdk/lib/models/room-state.js';
import { MemoryStore } from 'matrix-js-sdk/lib/store/memory.js';
import { SyncState } from 'matrix-js-sdk/lib/sync.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { callCapabilities, isWidgetClient, WidgetHomeserver } from './widget-homeserver.ts';

const ROOM = '!r:x';
const ME = '@me:x';
const FOCUS = '@focus:x';

/** A client of which nothing reaches a homeserver: what it is asked for it keeps. */
class FakeWidgetClient extends MatrixClient {
  readonly asked: unknown[] = [];
  state: SyncState | null = null;

  override getSyncState(): SyncState | null {
    return this.state;
  }

  override async encryptAndSendToDevice(...said: unknown[]): Promise<void> {
    this.asked.push(['encrypted', ...said]);
  }

  override async sendToDevice(
    type: string,
    messages: Map<string, Map<string, object>>,
  ): Promise<Record<string, never>> {
    this.asked.push(['clear', type, [...messages].map(([user, devices]) => [user, [...devices]])]);
    return {};
  }

  override async sendStateEvent(...said: unknown[]): Promise<{ event_id: string }> {
    this.asked.push(['state', ...said]);
    return { event_id: '$1' };
  }

  async sendToDeviceViaWidgetApi(): Promise<void> {}

  /** The host has told all that it tells. */
  fakeSynced(): void {
    this.state = SyncState.Syncing;
    this.emit(ClientEvent.Sync, SyncState.Syncing, null);
  }
}

const event = (type: string, stateKey: string, content: object, sender = ME): MatrixEvent =>
  new MatrixEvent({ type, state_key: stateKey, room_id: ROOM, sender, content, event_id: `$${type}${stateKey}` });

let client: FakeWidgetClient;
let room: Room;
let homeserver: WidgetHomeserver;
let told: unknown[];
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  for (const say of ['log', 'info', 'debug', 'warn'] as const) vi.spyOn(console, say).mockReturnValue();
  client = new FakeWidgetClient({
    baseUrl: 'https://nowhere.example',
    userId: ME,
    deviceId: 'DEV',
    store: new MemoryStore(),
    disableVoip: true,
  });
  room = new Room(ROOM, client, ME);
  client.store.storeRoom(room);
  client.reEmitter.reEmit(room.currentState, [RoomStateEvent.Events]);
  homeserver = new WidgetHomeserver(client);
  told = [];
  const followed = homeserver.follow(ROOM, {
    state: events => told.push(...events.map(({ type }) => type)),
    trouble: () => undefined,
    removed: () => undefined,
    toDevice: ({ type, encryption }) => told.push([type, encryption]),
  });
  followed.known.catch(() => undefined);
  close = () => followed.close();
});
afterEach(() => {
  close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('is known by what it can that others cannot', () => {
  expect(isWidgetClient(client)).toBe(true);
  expect(isWidgetClient(new MatrixClient({ baseUrl: 'https://nowhere.example' }))).toBe(false);
});

it('tells the state of its room once the host has told it', () => {
  room.currentState.setStateEvents([event('m.room.name', '', { name: 'R' }), event('m.room.topic', '', {})]);
  expect(told).toEqual([]);
  client.fakeSynced();
  expect(told).toEqual(['m.room.name']);
});

it('tells what changes then, though no sync says that it came', async () => {
  client.fakeSynced();
  room.currentState.setStateEvents([event('m.room.name', '', { name: 'R' })]);
  await Promise.resolve();
  expect(told).toEqual(['m.room.name']);
});

it('tells messages, and whether they came encrypted', () => {
  const clear = new MatrixEvent({ type: 'm.call.answer', sender: FOCUS, content: {} });
  const encrypted = new MatrixEvent({ type: 'org.example.key', sender: FOCUS, content: { key: 1 } });
  encrypted.makeEncrypted('m.room.encrypted', {}, '', '');
  for (const message of [clear, encrypted]) client.emit(ClientEvent.ToDeviceEvent, message);
  expect(told).toEqual([
    ['m.call.answer', undefined],
    ['org.example.key', { device: undefined }],
  ]);
});

it('asks the host for all that it sends', async () => {
  const device = { userId: FOCUS, deviceId: 'F' };
  await homeserver.sendToDevice(FOCUS, 'F', 'm.call.invite', { a: 1 });
  await homeserver.sendEncrypted('org.example.key', [device], { b: 2 });
  await homeserver.putState(ROOM, 'org.matrix.msc3401.call.member', ME, { c: 3 });
  expect(client.asked).toEqual([
    ['clear', 'm.call.invite', [[FOCUS, [['F', { a: 1 }]]]]],
    ['encrypted', 'org.example.key', [device], { b: 2 }],
    ['state', ROOM, 'org.matrix.msc3401.call.member', { c: 3 }, ME],
  ]);
});

it('takes the focus for a member where the host shows none, and knows better where it does', async () => {
  expect(await homeserver.membership(ROOM, FOCUS)).toBe('join');
  room.currentState.setStateEvents([event('m.room.member', ME, { membership: 'join', displayname: 'Me' })]);
  expect(await homeserver.membership(ROOM, FOCUS)).toBeUndefined();
  expect(await homeserver.membership(ROOM, ME)).toBe('join');
  expect(await homeserver.displayName(ROOM, ME)).toBe('Me');
});

it('waits for relays of the host, but not for ever', async () => {
  const asking = homeserver.iceServers();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await asking).toMatchObject({ servers: [] });
  vi.spyOn(client, 'getTurnServers').mockReturnValue([{ urls: ['turn:t'], username: 'u', credential: 'c' }]);
  expect(await homeserver.iceServers()).toMatchObject({ servers: [{ urls: ['turn:t'] }] });
});

it('asks for what a call reads and writes', () => {
  const { receiveState, sendState, sendToDevice, receiveToDevice } = callCapabilities(ME);
  expect(receiveState).toContainEqual({ eventType: 'm.room.encryption' });
  expect(sendState).toContainEqual({ eventType: 'org.matrix.msc3401.call.member', stateKey: ME });
  for (const types of [sendToDevice, receiveToDevice]) {
    expect(types).toEqual(expect.arrayContaining(['m.call.invite', 'org.weir.call.media_key']));
    expect(types).toContain('org.weir.call.media_key_request');
  }
});
