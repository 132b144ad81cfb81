import { setTimeout as delay } from 'node:timers/promises';
import type { Call } from '../../demo/check/call.ts';
import { type CallRoom, createCallRoom, joinedMembers } from '../../demo/call-room.ts';
import type { Deployment } from '../../demo/deployment.ts';
import { FOCUS_DEVICE_ID } from '../../demo/site.ts';
import { keyOf } from '../../loadtest/peers/endpoint.ts';
import { type FloorEvent, FloorPeer } from '../../loadtest/peers/floor-peer.ts';
import { Publishers } from '../../loadtest/peers/publishers.ts';
import { until } from '../../loadtest/peers/until.ts';
import { countHandovers, countTwoAtOnce } from './floor-events.ts';

/** How a walkie-talkie of load peers went. */
export interface FloorResult {
  /** Passages of the floor after which its new holder was heard by all others. */
  handovers: number;
  /** See `countTwoAtOnce`. */
  two_at_once: number;
  /** From the death of a holder without a word until who waited was told that it holds, ms; null where it was not. */
  dead_holder_ms: number | null;
}

type Place = Pick<Call, 'progress' | 'signal'> & { deployment: Deployment };

const HANDOVERS = 100;
/** A turn: many packets longer than what may be in flight. */
const SPEAKS_MS = 250;
const TOLD_WITHIN_MS = 5_000;
const JOINS_WITHIN_MS = 30_000;
const DEAD_HOLDER_UNDER_MS = 10_000;
const DEAD_HOLDER_WITHIN_MS = 20_000;
const ENDS_WITHIN_MS = 120_000;

/** Passes the floor of a call of four a hundred times, all voices on all the time; then its holder dies while another waits. */
export async function measureFloor({ deployment, progress, signal }: Place): Promise<FloorResult> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(ENDS_WITHIN_MS)]);
  const room = await walkieTalkie(deployment, within);
  const { synapse, focus } = deployment;
  const place = {
    baseUrl: synapse.baseUrl,
    focus: { userId: focus.user.userId, deviceId: FOCUS_DEVICE_ID },
    room,
    namesRoom: true,
  };
  const events: FloorEvent[] = [];
  const speakers = new Map<string, string>();
  await using owned = new AsyncDisposableStack();
  const peers = deployment.users
    .slice(0, 4)
    .map(user => owned.use(new FloorPeer({ ...place, user }, speakers, events)));
  await joinAll(peers, speakers);
  await passOn(peers, within, count => {
    if (count % 25 === 0) progress.tell(`${count} hand-overs`);
  });
  const [handovers, two_at_once] = [countHandovers(events), countTwoAtOnce(events)];

  const [dead, next] = [peers.at(-1), peers[0]];
  if (dead === undefined || next === undefined || dead === next) throw new RangeError('two users are needed');
  await dead.leave();
  progress.tell('A holder dies');
  // In a process of its own, which can be killed.
  const child = owned.use(Publishers.start({ ...place, users: [dead.peer.options.user] }));
  await child.joined;
  await until('the one to die is connected', JOINS_WITHIN_MS, () => child.status[0]?.connected === true);
  return { handovers, two_at_once, dead_holder_ms: await outlive(child, dead.userId, next, within) };
}

/** Bounds that were missed. */
export function judgeFloor(result: FloorResult | null): string[] {
  if (result === null) return ['the floor was not measured'];
  const missed: string[] = [];
  const { handovers, two_at_once: twoAtOnce, dead_holder_ms: deadHolderMs } = result;
  if (handovers < HANDOVERS) missed.push(`floor.handovers is ${handovers} and has to be ${HANDOVERS}`);
  if (twoAtOnce > 0) missed.push(`floor.two_at_once is ${twoAtOnce} and has to be 0`);
  if (deadHolderMs === null) missed.push('floor.dead_holder_ms was not measured');
  else if (deadHolderMs >= DEAD_HOLDER_UNDER_MS)
    missed.push(`floor.dead_holder_ms is ${deadHolderMs} and has to be under ${DEAD_HOLDER_UNDER_MS}`);
  return missed;
}

/** A room of its own, so that no other part finds a floor in its call. */
async function walkieTalkie({ synapse, focus, users }: Deployment, signal: AbortSignal): Promise<CallRoom> {
  const [creator, ...members] = users;
  if (creator === undefined) throw new RangeError('a user is needed');
  const { baseUrl } = synapse;
  const invited = [focus.user.userId];
  const room = await createCallRoom({
    baseUrl,
    creator,
    members,
    invited,
    name: 'Walkie-talkie',
    permissions: { floor: { audio: true } },
  });
  while (!(await joinedMembers(baseUrl, creator, room.roomId)).includes(focus.user.userId))
    await delay(100, undefined, { signal });
  return room;
}

/** All are in the call, know of the floor, and would hear each other. */
async function joinAll(peers: readonly FloorPeer[], speakers: Map<string, string>): Promise<void> {
  const voices = peers.map(({ peer }) => peer.tracks()[0]).filter(track => track !== undefined);
  for (const [index, voice] of voices.entries()) speakers.set(keyOf(voice), peers[index]?.userId ?? '');
  await Promise.all(peers.map(({ peer }) => peer.join()));
  await until('all are told of the floor', JOINS_WITHIN_MS, () => peers.every(({ told }) => told !== undefined));
  await until('all see each other', JOINS_WITHIN_MS, () =>
    peers.every(({ peer }) => peers.every(other => other.peer === peer || peer.sees(other.peer))),
  );
  for (const { peer } of peers) peer.subscribe(voices.filter(({ streamId }) => streamId !== peer.streamId));
  await until('all have agreed to the voices', JOINS_WITHIN_MS, () => peers.every(({ peer }) => peer.seen.offers > 0));
}

/** The floor goes round: who has it lets go while the next one waits. */
async function passOn(
  peers: readonly FloorPeer[],
  signal: AbortSignal,
  passed: (count: number) => void,
): Promise<void> {
  let holder = at(peers, 0);
  holder.press();
  await until('the first has the floor', TOLD_WITHIN_MS, () => holder.told?.you === 'holder');
  for (let count = 1; count <= HANDOVERS; count += 1) {
    const next = at(peers, count);
    next.press();
    await until('the next one waits', TOLD_WITHIN_MS, () => next.told?.you === 'queued');
    await delay(SPEAKS_MS, undefined, { signal });
    holder.release();
    await until('the next one has the floor', TOLD_WITHIN_MS, () => next.told?.you === 'holder');
    holder = next;
    passed(count);
  }
  await delay(SPEAKS_MS, undefined, { signal });
  holder.release();
  await until('the floor is free', TOLD_WITHIN_MS, () => peers.every(({ told }) => told?.holder === undefined));
}

function at(peers: readonly FloorPeer[], turn: number): FloorPeer {
  const peer = peers[turn % peers.length];
  if (peer === undefined) throw new RangeError('peers are needed');
  return peer;
}

/** Kills the holder while `next` waits; gives the time until that one is told that it holds, ms. */
async function outlive(child: Publishers, dead: string, next: FloorPeer, signal: AbortSignal): Promise<number | null> {
  child.press(0);
  await until('the one to die has the floor', TOLD_WITHIN_MS, () => next.told?.holder === dead);
  next.press();
  await until('the next one waits', TOLD_WITHIN_MS, () => next.told?.you === 'queued');
  const diedAt = performance.now();
  child.kill();
  try {
    await until('the next one has the floor', DEAD_HOLDER_WITHIN_MS, () => next.told?.you === 'holder');
  } catch {
    signal.throwIfAborted();
    return null;
  }
  return Math.round(performance.now() - diedAt);
}
