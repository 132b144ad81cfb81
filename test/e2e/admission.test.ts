/** Who may join, and what ends for those who may no longer. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kickUser, sendState } from '../../demo/call-room.ts';
import type { LightPeer } from '../peers/light-peer.ts';
import { until } from '../peers/until.ts';
import { report, Stage, wholeAgain } from './stage.ts';

/** Product bound: from the removal until no media arrives. */
const MEDIA_ENDS_WITHIN_MS = 2_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterEach(() => stage.clear());
afterAll(() => stage.end());

async function refusal(peer: LightPeer): Promise<{ reason: string; code: string | undefined }> {
  await peer.join();
  await until('the invite is answered', 15_000, () => peer.hangup !== undefined || peer.seen.answers > 0);
  if (peer.hangup === undefined) throw new Error('the focus took the invite');
  const { reason, code } = peer.hangup;
  return { reason, code };
}

/** Media that arrives later than this, from now on, is too much. */
async function mediaEnds(peers: readonly LightPeer[]): Promise<void> {
  const begun = performance.now();
  await until('no media arrives', 10_000, () => peers.every(peer => performance.now() - peer.lastPacketAt > 1_500));
  const ended = Math.max(...peers.map(peer => peer.lastPacketAt)) - begun;
  report('removed', { 'media ended after ms': ended });
  expect(ended).toBeLessThan(MEDIA_ENDS_WITHIN_MS);
}

describe('an invite is refused with a reason', () => {
  test('of a user who is not in the room', async () => {
    const [alice, mallory] = await stage.users('alice', 'mallory');
    if (!alice || !mallory) throw new Error('no users');
    const room = await stage.callRoom([alice]);
    expect(await refusal(stage.peer(mallory, room, { unlisted: true }))).toEqual({
      reason: 'unknown_error',
      code: 'WEIR_NOT_JOINED',
    });
  });

  test('to a call that there is not', async () => {
    const [alice] = await stage.users('alice');
    if (!alice) throw new Error('no user');
    const room = await stage.callRoom([alice]);
    const elsewhere = { ...room, confId: randomBytes(8).toString('hex') };
    expect(await refusal(stage.peer(alice, elsewhere))).toEqual({
      reason: 'unknown_error',
      code: 'WEIR_UNKNOWN_CONFERENCE',
    });
  });

  test('to a call of a room that another room has, too, where the user is in neither', async () => {
    const [alice, bob, mallory] = await stage.users('alice', 'bob', 'mallory');
    if (!alice || !bob || !mallory) throw new Error('no users');
    const confId = randomBytes(8).toString('hex');
    await stage.callRoom([alice], { confId });
    const room = await stage.callRoom([bob], { confId });
    const result = await refusal(stage.peer(mallory, room, { unlisted: true, namesRoom: true }));
    expect(result.code).toBe('WEIR_NOT_JOINED');
  });

  test('to a call that was ended', async () => {
    const [alice] = await stage.users('alice');
    if (!alice) throw new Error('no user');
    const room = await stage.callRoom([alice]);
    await sendState(stage.synapse.baseUrl, stage.host, room.roomId, {
      type: 'org.matrix.msc3401.call',
      stateKey: room.confId,
      content: { 'm.intent': 'm.room', 'm.type': 'm.video', 'm.terminated': 'call_ended' },
    });
    expect((await refusal(stage.peer(alice, room))).code).toBe('WEIR_CALL_ENDED');
  });
});

describe('a call goes on for those who stay, and ends', () => {
  test('for a user who is kicked', async () => {
    const [alice, bob, carol] = await stage.users('alice', 'bob', 'carol');
    if (!alice || !bob || !carol) throw new Error('no users');
    const room = await stage.callRoom([alice, bob, carol]);
    const [kicked, ...others] = await stage.call(room, alice, bob, carol);
    if (!kicked) throw new Error('no peer');
    await kickUser(stage.synapse.baseUrl, stage.host, room.roomId, alice.userId);
    await mediaEnds([kicked]);
    await until('it is hung up', 2_000, () => kicked.hangup !== undefined);
    expect(kicked.hangup).toMatchObject({ reason: 'unknown_error', code: 'WEIR_NOT_JOINED' });
    await until('the others no longer see it', 2_000, () => others.every(other => !other.sees(kicked)));
    await wholeAgain(others, 5_000);
  });

  test('for everybody when the focus is kicked, and it may come back', async () => {
    const [alice, bob] = await stage.users('alice', 'bob');
    if (!alice || !bob) throw new Error('no users');
    const room = await stage.callRoom([alice, bob]);
    const peers = await stage.call(room, alice, bob);
    await kickUser(stage.synapse.baseUrl, stage.host, room.roomId, stage.focus.user.userId);
    await mediaEnds(peers);
    await until('all are hung up', 2_000, () => peers.every(peer => peer.hangup !== undefined));
    expect(peers.map(peer => peer.hangup)).toMatchObject([
      { reason: 'user_hangup', code: 'WEIR_CALL_ENDED' },
      { reason: 'user_hangup', code: 'WEIR_CALL_ENDED' },
    ]);
    expect((await refusal(stage.peer(alice, room))).code).toBe('WEIR_UNKNOWN_CONFERENCE');
  });

  test('for everybody when the call is terminated in the room', async () => {
    const [alice, bob] = await stage.users('alice', 'bob');
    if (!alice || !bob) throw new Error('no users');
    const room = await stage.callRoom([alice, bob]);
    const peers = await stage.call(room, alice, bob);
    await sendState(stage.synapse.baseUrl, stage.host, room.roomId, {
      type: 'org.matrix.msc3401.call',
      stateKey: room.confId,
      content: { 'm.intent': 'm.room', 'm.type': 'm.video', 'm.terminated': 'call_ended' },
    });
    await mediaEnds(peers);
    expect(peers.map(peer => peer.hangup?.code)).toEqual(['WEIR_CALL_ENDED', 'WEIR_CALL_ENDED']);
  });
});

test('an invite that is ahead of the room state is taken once the focus has heard of the join', async () => {
  const [alice, bob] = await stage.users('alice', 'bob');
  if (!alice || !bob) throw new Error('no users');
  const room = await stage.callRoom([alice, bob]);
  // Made, joined and called in one go: the focus hears of room, call and invite in whatever order its homeserver tells.
  const confId = randomBytes(8).toString('hex');
  const hurried = stage.peer(alice, { ...room, confId }, { unlisted: true });
  const joined = hurried.join();
  await sendState(stage.synapse.baseUrl, stage.host, room.roomId, {
    type: 'org.matrix.msc3401.call',
    stateKey: confId,
    content: { 'm.intent': 'm.room', 'm.type': 'm.video' },
  });
  await joined;
  await until('it is answered', 5_000, () => hurried.seen.answers > 0);
  expect(hurried.hangup).toBeUndefined();
});
