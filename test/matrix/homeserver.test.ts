/** The homeserver adapter against a real Synapse. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCallRoom, joinRoom, kickUser, sendState } from '../../demo/call-room.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import { type MatrixUser, startSynapse, type Synapse } from '../../demo/synapse.ts';
import { createHomeserver, type SyncBatch } from '../../signalling/matrix/index.ts';
import { until } from '../../loadtest/peers/until.ts';
import { ListeningFocus, sendHangup, sendToDevice, systemClock } from './listening-focus.ts';

let stateDir: string;
let synapse: Synapse;
let alice: MatrixUser;
let focuses = 0;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'weir-synapse-'));
  synapse = await startSynapse({ stateDir });
  alice = await synapse.registerUser({ localpart: 'alice' });
});

afterAll(async () => {
  await synapse.stop();
  await rm(stateDir, { recursive: true, force: true });
});

async function newFocusAccount(): Promise<MatrixUser> {
  focuses += 1;
  return synapse.registerUser({ localpart: `focus${focuses}` });
}

function memberContent(confId: string, deviceId: string): Record<string, unknown> {
  return {
    'm.calls': [{ 'm.call_id': confId, 'm.devices': [{ device_id: deviceId, session_id: 's', expires_ts: 9e12 }] }],
  };
}

async function sync(user: MatrixUser, since?: string): Promise<{ next: string; toDevice: unknown[] }> {
  const path = `/_matrix/client/v3/sync?timeout=0${since === undefined ? '' : `&since=${since}`}`;
  const answer = await matrixRequest(synapse.baseUrl, { method: 'GET', path, accessToken: user.accessToken });
  const { next_batch: next, to_device: toDevice } = answer as { next_batch: string; to_device?: { events: unknown[] } };
  return { next, toDevice: toDevice?.events ?? [] };
}

describe('who the focus is', () => {
  it('comes from the token', async () => {
    const account = await newFocusAccount();
    const focus = await ListeningFocus.start({ synapse, account });
    expect(focus.identity).toEqual({ userId: account.userId, deviceId: account.deviceId });
    expect(focus.homeserver.health().state).toBe('reached');
    await focus.stop();
  });

  it('comes from a password once, with the token to keep', async () => {
    const account = await newFocusAccount();
    const logins: string[] = [];
    const homeserver = createHomeserver({
      url: synapse.baseUrl,
      credentials: { kind: 'password', user: account.userId, password: account.password, deviceId: 'FOCUS' },
      allowedInviters: [],
      clock: systemClock,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      count: () => undefined,
      events: { batch: async () => undefined },
      onLogin: login => {
        logins.push(login.accessToken);
      },
    });
    expect(await homeserver.start(undefined)).toEqual({ userId: account.userId, deviceId: 'FOCUS' });
    await homeserver.stop();
    expect(logins).toHaveLength(1);
    const [accessToken = ''] = logins;
    const again = await ListeningFocus.start({ synapse, account: { ...account, accessToken } });
    expect(again.identity?.deviceId).toBe('FOCUS');
    await again.stop();
  });

  it('is refused with a wrong token and a wrong password', async () => {
    const account = await newFocusAccount();
    await expect(
      ListeningFocus.start({ synapse, account: { ...account, accessToken: 'no-such-token' } }),
    ).rejects.toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
    const homeserver = createHomeserver({
      url: synapse.baseUrl,
      credentials: { kind: 'password', user: account.userId, password: 'wrong' },
      allowedInviters: [],
      clock: systemClock,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      count: () => undefined,
      events: { batch: async () => undefined },
    });
    await expect(homeserver.start(undefined)).rejects.toMatchObject({ code: 'WEIR_HOMESERVER_REFUSED' });
    expect(homeserver.health().state).toBe('refused');
    await homeserver.stop();
  });
});

describe('rooms', () => {
  it('are joined on invitation, and their calls and members seen', async () => {
    const account = await newFocusAccount();
    const focus = await ListeningFocus.start({ synapse, account, allowedInviters: ['localhost'] });
    const { roomId, confId } = await createCallRoom({
      baseUrl: synapse.baseUrl,
      creator: alice,
      invited: [account.userId],
    });
    await until('room joined', 10_000, () => focus.rooms.isJoined(roomId, alice.userId));
    expect(focus.rooms.isJoined(roomId, account.userId)).toBe(true);
    expect(focus.rooms.conferencesOf(confId)).toEqual([{ roomId, terminated: undefined }]);
    await sendState(synapse.baseUrl, alice, roomId, {
      type: 'org.matrix.msc3401.call.member',
      stateKey: alice.userId,
      content: memberContent(confId, alice.deviceId),
    });
    await until('member seen', 15_000, () => focus.rooms.memberDevices(roomId, confId).length === 1);
    await sendState(synapse.baseUrl, alice, roomId, {
      type: 'org.matrix.msc3401.call',
      stateKey: confId,
      content: { 'm.terminated': 'call_ended' },
    });
    await until('end seen', 15_000, () => focus.rooms.conferencesOf(confId)[0]?.terminated === 'call_ended');
    await focus.stop();
  });

  it('are declined when the inviter is of another server', async () => {
    const account = await newFocusAccount();
    const focus = await ListeningFocus.start({ synapse, account, allowedInviters: ['example.org', '*.localhost'] });
    const { roomId } = await createCallRoom({ baseUrl: synapse.baseUrl, creator: alice, invited: [account.userId] });
    await until('declined', 10_000, () => focus.counts.get('matrix_invites declined') === 1);
    expect(focus.rooms.joinedRooms()).not.toContain(roomId);
    const member = await matrixRequest(synapse.baseUrl, {
      method: 'GET',
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/m.room.member/${account.userId}`,
      accessToken: alice.accessToken,
    });
    expect(member).toMatchObject({ membership: 'leave' });
    await focus.stop();
  });

  it('that it was invited to before the kept position are joined after a restart', async () => {
    const account = await newFocusAccount();
    const { roomId } = await createCallRoom({ baseUrl: synapse.baseUrl, creator: alice, invited: [account.userId] });
    // A run that stored its position and was killed before it had joined.
    const { next } = await sync(account);
    const focus = await ListeningFocus.start({ synapse, account, position: { since: next, at: Date.now() } });
    await until('room joined', 10_000, () => focus.rooms.isJoined(roomId, alice.userId));
    await focus.stop();
  });

  it('are left when the focus is kicked, and a kick of a member is seen', async () => {
    const account = await newFocusAccount();
    const bob = await synapse.registerUser({ localpart: `bob${focuses}` });
    const { roomId, confId } = await createCallRoom({
      baseUrl: synapse.baseUrl,
      creator: alice,
      members: [bob],
      invited: [account.userId],
    });
    const focus = await ListeningFocus.start({ synapse, account });
    await until('room joined', 10_000, () => focus.rooms.isJoined(roomId, bob.userId));
    await kickUser(synapse.baseUrl, alice, roomId, bob.userId);
    const toSee = await until('kick of bob seen', 15_000, () => !focus.rooms.isJoined(roomId, bob.userId));
    await kickUser(synapse.baseUrl, alice, roomId, account.userId);
    await until('own kick seen', 15_000, () => !focus.rooms.joinedRooms().includes(roomId));
    expect(focus.rooms.conferencesOf(confId)).toEqual([]);
    expect(focus.batches.at(-1)?.rooms).toEqual([expect.objectContaining({ roomId, membership: 'leave' })]);
    process.stdout.write(`kick of a member seen after ${toSee.toFixed(0)} ms\n`);
    await focus.stop();
  });

  it('are known whole after a restart with a kept position, though nothing happened in them', async () => {
    const account = await newFocusAccount();
    const bob = await synapse.registerUser({ localpart: `ben${focuses}` });
    const { roomId, confId } = await createCallRoom({
      baseUrl: synapse.baseUrl,
      creator: alice,
      members: [bob],
      invited: [account.userId],
    });
    const first = await ListeningFocus.start({ synapse, account });
    await until('room joined', 10_000, () => first.rooms.isJoined(roomId, bob.userId));
    await first.stop();
    await kickUser(synapse.baseUrl, alice, roomId, bob.userId);
    const second = await ListeningFocus.start({ synapse, account, position: first.position });
    expect(second.batches[0]).toMatchObject({ whole: true, catchUp: true });
    expect(second.rooms.isJoined(roomId, alice.userId)).toBe(true);
    expect(second.rooms.isJoined(roomId, bob.userId)).toBe(false);
    expect(second.rooms.conferencesOf(confId)).toEqual([{ roomId, terminated: undefined }]);
    await second.stop();
  });

  it('keep their state over a gap in the timeline', async () => {
    const account = await newFocusAccount();
    let hold: Promise<void> | undefined;
    const { roomId, confId } = await createCallRoom({
      baseUrl: synapse.baseUrl,
      creator: alice,
      invited: [account.userId],
    });
    const focus = await ListeningFocus.start({ synapse, account, onBatch: () => hold });
    await until('room joined', 10_000, () => focus.rooms.isJoined(roomId, alice.userId));
    const held = Promise.withResolvers<void>();
    hold = held.promise;
    // While a batch is being taken, more state changes than a timeline shows: the first of them only come as state.
    await sendState(synapse.baseUrl, alice, roomId, {
      type: 'org.matrix.msc3401.call.member',
      stateKey: alice.userId,
      content: memberContent(confId, 'FIRST'),
    });
    for (let number = 0; number < 60; number += 1) {
      await sendState(synapse.baseUrl, alice, roomId, {
        type: 'org.matrix.msc3401.call',
        stateKey: `other-${number % 3}`,
        content: { 'm.intent': 'm.room', 'm.type': 'm.video', number },
      });
    }
    const taken = focus.batches.length;
    hold = undefined;
    held.resolve();
    await until('gap crossed', 10_000, () => focus.batches.length >= taken + 2);
    expect(focus.rooms.memberDevices(roomId, confId)).toMatchObject([{ deviceId: 'FIRST' }]);
    expect(focus.rooms.conferencesOf('other-2')).toEqual([{ roomId, terminated: undefined }]);
    await focus.stop();
  });

  it('hold members of today’s MatrixRTC and entries under a foreign key without believing them', async () => {
    const account = await newFocusAccount();
    const { roomId, confId } = await createCallRoom({
      baseUrl: synapse.baseUrl,
      creator: alice,
      invited: [account.userId],
    });
    const focus = await ListeningFocus.start({ synapse, account });
    await until('room joined', 10_000, () => focus.rooms.isJoined(roomId, alice.userId));
    const type = 'org.matrix.msc3401.call.member';
    await sendState(synapse.baseUrl, alice, roomId, {
      type,
      stateKey: `_${alice.userId}_${alice.deviceId}_m.call`,
      content: { application: 'm.call', call_id: '', device_id: alice.deviceId, foci_preferred: [] },
    });
    await sendState(synapse.baseUrl, alice, roomId, {
      type,
      stateKey: '_@mallory:localhost_X',
      content: memberContent(confId, 'FORGED'),
    });
    await sendState(synapse.baseUrl, alice, roomId, {
      type,
      stateKey: alice.userId,
      content: memberContent(confId, 'REAL'),
    });
    await until('member seen', 15_000, () => focus.rooms.memberDevices(roomId, confId).length > 0);
    expect(focus.rooms.memberDevices(roomId, confId)).toMatchObject([{ deviceId: 'REAL', userId: alice.userId }]);
    expect(focus.counts.get('matrix_state_ignored bad_call_member')).toBe(1);
    await focus.stop();
  });
});

describe('to-device messages', () => {
  it('come and go in order', async () => {
    const account = await newFocusAccount();
    const focus = await ListeningFocus.start({ synapse, account });
    const ids = Array.from({ length: 20 }, (_, number) => `in-${number}`);
    for (const id of ids) await sendHangup(synapse, alice, account, id);
    await until('all received', 15_000, () => focus.callIds('hangup').length === ids.length);
    expect(focus.callIds('hangup')).toEqual(ids);

    const device = await synapse.login(alice, 'RECEIVER');
    const { next } = await sync(device);
    await Promise.all(
      ids.map(id =>
        focus.homeserver.send(device.userId, device.deviceId, { type: 'm.call.hangup', content: { call_id: id } }),
      ),
    );
    const { toDevice } = await sync(device, next);
    expect(toDevice).toEqual(
      ids.map(id => ({ type: 'm.call.hangup', sender: account.userId, content: { call_id: id } })),
    );
    await focus.stop();
  });

  it('that are broken, foreign or its own end at the edge', async () => {
    const account = await newFocusAccount();
    const focus = await ListeningFocus.start({ synapse, account });
    const address = { call_id: 'c', conf_id: 'f', device_id: 'D', sender_session_id: 's' };
    await sendToDevice(synapse, alice, account, 'm.room_key_request', { action: 'request' });
    await sendToDevice(synapse, alice, account, 'm.call.invite', { ...address, offer: 'garbage' });
    await sendToDevice(synapse, alice, account, 'm.call.invite', { nothing: true });
    await sendToDevice(synapse, account, account, 'm.call.hangup', address);
    await sendHangup(synapse, alice, account, 'last');
    await until('all received', 15_000, () => focus.callIds('hangup').length > 0);
    const received = focus.batches.flatMap(batch => batch.toDevice);
    expect(received.map(({ parsed, address: to }) => [parsed.kind, to?.callId])).toEqual([
      ['bad', 'c'],
      ['bad', undefined],
      ['ok', undefined],
    ]);
    expect(focus.counts.get('matrix_to_device_received m.call.hangup own')).toBe(1);
    expect(focus.counts.get('matrix_to_device_received other foreign')).toBe(1);
    await focus.stop();
  });

  it('sent while the focus was away come exactly once, over pages, marked as late', async () => {
    const account = await newFocusAccount();
    const first = await ListeningFocus.start({ synapse, account });
    await sendHangup(synapse, alice, account, 'before');
    await until('message received', 15_000, () => first.callIds('hangup').length === 1);
    await first.stop();
    const ids = Array.from({ length: 130 }, (_, number) => `away-${number}`);
    for (const id of ids) await sendHangup(synapse, alice, account, id);
    const second = await ListeningFocus.start({ synapse, account, position: first.position });
    await until('all received', 15_000, () => second.callIds('hangup').length >= ids.length);
    await sendHangup(synapse, alice, account, 'live');
    await until('live one received', 15_000, () => second.callIds('hangup').includes('live'));
    expect(second.callIds('hangup')).toEqual([...ids, 'live']);
    const withMessages = second.batches.filter(batch => batch.toDevice.length > 0);
    expect(withMessages.map(batch => batch.catchUp)).toEqual([true, true, false]);
    const [firstPage = 0, secondPage = 0, live = 0] = withMessages.map(batch => batch.lateMs);
    expect(firstPage).toBeGreaterThan(live);
    expect(secondPage).toBeGreaterThanOrEqual(firstPage);
    await second.stop();
  });

  it('come again when the position of their batch was not stored', async () => {
    const account = await newFocusAccount();
    const stored = await sync(account);
    await sendHangup(synapse, alice, account, 'taken');
    // A run that is killed right after it was given this batch.
    expect((await sync(account, stored.next)).toDevice).toHaveLength(1);
    const focus = await ListeningFocus.start({ synapse, account, position: { since: stored.next, at: Date.now() } });
    expect(focus.callIds('hangup')).toEqual(['taken']);
    await focus.stop();
  });

  it('reach the focus fast', async () => {
    const account = await newFocusAccount();
    const arrivals = new Map<string, number>();
    const arrived = (batch: SyncBatch): void => {
      for (const { parsed } of batch.toDevice) {
        if (parsed.kind === 'ok') arrivals.set(parsed.value.from.callId, performance.now());
      }
    };
    const focus = await ListeningFocus.start({ synapse, account, onBatch: arrived });
    const oneWay: number[] = [];
    const put: number[] = [];
    for (let number = 0; number < 30; number += 1) {
      const callId = `timed-${number}`;
      const begun = performance.now();
      await sendHangup(synapse, alice, account, callId);
      put.push(performance.now() - begun);
      await until('message received', 15_000, () => arrivals.has(callId));
      oneWay.push((arrivals.get(callId) ?? Number.NaN) - begun);
    }
    process.stdout.write(`to-device, PUT sent to batch: ${spread(oneWay)}; the PUT itself: ${spread(put)}\n`);
    expect(oneWay).toHaveLength(30);
    await focus.stop();
  });
});

describe('a position that the homeserver does not know', () => {
  it('is given up for a fresh start', async () => {
    const account = await newFocusAccount();
    const { roomId } = await createCallRoom({ baseUrl: synapse.baseUrl, creator: alice });
    await matrixRequest(synapse.baseUrl, {
      method: 'POST',
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/invite`,
      accessToken: alice.accessToken,
      body: { user_id: account.userId },
    });
    await joinRoom(synapse.baseUrl, account, roomId);
    const focus = await ListeningFocus.start({ synapse, account, position: { since: 'nonsense', at: Date.now() } });
    expect(focus.batches[0]).toMatchObject({ whole: true, catchUp: true, lateMs: undefined });
    expect(focus.rooms.joinedRooms()).toEqual([roomId]);
    await focus.stop();
  });
});

function spread(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(1);
  return `median ${at(0.5)} ms, p90 ${at(0.9)}, max ${at(1)}`;
}
