/** A walkie-talkie over two servers: one floor for both, passed from one side to the other. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countTwoAtOnce } from '../../bench/sessions/floor-events.ts';
import type { Federation } from '../../demo/federated/federation.ts';
import { keyOf } from '../../loadtest/peers/endpoint.ts';
import { type FloorEvent, FloorPeer } from '../../loadtest/peers/floor-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { eventually, WAIT_MS } from '../e2e/stage.ts';
import { startFederatedStage } from './stage.ts';

/** A turn: much longer than what the foci may be apart in what they tell. */
const SPEAKS_MS = 1_000;
/** Two foci tell their clients of a hand-over, on a busy machine. */
const APART_MS = 400;

let federation: Federation;
let owned = new AsyncDisposableStack();
const peers: FloorPeer[] = [];
const events: FloorEvent[] = [];
/** Whose voice a track is, by its key. */
const speakers = new Map<string, string>();

beforeAll(async () => {
  ({ federation, owned } = await startFederatedStage({
    places: [{ users: ['alice', 'anna'] }, { users: ['bob', 'berta'] }],
    permissions: { floor: { audio: true } },
    // The machine is busy: nobody is to be refused for that.
    config: { overload: { enabled: false } },
  }));
  for (const { synapse, focus, users } of federation.sites) {
    for (const user of users) {
      const place = { baseUrl: synapse.baseUrl, focus: focus.user, room: federation.room };
      peers.push(owned.use(new FloorPeer({ ...place, user }, speakers, events)));
    }
  }
  const voices = peers.map(({ peer }) => peer.tracks()[0]).filter(track => track !== undefined);
  for (const [index, voice] of voices.entries()) speakers.set(keyOf(voice), peers[index]?.userId ?? '');
  await Promise.all(peers.map(({ peer }) => peer.join()));
  await until('all see each other, and are told of the floor', WAIT_MS, () =>
    peers.every(one => one.told !== undefined && peers.every(({ peer }) => peer === one.peer || one.peer.sees(peer))),
  );
  for (const { peer } of peers) peer.subscribe(voices.filter(({ streamId }) => streamId !== peer.streamId));
  await until('all have agreed to the voices', WAIT_MS, () => peers.every(({ peer }) => peer.seen.offers > 0));
}, 300_000);

afterAll(() => owned.disposeAsync());

/** All four are told of one holder. */
async function untilHolder(holder: string | undefined): Promise<void> {
  await until(`${holder ?? 'nobody'} holds the floor`, WAIT_MS, () =>
    peers.every(({ told }) => told !== undefined && told.holder === holder),
  );
}

/** All others receive this one's voice. */
async function untilHeard(speaker: FloorPeer): Promise<void> {
  const begun = events.length;
  await until(`${speaker.userId} is heard by all`, WAIT_MS, () => {
    const heardBy = events
      .slice(begun)
      .flatMap(one => (one.kind === 'heard' && one.from === speaker.userId ? one.device : []));
    return new Set(heardBy).size === peers.length - 1;
  });
}

function at(index: number): FloorPeer {
  const peer = peers[index];
  if (peer === undefined) throw new Error('four are there');
  return peer;
}

it('passes the floor from one side to the other, and everybody hears its holder and nobody else', async () => {
  events.length = 0;
  // From one side to the other each time, then within each.
  const turns = [0, 2, 1, 3, 2, 0].map(at);
  const [first] = turns;
  first?.press();
  await untilHolder(first?.userId);
  for (const [index, speaker] of turns.entries()) {
    await untilHeard(speaker);
    const next = turns[index + 1];
    next?.press();
    if (next !== undefined) await until('the next one waits', WAIT_MS, () => next.told?.you === 'queued');
    await delay(SPEAKS_MS);
    speaker.release();
    await untilHolder(next?.userId);
  }
  expect(countTwoAtOnce(events, APART_MS)).toBe(0);
}, 240_000);

it('gives the floor to the other side after its holder died without a word', async () => {
  const [dead, next] = [at(2), at(0)];
  dead.press();
  await untilHolder(dead.userId);
  next.press();
  await until('the next one waits', WAIT_MS, () => next.told?.you === 'queued');
  await dead[Symbol.asyncDispose]();
  await until('the next one has it', WAIT_MS, () => next.told?.you === 'holder');
  next.release();
}, 120_000);

it('leaves the floor to a side whose other focus is gone, and joins both again', async () => {
  const [, b] = federation.sites;
  const [here, there] = [at(0), at(3)];
  there.press();
  await until('the other side has it', WAIT_MS, () => here.told?.holder === there.userId);
  here.press();
  await until('it waits', WAIT_MS, () => here.told?.you === 'queued');
  await b.focus.kill();
  await until('it has the floor', WAIT_MS, () => here.told?.you === 'holder');

  await b.focus.restart();
  // Load peers do not come back by themselves.
  await there[Symbol.asyncDispose]();
  const [, user] = b.users;
  if (user === undefined) throw new Error('the site has two users');
  const place = { baseUrl: b.synapse.baseUrl, focus: b.focus.user, room: federation.room };
  const again = owned.use(new FloorPeer({ ...place, user }, speakers, events));
  await again.peer.join();
  await until('it is told who speaks', WAIT_MS, () => again.told?.holder === here.userId);
  again.press();
  await until('it waits', WAIT_MS, () => again.told?.you === 'queued');
  here.release();
  await until('it has the floor', WAIT_MS, () => again.told?.you === 'holder' && here.told?.holder === again.userId);
}, 180_000);

it('leaves nothing in the logs that was not expected', async () => {
  await eventually('the logs are there', async () => {
    for (const { focus } of federation.sites)
      expect(await readFile(focus.logFile, 'utf8')).not.toMatch(/WEIR_INTERNAL|nhandled/);
    return true;
  });
});
