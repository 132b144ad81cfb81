/** The homeserver adapter while its Synapse is frozen, stopped and started again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCallRoom, kickUser } from '../../demo/call-room.ts';
import { type MatrixUser, startSynapse, type Synapse } from '../../demo/synapse.ts';
import { until } from '../../loadtest/peers/until.ts';
import { ListeningFocus, sendHangup } from './listening-focus.ts';

let stateDir: string;
let synapse: Synapse;
let alice: MatrixUser;
let bob: MatrixUser;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'weir-synapse-'));
  synapse = await startSynapse({ stateDir });
  alice = await synapse.registerUser({ localpart: 'alice' });
  bob = await synapse.registerUser({ localpart: 'bob' });
});

afterAll(async () => {
  await synapse.stop();
  await rm(stateDir, { recursive: true, force: true });
});

it('goes on by itself after the homeserver was stopped and started', async () => {
  const account = await synapse.registerUser({ localpart: 'focus' });
  const { roomId } = await createCallRoom({
    baseUrl: synapse.baseUrl,
    creator: alice,
    members: [bob],
    invited: [account.userId],
  });
  const focus = await ListeningFocus.start({ synapse, account });
  await until('room joined', 10_000, () => focus.rooms.isJoined(roomId, bob.userId));
  await synapse.stop();
  await until('outage noticed', 10_000, () => focus.homeserver.health().state === 'unreachable');
  expect(focus.homeserver.health().lastError?.code).toBe('WEIR_HOMESERVER_UNREACHABLE');
  const answer = focus.homeserver.send(alice.userId, alice.deviceId, {
    type: 'm.call.answer',
    content: { call_id: 'c' },
  });
  await synapse.restart();
  await until('reached again', 40_000, () => focus.homeserver.health().state === 'reached');
  // What was sent into the outage arrives, as long as it did not last too long.
  await answer;
  await sendHangup(synapse, alice, account, 'after the outage');
  await until('message received', 10_000, () => focus.callIds('hangup').includes('after the outage'));
  await kickUser(synapse.baseUrl, alice, roomId, bob.userId);
  await until('kick seen', 10_000, () => !focus.rooms.isJoined(roomId, bob.userId));
  expect(focus.health).toEqual(['reached', 'unreachable', 'reached']);
  await focus.stop();
});

it('can be stopped while the homeserver is frozen', async () => {
  const account = await synapse.registerUser({ localpart: 'frozen' });
  const focus = await ListeningFocus.start({ synapse, account });
  synapse.pause();
  try {
    const lost = focus.homeserver.send(alice.userId, alice.deviceId, { type: 'm.call.hangup', content: {} });
    await Promise.all([expect(lost).rejects.toMatchObject({ code: 'WEIR_FOCUS_STOPPING' }), focus.stop()]);
  } finally {
    synapse.resume();
  }
});
