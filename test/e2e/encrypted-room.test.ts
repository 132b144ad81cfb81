/** Calls in encrypted rooms: the focus is given no keys, and forwards what is encrypted, and nothing else where that is asked for. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENCRYPTION, sendState } from '../../demo/call-room.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { ENCRYPTION_TYPE } from '../../signalling/wire/room-state.ts';
import { EncryptingClient } from './encrypting-client.ts';
import { type Exchange, RecordingProxy } from './recording-proxy.ts';
import { Stage, WAIT_MS, whole } from './stage.ts';

/** What was on its way has come by then. */
const IN_FLIGHT_MS = 500;
const LISTENS_MS = 1_500;

let proxy: RecordingProxy;
let stage: Stage;
beforeAll(async () => {
  const config = { encryption: { require_in_encrypted_rooms: true } };
  stage = await Stage.start({ config }, {}, async url => {
    proxy = await RecordingProxy.open(url);
    return proxy.baseUrl;
  });
});
afterAll(async () => {
  await stage.end();
  await proxy.close();
});

describe('the keys of an encrypted room', () => {
  const TEXT = 'not for the focus';
  let alice: MatrixUser;
  let bob: MatrixUser;
  const clients: EncryptingClient[] = [];

  /** Alice writes into an encrypted room where the focus is, and Bob reads it; then there is a call. */
  beforeAll(async () => {
    const { synapse } = stage;
    alice = await synapse.registerUser({ localpart: 'alice', deviceId: 'ALICEDEV' });
    bob = await synapse.registerUser({ localpart: 'bob', deviceId: 'BOBDEV' });
    await using scene = stage.scene();
    const callers = await scene.users(2);
    const room = await scene.callRoom([alice, bob, ...callers], { encrypted: true });
    for (const user of [alice, bob]) clients.push(await EncryptingClient.start(proxy.baseUrl, user));
    const [writer, reader] = clients;
    await writer?.say(room.roomId, TEXT);
    await reader?.untilItReads(TEXT);
    const peers = callers.map(user => scene.peer(user, room, { encryption: 'sframe' }));
    for (const peer of peers) await peer.join();
    await whole(peers);
  });
  afterAll(() => {
    for (const client of clients) client.stop();
  });

  test('are given to the members who have devices with keys', () => {
    expect(inboxOf(bob)).toContain('m.room.encrypted');
    expect(askedForKeysOf(alice)).toContain(bob.userId);
    expect(sentRoomKeysTo(alice)).toContain(bob.userId);
  });

  test('are not given to the focus: its device publishes none, and asks for none', async () => {
    const { user } = stage.focus;
    expect(await deviceKeys([bob, user])).toEqual({ [bob.userId]: [bob.deviceId], [user.userId]: [] });
    expect(askedForKeysOf(alice), 'she would have encrypted for it').toContain(user.userId);
    expect(sentRoomKeysTo(alice)).not.toContain(user.userId);
    const focus = proxy.of(user);
    expect(focus.filter(({ path }) => path.includes('/keys/') || path.includes('/room_keys/'))).toEqual([]);
    expect(inboxOf(user), 'what it was sent is seen here').toContain('m.call.invite');
    expect(inboxOf(user)).not.toContain('m.room.encrypted');
    expect(JSON.stringify(focus)).not.toContain(TEXT);
  });

  /** Users whose device keys were asked for. */
  function askedForKeysOf(user: MatrixUser): string[] {
    const queries = proxy.of(user).filter(({ path }) => path.endsWith('/keys/query'));
    return queries.flatMap(({ asked }) => keysOf(at(asked, 'device_keys')));
  }

  /** Users to whom it sent encrypted to-device messages, which is how room keys travel. */
  function sentRoomKeysTo(user: MatrixUser): string[] {
    const sent = proxy.of(user).filter(({ path }) => path.includes('/sendToDevice/m.room.encrypted/'));
    return sent.flatMap(({ asked }) => keysOf(at(asked, 'messages')));
  }

  /** Devices with keys, by user, as the homeserver tells the host. */
  async function deviceKeys(users: readonly MatrixUser[]): Promise<Record<string, string[]>> {
    const answer = await matrixRequest(stage.synapse.baseUrl, {
      method: 'POST',
      path: '/_matrix/client/v3/keys/query',
      accessToken: stage.host.accessToken,
      body: { device_keys: Object.fromEntries(users.map(({ userId }) => [userId, []])) },
    });
    return Object.fromEntries(users.map(({ userId }) => [userId, keysOf(at(at(answer, 'device_keys'), userId))]));
  }
});

/** Types of the to-device messages that a device was given. */
function inboxOf(user: MatrixUser): unknown[] {
  const syncs = proxy.of(user).filter(({ path }: Exchange) => path.endsWith('/sync'));
  return syncs.flatMap(({ answered }) => {
    const events = at(at(answered, 'to_device'), 'events');
    return Array.isArray(events) ? events.map(event => at(event, 'type')) : [];
  });
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

describe('media in the clear', () => {
  const refusals = (peer: LightPeer): number =>
    peer.seen.errors.filter(({ code }) => code === 'WEIR_CLEAR_MEDIA').length;
  const refusedOf = (viewer: LightPeer, publisher: LightPeer): string | undefined =>
    viewer.metadata[publisher.streamId]?.['org.weir.refused'];

  /** How much of the publisher's tracks comes to the viewer in a while. */
  async function comes(viewer: LightPeer, publisher: LightPeer): Promise<number> {
    await delay(IN_FLIGHT_MS);
    viewer.resetCounts();
    await delay(LISTENS_MS);
    return publisher.tracks().reduce((sum, track) => sum + viewer.received(track), 0);
  }

  test('is refused in an encrypted room, and taken as soon as it is encrypted', async () => {
    await using scene = stage.scene();
    const users = await scene.users(2);
    const room = await scene.callRoom(users, { encrypted: true });
    const [clear, sealed] = [scene.peer(users[0], room), scene.peer(users[1], room, { encryption: 'sframe' })];
    for (const peer of [clear, sealed]) await peer.join();
    await until('the encrypted stream comes', WAIT_MS, () => clear.missing([sealed]).length === 0);
    await until('the refusal is told', WAIT_MS, () => refusals(clear) === 1);
    await until('the refusal is shown', WAIT_MS, () => refusedOf(sealed, clear) === 'WEIR_CLEAR_MEDIA');
    expect(await comes(sealed, clear)).toBe(0);
    expect(sealed.metadata[clear.streamId]).not.toHaveProperty(['org.weir.encryption']);
    clear.sayEncryption('sframe');
    await whole([clear, sealed]);
    expect(refusedOf(sealed, clear)).toBeUndefined();
    expect(sealed.metadata[clear.streamId]).toMatchObject({ 'org.weir.encryption': 'sframe' });
    expect([refusals(clear), refusals(sealed)]).toEqual([1, 0]);
    expect((await stage.get('/metrics')).body).toMatch(/weir_errors_total\{code="WEIR_CLEAR_MEDIA"\} [1-9]/);
  });

  test('goes on in a room that is not encrypted, until it becomes one', async () => {
    await using scene = stage.scene();
    const users = await scene.users(2);
    const room = await scene.callRoom(users);
    const [one, other] = await scene.call(room, users);
    expect([refusals(one), refusals(other)]).toEqual([0, 0]);
    const event = { type: ENCRYPTION_TYPE, stateKey: '', content: ENCRYPTION };
    await sendState(stage.synapse.baseUrl, stage.host, room.roomId, event);
    await until('both are told', WAIT_MS, () => refusals(one) === 1 && refusals(other) === 1);
    expect([await comes(one, other), await comes(other, one)]).toEqual([0, 0]);
  });
});
