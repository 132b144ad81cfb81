/** Peers with one transport join, cross offers, subscribe. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendState } from '../../demo/call-room.ts';
import { until } from '../../loadtest/peers/until.ts';
import { Bound } from './slowness.ts';
import { report, Stage, WAIT_MS, whole, wholeAgain } from './stage.ts';

/** Product bound: ten participants who join within a second are whole. */
const TEN_ARE_WHOLE_WITHIN_MS = 5_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.end());

test('ten peers that join within a second all receive everybody, soon', async () => {
  await using scene = stage.scene();
  const users = await scene.users(10);
  const room = await scene.callRoom(users);
  const peers = users.map(user => scene.peer(user, room));
  const oneSecond = new Bound(1_000);
  const bound = new Bound(TEN_ARE_WHOLE_WITHIN_MS);
  await Promise.all(peers.map(peer => peer.join()));
  const first = Math.min(...peers.map(peer => peer.invitedAt));
  const last = Math.max(...peers.map(peer => peer.invitedAt));
  expect(last - first).toBeLessThan(oneSecond.stretched());
  await whole(peers);
  const wholeAfter = performance.now() - first;
  const mostOffers = Math.max(...peers.map(peer => peer.seen.offers));
  report('ten join', { 'invites within ms': last - first, 'whole after ms': wholeAfter, 'most offers': mostOffers });
  expect(wholeAfter).toBeLessThan(bound.stretched());
  expect(peers.flatMap(peer => [...peer.seen.errors, ...peer.seen.unreadable])).toEqual([]);
  // Coalesced: an offer for each of nine newcomers would be the naive way.
  expect(mostOffers).toBeLessThan(9);
});

describe.concurrent('where offers cross', () => {
  test("a client's offer wins, and everything flows afterwards", async () => {
    await using scene = stage.scene();
    const [alice, bob, carol] = await scene.users(3);
    const room = await scene.callRoom([alice, bob, carol]);
    const [first, second] = await scene.call(room, [alice, bob]);
    // The newcomer makes the focus offer to both; both drop that and offer their screens.
    first.offerHabit = { kind: 'collide' };
    second.offerHabit = { kind: 'collide' };
    const third = await scene.peer(carol, room).join();
    const peers = [first, second, third];
    await until('both offers crossed', WAIT_MS, () => first.tracks().length === 3 && second.tracks().length === 3);
    const wholeAfter = await whole(peers);
    await wholeAgain(peers);
    report('glare', { 'whole after ms': wholeAfter });
    expect([first.seen.offersDropped, second.seen.offersDropped]).toEqual([1, 1]);
    expect(peers.flatMap(peer => peer.seen.unreadable)).toEqual([]);
  });

  test('the answer to an offer that was made again already harms nobody', async () => {
    await using scene = stage.scene();
    const [alice, bob] = await scene.users(2);
    const room = await scene.callRoom([alice, bob]);
    const slow = scene.peer(alice, room);
    slow.offerHabit = { kind: 'delay', ms: 6_500 };
    await slow.join();
    const quick = await scene.peer(bob, room).join();
    await whole([slow, quick]);
    expect(slow.seen.offers).toBeGreaterThan(1);
    slow.offerHabit = { kind: 'answer' };
    await delay(7_000);
    await wholeAgain([slow, quick]);
    expect(slow.hangup).toBeUndefined();
  });

  test('a client that never answers is hung up, and the others go on', async () => {
    await using scene = stage.scene();
    const [alice, bob, carol] = await scene.users(3);
    const room = await scene.callRoom([alice, bob, carol]);
    const others = await scene.call(room, [bob, carol]);
    const mute = scene.peer(alice, room);
    mute.offerHabit = { kind: 'ignore' };
    await mute.join();
    await until('the others see it', WAIT_MS, () => others.every(other => other.sees(mute)));
    await until('the focus gives up', WAIT_MS, () => mute.hangup !== undefined);
    expect(mute.hangup?.code).toBe('WEIR_NEGOTIATION_TIMEOUT');
    await until('the others no longer see it', WAIT_MS, () => !others.some(other => other.sees(mute)));
    await wholeAgain(others);
  });
});

describe.concurrent('subscriptions', () => {
  test('to unknown tracks are answered; said again they change nothing', async () => {
    await using scene = stage.scene();
    const users = await scene.users(2);
    const [viewer, publisher] = await scene.call(await scene.callRoom(users), users);
    const unknown = { streamId: publisher.streamId, trackId: randomUUID() };
    expect(viewer.subscribe([unknown])).toBe(true);
    await until('the error arrives', WAIT_MS, () => viewer.seen.errors.length > 0);
    expect(viewer.seen.errors).toHaveLength(1);
    expect(viewer.seen.errors[0]).toMatchObject({
      code: 'WEIR_UNKNOWN_TRACK',
      inReplyTo: 'm.call.track_subscription',
      tracks: [unknown],
    });

    const offers = viewer.seen.offers;
    for (let again = 0; again < 5; again += 1) viewer.subscribe(publisher.tracks());
    viewer.subscribe(publisher.tracks().map(track => ({ ...track, width: 32, height: 32 })));
    await delay(1_500);
    expect(viewer.seen.offers).toBe(offers);
    await wholeAgain([viewer, publisher]);
  });

  test('that end stop the media, and renewed bring it back', async () => {
    await using scene = stage.scene();
    const users = await scene.users(2);
    const [viewer, publisher] = await scene.call(await scene.callRoom(users), users);
    viewer.subscribesToAll = false;
    viewer.unsubscribe(publisher.tracks());
    await until('nothing arrives for half a second', WAIT_MS, () => performance.now() - viewer.lastPacketAt > 500);
    viewer.subscribe(publisher.tracks());
    await wholeAgain([viewer, publisher]);
  });
});

test("member events of today's MatrixRTC disturb nothing", async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  const stateKey = `_${alice.userId}_${alice.deviceId}_m.call`;
  const content = {
    application: 'm.call',
    call_id: '',
    scope: 'm.room',
    device_id: alice.deviceId,
    expires: 14_400_000,
    focus_active: { type: 'livekit', focus_selection: 'oldest_membership' },
    foci_preferred: [{ type: 'livekit', livekit_service_url: 'https://rtc.example.org', livekit_alias: room.roomId }],
  };
  const type = 'org.matrix.msc3401.call.member';
  await sendState(stage.synapse.baseUrl, alice, room.roomId, { type, stateKey, content });
  const peers = await scene.call(room, [alice, bob]);
  await sendState(stage.synapse.baseUrl, alice, room.roomId, { type, stateKey, content: {} });
  await wholeAgain(peers);
  const warnings = (await stage.focusLog()).split('\n').filter(line => /"level":"?(40|50|60|warn|error)/.test(line));
  expect(warnings.filter(line => line.includes(stateKey))).toEqual([]);
});
