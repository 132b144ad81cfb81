/** What a join of somebody who only watches costs, in a small call and in a large one; and how fast media comes to many. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../demo/check/progress.ts';
import type { MatrixDevice } from '../../loadtest/peers/call-place.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { findDoor } from '../../loadtest/peers/focus-line.ts';
import { until } from '../../loadtest/peers/until.ts';
import { loopLagMs, readMetrics } from './focus-metrics.ts';
import { costOf, type JoinCost, type Joins, type JoinWindow, type PairMs, type Resident } from './join-figures.ts';
import { inTurns, pacedPublisher, Viewer } from './load/crowd.ts';
import type { PeerStack } from '../../loadtest/peers/reporting-endpoint.ts';
import type { CallPlace, ScalePlace } from './place.ts';
import { cpuOf, type ProcessPair, residentOf } from './process-clock.ts';

export interface JoinOptions {
  /** Participants beside the one who joins, the fewest first. */
  sizes: readonly number[];
  /** With each size. */
  joins: number;
  /** Numbers of participants at which memory is read, beside those. */
  residentAt: readonly number[];
  stack: PeerStack;
  signal: AbortSignal;
  progress: Progress;
}

/** At least: a join comes to its end in it, and what it leaves to do. */
const WINDOW_MS = 500;
/** After somebody left. */
const PAUSE_MS = 150;
/** Before memory is read, and windows begin. */
const SETTLE_MS = 4_000;
const JOINS_PER_SECOND = 10;
const TIMED_JOINS = 50;
const CONNECTS_WITHIN_MS = 30_000;
const LAG_OVER_MS = 5_000;

/** Rejects where somebody does not get in. The publisher is next to silent: what is measured is signalling, not media. */
export async function measureJoins(place: ScalePlace, options: JoinOptions): Promise<Joins> {
  const { sizes, joins, residentAt, stack, signal, progress } = options;
  const most = Math.max(...sizes);
  const [first, guest, ...users] = await place.devices(most + 1 + TIMED_JOINS);
  if (first === undefined || guest === undefined) throw new RangeError('users are needed');
  const call = await place.openCall('Webinar');
  await using owned = new AsyncDisposableStack();
  const { peer: publisher } = pacedPublisher(call, first);
  owned.defer(() => publisher.leave());
  await publisher.join();
  await until('the publisher is connected', CONNECTS_WITHIN_MS, () => publisher.isConnected());
  const audience: Viewer[] = [];
  owned.defer(async () => {
    // Not interrupted: all have to go.
    await inTurns(audience, ({ peer }) => peer.leave(), new AbortController().signal);
  });
  const processes = await place.processes();
  const costs: JoinCost[] = [];
  const resident: Resident[] = [];
  const readResident = async (): Promise<void> => {
    await delay(SETTLE_MS, undefined, { signal });
    const { node, worker } = await residentOf(processes);
    resident.push({ participants: audience.length + 1, bytes: node + worker });
  };
  const growTo = async (participants: number): Promise<void> => {
    const more = users.slice(audience.length, participants - 1).map(user => new Viewer(call, user, stack));
    audience.push(...more);
    await inTurns(more, viewer => viewer.join(publisher), signal);
    progress.tell(`${participants} participants`);
    await readResident();
  };
  await readResident();
  for (const size of [...new Set([...sizes, ...residentAt.filter(each => each <= most)])].sort((a, b) => a - b)) {
    await growTo(size);
    if (!sizes.includes(size)) continue;
    const newcomer = { place: call, user: guest, publisher, processes, stack, signal };
    const cost = costOf(size, await joinAgainAndAgain(newcomer, joins));
    if (cost === undefined) continue;
    const { cpuMs, nodeMs, workerMs } = cost;
    progress.tell(
      `a join costs ${cpuMs.toFixed(1)} ms of CPU (Node ${nodeMs.toFixed(1)}, worker ${workerMs.toFixed(1)}) with ${size} participants`,
    );
    costs.push(cost);
  }
  await readMetrics(place.focus.baseUrl);
  const door = await findDoor(place.focus.baseUrl);
  const late = users.slice(most - 1).map(user => new Viewer(call, user, stack, door));
  audience.push(...late);
  const perS = await joinAtPace(late, publisher, signal);
  await delay(LAG_OVER_MS, undefined, { signal });
  const lag = loopLagMs(await readMetrics(place.focus.baseUrl));
  const firstMediaMs = late.flatMap(({ firstMediaMs: each }) => each ?? []);
  return { costs, perS, firstMediaMs, resident, loopLagMs: lag };
}

interface Newcomer {
  place: CallPlace;
  user: MatrixDevice;
  publisher: LightPeer;
  processes: ProcessPair;
  stack: PeerStack;
  signal: AbortSignal;
}

/** A window with a join, a leave, a calm window of the same length; again and again. */
async function joinAgainAndAgain(newcomer: Newcomer, joins: number): Promise<JoinWindow[]> {
  const { place, user, publisher, processes, stack, signal } = newcomer;
  const cpuDuring = async (work: () => Promise<void>): Promise<PairMs> => {
    const before = await cpuOf(processes);
    await work();
    const after = await cpuOf(processes);
    return { node: (after.node - before.node) / 1e6, worker: (after.worker - before.worker) / 1e6 };
  };
  const windows: JoinWindow[] = [];
  for (let count = 0; count < joins; count += 1) {
    const viewer = new Viewer(place, user, stack);
    let lengthMs = 0;
    let join: PairMs;
    try {
      join = await cpuDuring(async () => {
        const began = performance.now();
        await Promise.all([viewer.join(publisher), delay(WINDOW_MS, undefined, { signal })]);
        lengthMs = performance.now() - began;
      });
    } finally {
      await viewer.peer.leave();
    }
    await delay(PAUSE_MS, undefined, { signal });
    windows.push({ join, calm: await cpuDuring(() => delay(lengthMs, undefined, { signal })) });
  }
  return windows;
}

/** All of them, one every tenth of a second, however long each takes; gives how many a second came to their end. */
async function joinAtPace(viewers: readonly Viewer[], publisher: LightPeer, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  await Promise.all(
    viewers.map(async (viewer, index) => {
      await delay((index * 1_000) / JOINS_PER_SECOND, undefined, { signal });
      await viewer.join(publisher);
    }),
  );
  return (viewers.length / (performance.now() - began)) * 1_000;
}
