/** Who may join, and what ends for those who may no longer. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallRoom, kickUser, sendState } from '../../demo/call-room.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { Bound } from './slowness.ts';
import { report, Stage, WAIT_MS, whole, wholeAgain } from './stage.ts';

/** Product bound: from the removal until no media arrives. */
const MEDIA_ENDS_WITHIN_MS = 2_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.end());

async function refusal(peer: LightPeer): Promise<{ reason: string; code: string | undefined }> {
  await peer.join();
  await until('the invite is answered', WAIT_MS, () => peer.hangup !== undefined || peer.seen.answers > 0);
  if (peer.hangup === undefined) throw new Error('the focus took the invite');
  const { reason, code } = peer.hangup;
  return { reason, code };
}

function endCall(room: CallRoom): Promise<void> {
  return sendState(stage.synapse.baseUrl, stage.host, room.roomId, {
    type: 'org.matrix.msc3401.call',
    stateKey: room.confId,
    content: { 'm.intent': 'm.room', 'm.type': 'm.video', 'm.terminated': 'call_ended' },
  });
}

/** Nothing may arrive later than the bound after `begun`, when the homeserver had taken the change. */
async function mediaEnds(peers: readonly LightPeer[], begun: number): Promise<void> {
  const bound = new Bound(MEDIA_ENDS_WITHIN_MS);
  await until('no media arrives', WAIT_MS, () => peers.every(peer => performance.now() - peer.lastPacketAt > 1_500));
  const ended = Math.max(...peers.map(peer => peer.lastPacketAt)) - begun;
  report('removed', { 'media ended after ms': ended });
  expect(ended).toBeLessThan(bound.stretched());
}

describe.concurrent('an invite is refused with a reason', () => {
  test('of a user who is not in the room', async () => {
    await using scene = stage.scene();
    const [member, stranger] = await scene.users(2);
    const room = await scene.callRoom([member]);
    expect(await refusal(scene.peer(stranger, room, { unlisted: true }))).toEqual({
      reason: 'unknown_error',
      code: 'WEIR_NOT_JOINED',
    });
  });

  test('to a call that there is not', async () => {
    await using scene = stage.scene();
    const [member] = await scene.users(1);
    const room = await scene.callRoom([member]);
    expect(await refusal(scene.peer(member, { ...room, confId: randomUUID() }))).toEqual({
      reason: 'unknown_error',
      code: 'WEIR_UNKNOWN_CONFERENCE',
    });
  });

  test('to a call whose id another room has, too, of a user who is in neither', async () => {
    await using scene = stage.scene();
    const [one, other, stranger] = await scene.users(3);
    const { confId } = await scene.callRoom([one]);
    const room = await scene.callRoom([other], { confId });
    const result = await refusal(scene.peer(stranger, room, { unlisted: true, namesRoom: true }));
    expect(result.code).toBe('WEIR_NOT_JOINED');
  });

  test('to a call that was ended', async () => {
    await using scene = stage.scene();
    const [member] = await scene.users(1);
    const room = await scene.callRoom([member]);
    await endCall(room);
    expect((await refusal(scene.peer(member, room))).code).toBe('WEIR_CALL_ENDED');
  });
});

test('calls of one id in two rooms have nothing to do with each other', async () => {
  await using scene = stage.scene();
  const [one, two, both] = await scene.users(3);
  const confId = randomUUID();
  const left = await scene.callRoom([one, both], { confId });
  const right = await scene.callRoom([two, both], { confId });
  const inLeft = await scene.peer(one, left).join();
  const inRight = await scene.peer(two, right).join();
  // In both rooms: the room that the invite names counts.
  const named = await scene.peer(both, right, { namesRoom: true }).join();
  await whole([inRight, named]);
  expect(inLeft.sees(inRight)).toBe(false);
  expect(inLeft.sees(named)).toBe(false);
  expect(named.sees(inLeft)).toBe(false);
});

describe.concurrent('a call goes on for those who stay, and ends', () => {
  test('for a user who is kicked', async () => {
    await using scene = stage.scene();
    const users = await scene.users(3);
    const room = await scene.callRoom(users);
    const [kicked, ...others] = await scene.call(room, users);
    await kickUser(stage.synapse.baseUrl, stage.host, room.roomId, users[0].userId);
    await mediaEnds([kicked], performance.now());
    expect(kicked.hangup).toMatchObject({ reason: 'unknown_error', code: 'WEIR_NOT_JOINED' });
    await until('the others no longer see it', WAIT_MS, () => !others.some(other => other.sees(kicked)));
    await wholeAgain(others);
  });

  test('for everybody when the focus is kicked', async () => {
    await using scene = stage.scene();
    const users = await scene.users(2);
    const room = await scene.callRoom(users);
    const peers = await scene.call(room, users);
    await kickUser(stage.synapse.baseUrl, stage.host, room.roomId, stage.focus.user.userId);
    await mediaEnds(peers, performance.now());
    for (const peer of peers) expect(peer.hangup).toMatchObject({ reason: 'user_hangup', code: 'WEIR_CALL_ENDED' });
    expect((await refusal(scene.peer(users[0], room))).code).toBe('WEIR_UNKNOWN_CONFERENCE');
  });

  test('for everybody when the call is terminated in the room', async () => {
    await using scene = stage.scene();
    const users = await scene.users(2);
    const room = await scene.callRoom(users);
    const peers = await scene.call(room, users);
    await endCall(room);
    await mediaEnds(peers, performance.now());
    for (const peer of peers) expect(peer.hangup?.code).toBe('WEIR_CALL_ENDED');
  });
});

test('an invite that is ahead of the room state is taken once the focus has heard of the call', async () => {
  await using scene = stage.scene();
  const [member] = await scene.users(1);
  const room = { ...(await scene.callRoom([member])), confId: randomUUID() };
  const hurried = await scene.peer(member, room, { unlisted: true }).join();
  await sendState(stage.synapse.baseUrl, stage.host, room.roomId, {
    type: 'org.matrix.msc3401.call',
    stateKey: room.confId,
    content: { 'm.intent': 'm.room', 'm.type': 'm.video' },
  });
  await until('it is answered', WAIT_MS, () => hurried.seen.answers > 0);
  expect(hurried.hangup).toBeUndefined();
});
