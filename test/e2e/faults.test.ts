/** The focus killed, its homeserver away, its media worker dead. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inviteEvent } from '../../loadtest/peers/client-messages.ts';
import { until } from '../../loadtest/peers/until.ts';
import { Bound } from './slowness.ts';
import { report, Stage, WAIT_MS, whole, wholeAgain } from './stage.ts';

/** Product bound: from the kill until there can be media again, without a human. */
const BACK_WITHIN_MS = 10_000;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage.end());

test('after a kill and a restart every old session is hung up, and its client joins again', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const [alice, bob, late] = users;
  const room = await scene.callRoom(users);
  const old = await scene.call(room, [alice, bob]);
  const bound = new Bound(BACK_WITHIN_MS);
  const begun = performance.now();
  await stage.focus.kill();
  // Sent while nobody listens, and over before somebody does.
  const stale = scene.peer(late, room);
  const { content } = inviteEvent(stale.call, 'v=0\r\n', {});
  await stale.listen();
  await stale.tellFocus('m.call.invite', { ...content, lifetime: 500 });
  await delay(1_000);
  await stage.focus.restart();
  await until('the old sessions are hung up', WAIT_MS, () => old.every(peer => peer.hangup !== undefined));
  for (const peer of old) {
    expect(peer.hangup).toMatchObject({ reason: 'unknown_error', code: 'WEIR_FOCUS_RESTARTED' });
    // Their invites were in the homeserver's queue of the earlier run: nobody answers them again.
    expect(peer.seen.answers).toBe(1);
    await peer.vanish();
  }
  const fresh = await scene.call(room, [alice, bob]);

  const back = performance.now() - begun;
  report('restart', { 'media again after ms': back });
  expect(back).toBeLessThan(bound.stretched());
  await until('the stale invite is refused', WAIT_MS, () => stale.hangup !== undefined);
  expect(stale.hangup).toMatchObject({ reason: 'invite_timeout', code: 'WEIR_STALE_INVITE' });
  expect(stale.seen.answers).toBe(0);
  await wholeAgain(fresh);
});

test('sessions that ended before the kill are not hung up after it', async () => {
  await using scene = stage.scene();
  const users = await scene.users(2);
  const room = await scene.callRoom(users);
  const [left, stayed] = await scene.call(room, users);
  await left.leave();
  await until('it is gone', WAIT_MS, () => !stayed.sees(left));
  const witness = scene.peer(users[0], room);
  await witness.listen();
  await stage.focus.kill();
  await stage.focus.restart();
  await until('the one that stayed is hung up', WAIT_MS, () => stayed.hangup !== undefined);
  await delay(500);
  expect(witness.seen.strayHangups).toEqual([]);
});

test('a homeserver that is away ends no call, and /readyz tells', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const room = await scene.callRoom(users);
  const peers = await scene.call(room, [users[0], users[1]]);
  expect(await stage.get('/readyz')).toMatchObject({ status: 200 });
  stage.synapse.pause();
  try {
    const noticed = await untilStatus('/readyz', 503, 60_000);
    report('homeserver away', { 'noticed after ms': noticed });
    expect((await stage.get('/healthz')).status).toBe(200);
    await wholeAgain(peers);
  } finally {
    stage.synapse.resume();
  }
  const noticed = await untilStatus('/readyz', 200, 30_000);
  report('homeserver back', { 'noticed after ms': noticed });
  const third = await scene.peer(users[2], room).join();
  await whole([...peers, third]);
});

test('a dead media worker is replaced; its sessions are hung up and can join again', async () => {
  await using scene = stage.scene();
  const users = await scene.users(2);
  const room = await scene.callRoom(users);
  const peers = await scene.call(room, users);
  const focusPid = stage.focus.pid();
  const [worker] = await stage.focus.workerPids();
  if (worker === undefined) throw new Error('no worker runs');
  process.kill(worker, 'SIGKILL');
  await until('all are hung up', WAIT_MS, () => peers.every(peer => peer.hangup !== undefined));
  for (const peer of peers) {
    expect(peer.hangup?.code).toBe('WEIR_WORKER_DIED');
    await peer.vanish();
  }
  const ready = await untilStatus('/readyz', 200, 10_000);
  report('worker died', { 'ready again after ms': ready });
  expect(stage.focus.pid()).toBe(focusPid);
  expect(stage.focus.ended()).toBeUndefined();
  expect(await stage.focus.workerPids()).not.toContain(worker);
  await scene.call(room, users);
});

/** Asks until the status is this one; gives how long that took in ms. */
async function untilStatus(path: string, status: number, withinMs: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const answer = await stage.get(path);
    const elapsed = performance.now() - begun;
    if (answer.status === status) return elapsed;
    if (elapsed > withinMs) throw new Error(`${path} says ${answer.status}, not ${status}: ${answer.body}`);
    await delay(100);
  }
}
