/** Sessions that end, fall silent, come back, are replaced. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hangupEvent } from '../../loadtest/peers/client-messages.ts';
import { PeerProcess } from '../peers/peer-process.ts';
import { until } from '../../loadtest/peers/until.ts';
import { Bound } from './slowness.ts';
import { report, Stage, WAIT_MS, whole, wholeAgain } from './stage.ts';

/** Product bound: from falling silent until the others no longer see a participant. */
const GONE_WITHIN_MS = 10_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.end());

describe.concurrent('a participant', () => {
  test('that hangs up is gone at once', async () => {
    await using scene = stage.scene();
    const users = await scene.users(3);
    const [leaver, ...others] = await scene.call(await scene.callRoom(users), users);
    await leaver.leave();
    const gone = await until('nobody sees it', WAIT_MS, () => !others.some(other => other.sees(leaver)));
    report('hangup', { 'gone after ms': gone });
    await wholeAgain(others);
  });

  test('that rejoins at once is a new session; the late hangup of the old one changes nothing', async () => {
    await using scene = stage.scene();
    const [alice, bob] = await scene.users(2);
    const room = await scene.callRoom([alice, bob]);
    const [old, other] = await scene.call(room, [alice, bob]);
    await old.vanish();
    const fresh = await scene.peer(alice, room).join();
    await whole([fresh, other]);
    await until('the old session is told', WAIT_MS, () => fresh.seen.strayHangups.length > 0);
    expect(fresh.seen.strayHangups).toEqual([
      { callId: old.call.callId, reason: 'new_session', code: 'WEIR_REPLACED' },
    ]);
    expect(other.sees(old)).toBe(false);
    const { type, content } = hangupEvent(old.call);
    await fresh.tellFocus(type, content);
    await delay(1_000);
    await wholeAgain([fresh, other]);
    expect(fresh.hangup).toBeUndefined();
  });

  test('that invites twice in the same words has one session', async () => {
    await using scene = stage.scene();
    const [alice, bob] = await scene.users(2);
    const room = await scene.callRoom([alice, bob]);
    const twice = scene.peer(alice, room);
    twice.repeatsInvite = true;
    await twice.join();
    const other = await scene.peer(bob, room).join();
    await whole([twice, other]);
    await delay(1_000);
    expect(twice.seen.answers).toBeLessThanOrEqual(2);
    expect(twice.hangup).toBeUndefined();
    await wholeAgain([twice, other]);
  });

  test('with two devices is two participants', async () => {
    await using scene = stage.scene();
    const [alice, bob] = await scene.users(2);
    const room = await scene.callRoom([alice, bob]);
    const phone = await stage.synapse.login(alice, 'PHONE');
    const peers = await scene.call(room, [alice, phone, bob]);
    await peers[1].leave();
    await until('the phone is gone', WAIT_MS, () => !peers[2].sees(peers[1]));
    await wholeAgain([peers[0], peers[2]], 5_000);
  });

  test('that is frozen disappears for the others, and is back once it goes on', async () => {
    await using scene = stage.scene();
    const [alice, bob, carol] = await scene.users(3);
    const room = await scene.callRoom([alice, bob, carol]);
    const others = await scene.call(room, [bob, carol]);
    const { userId, deviceId } = stage.focus.user;
    await using frozen = PeerProcess.start({
      baseUrl: stage.synapse.baseUrl,
      user: alice,
      focus: { userId, deviceId },
      room,
    });
    const seen = () => {
      const { streamId } = frozen.status ?? {};
      return streamId !== undefined && others.every(other => Object.hasOwn(other.metadata, streamId));
    };
    const flows = () => (frozen.status?.packets ?? 0) > 0;
    await until('it is seen', WAIT_MS, () => seen() && flows());
    // Alive once by the word of its page: from then on silence counts.
    await delay(4_000);
    const bound = new Bound(GONE_WITHIN_MS);
    frozen.freeze();
    const gone = await until('nobody sees it', WAIT_MS, () => !seen());
    expect(gone).toBeLessThan(bound.stretched());
    await wholeAgain(others);
    const packets = frozen.status?.packets ?? 0;
    frozen.thaw();
    const back = await until('it is back', WAIT_MS, () => seen() && (frozen.status?.packets ?? 0) > packets + 20);
    report('frozen', { 'gone after ms': gone, 'back after ms': back });
    expect(frozen.status?.hangup).toBeUndefined();
  });

  test('that goes without a word is gone soon', async () => {
    await using scene = stage.scene();
    const users = await scene.users(3);
    const room = await scene.callRoom(users);
    const [lost, ...others] = await scene.call(room, users);
    const bound = new Bound(GONE_WITHIN_MS);
    await lost.vanish();
    const gone = await until('nobody sees it', WAIT_MS, () => !others.some(other => other.sees(lost)));
    report('vanished', { 'gone after ms': gone });
    expect(gone).toBeLessThan(bound.stretched());
    await wholeAgain(others);
  });
});
