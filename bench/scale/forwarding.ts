/** What a forwarded packet costs the focus, beside mediasoup alone and the floor of the machine, in turn. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../demo/check/progress.ts';
import type { BareOptions } from './bare/router.ts';
import {
  figuresOf,
  type ForwardingCase,
  type ForwardingFigures,
  type ForwardingRound,
  type SideRound,
  voidReason,
} from './forwarding-figures.ts';
import type { Floor } from './floor/index.ts';
import { audioBursts, type Burst, packetsPerBurst, videoBursts } from './load/bursts.ts';
import { BareSide, FocusSide, type Side } from './load/sides.ts';
import type { PeerStack } from '../../loadtest/peers/reporting-endpoint.ts';
import { INITIAL_BITRATE, type ScalePlace } from './place.ts';
import { cpuOf } from './process-clock.ts';

export interface ForwardingOptions {
  receivers: number;
  /** Of each case. */
  rounds: number;
  /** Of each side in a round. */
  seconds: number;
  workerBin: string;
  stack: PeerStack;
  signal: AbortSignal;
  progress: Progress;
  fail: (reason: string) => void;
}

/** bytes; as the focus asks for it. */
const RECEIVE_BUFFER_SIZE = 4_194_304;
/** Delivered packets a second that are tried, until one is delivered without loss. */
const RATES = [40_000, 30_000, 22_000, 16_000, 12_000, 8_000, 5_000, 3_000];
/** Nobody sends a stream faster. */
const MOST_PACKETS_PER_SECOND = 1_000;
const TRY_S = 1.5;
/** Of the packets of a try. */
const WITHOUT_LOSS = 0.998;
/** What is on its way arrives, and CPU time is read. */
const DRAIN_MS = 200;
/** Rounds that are played beside, where some do not count. */
const MORE_ROUNDS = 4;
/** So many rounds without one that counts are enough. */
const HOPELESS = 3;
/** What a join leaves to do, and the estimates of new links. */
const SETTLE_MS = 3_000;

interface Load extends ForwardingCase {
  bursts: readonly Burst[];
}

function loadsFor(receivers: number): Load[] {
  return [
    { receivers, kind: 'video', burst: '3 to 4', bursts: videoBursts([3, 4]) },
    { receivers, kind: 'video', burst: '10', bursts: videoBursts([10]) },
    { receivers, kind: 'audio', burst: '1', bursts: audioBursts() },
  ];
}

/** Rejects where a side does not come up. Cases without a round that counts are left out, and told. */
export async function measureForwarding(
  place: ScalePlace,
  floor: Floor,
  options: ForwardingOptions,
): Promise<ForwardingFigures[]> {
  const { receivers, stack, signal, progress, workerBin } = options;
  const bareOptions: BareOptions = {
    workerBin,
    initialOutgoingBitrate: INITIAL_BITRATE,
    receiveBufferSize: RECEIVE_BUFFER_SIZE,
  };
  const tell =
    (name: string) =>
    (connected: number): void => {
      if (connected % 50 === 0 || connected === receivers) progress.tell(`${connected} receive from ${name}`);
    };
  await using owned = new AsyncDisposableStack();
  const focus = owned.use(await FocusSide.open(place, { receivers, stack, signal, progress: tell('the focus') }));
  const bare = owned.use(
    await BareSide.open(bareOptions, { receivers, stack, signal, progress: tell('mediasoup alone') }),
  );
  const stage: Stage = { focus, bare, floor, options };
  await delay(SETTLE_MS, undefined, { signal });
  const found: ForwardingFigures[] = [];
  for (const load of loadsFor(receivers)) {
    const rate = await rateWithoutLoss(stage, load);
    progress.tell(`${load.kind} to ${receivers} in bursts of ${load.burst}: ${rate} packets/s`);
    const rounds = await playRounds(stage, load, rate);
    const figures = figuresOf(load, rounds);
    if (figures === undefined) {
      options.fail(`forwarding of ${load.kind} to ${receivers} in bursts of ${load.burst}: no round counts`);
      continue;
    }
    const { worker, node, bare: alone, floor: least, gso } = figures;
    progress.tell(
      `µs a packet: worker ${worker.median} (${worker.min} to ${worker.max}), Node ${node.median}, mediasoup alone ${alone.median} ` +
        `(${alone.min} to ${alone.max}), floor ${least.median}, with GSO ${gso.median}; ${figures.rounds} rounds`,
    );
    found.push({ ...figures, receivers, kind: load.kind, burst: load.burst });
  }
  return found;
}

/** All that takes part in a round. */
interface Stage {
  focus: Side;
  bare: Side;
  floor: Floor;
  options: ForwardingOptions;
}

async function playRounds(
  { focus, bare, floor, options }: Stage,
  load: Load,
  rate: number,
): Promise<ForwardingRound[]> {
  const { rounds, seconds, signal, progress } = options;
  const played: ForwardingRound[] = [];
  const counted = (): number => played.filter(round => voidReason(round) === undefined).length;
  for (let count = 0; counted() < rounds && count < rounds + MORE_ROUNDS; count += 1) {
    // Whoever comes first finds another machine than whoever comes second.
    const order = count % 2 === 0 ? [focus, bare] : [bare, focus];
    const by = new Map<Side, SideRound>();
    for (const side of order) by.set(side, await playSide(side, load, rate, seconds, options));
    const [ours, theirs] = [by.get(focus), by.get(bare)];
    if (ours === undefined || theirs === undefined) throw new Error('a side was not played');
    const floorLoad = { ...load, burstsPerSecond: burstsPerSecond(load, rate), seconds: seconds / 2 };
    // Whole bursts that could be segments: of one size.
    const even = load.bursts.map(burst => burst.map(() => burst[0] ?? 0));
    const round = {
      focus: ours,
      bare: theirs,
      floor: await floor.run(floorLoad, false, signal),
      gso: await floor.run({ ...floorLoad, bursts: even }, true, signal),
    };
    const reason = voidReason(round);
    if (reason !== undefined) progress.complain(`a round does not count: ${reason}`);
    played.push(round);
    if (played.length === HOPELESS && counted() === 0) break;
  }
  return played;
}

async function playSide(
  side: Side,
  { kind, bursts, receivers }: Load,
  rate: number,
  seconds: number,
  { stack, signal }: ForwardingOptions,
): Promise<SideRound> {
  const perSecond = burstsPerSecond({ bursts, receivers }, rate);
  const sent = (): number => side.sources.audio.figures.packets + side.sources.video.figures.packets;
  await stack.refresh();
  const [sentBefore, deliveredBefore, before] = [sent(), side.delivered(), await cpuOf(side.processes)];
  const run = { bursts, burstsPerSecond: perSecond, count: Math.round(perSecond * seconds) };
  const tookMs = await side.sources[kind].run(run);
  await delay(DRAIN_MS, undefined, { signal });
  const after = await cpuOf(side.processes);
  const expected = (sent() - sentBefore) * receivers;
  await stack.refresh();
  return {
    expected,
    delivered: side.delivered() - deliveredBefore,
    tookMs,
    workerNs: after.worker - before.worker,
    nodeNs: after.node - before.node,
  };
}

/** Delivered packets a second that both sides manage, or the least that is tried. */
async function rateWithoutLoss({ focus, bare, options }: Stage, load: Load): Promise<number> {
  const most = MOST_PACKETS_PER_SECOND * load.receivers;
  for (const rate of RATES.filter(each => each <= most)) {
    let isWhole = true;
    for (const side of [focus, bare]) {
      const { expected, delivered, tookMs } = await playSide(side, load, rate, TRY_S, options);
      isWhole &&= delivered >= expected * WITHOUT_LOSS && tookMs < TRY_S * 1_000 * 1.02;
    }
    if (isWhole) return rate;
  }
  return RATES.at(-1) ?? 0;
}

function burstsPerSecond({ bursts, receivers }: Pick<Load, 'bursts' | 'receivers'>, rate: number): number {
  return rate / receivers / packetsPerBurst(bursts);
}
