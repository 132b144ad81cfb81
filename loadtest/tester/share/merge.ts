/** Seconds of several shares become one. Pure. */
import { UNHAPPINESS, type Spread, type Unhappiness } from '../result.ts';
import type { ShareSample } from './messages.ts';

export function emptySample(): ShareSample {
  return {
    invited: 0,
    connected: 0,
    failed: 0,
    receivers: 0,
    unhappy: nobodyUnhappy(),
    bytesIn: 0,
    bytesOut: 0,
    packetsIn: 0,
    packetsLost: 0,
    freezes: 0,
    framesPerSecond: {},
    layers: {},
    joinMs: [],
    firstMediaMs: [],
    cpuPct: 0,
    busiestThreadPct: 0,
    loopLagMs: 0,
    dropped: 0,
    machinePct: 0,
    machineSharePct: 0,
  };
}

export function nobodyUnhappy(): Record<Unhappiness, number> {
  return { no_first_media: 0, audio_loss: 0, video_gap: 0, no_layer: 0 };
}

/** Two shares of the same second. */
export function beside(one: ShareSample, other: ShareSample): ShareSample {
  return {
    ...sumOfCounts(one, other),
    invited: one.invited + other.invited,
    connected: one.connected + other.connected,
    failed: one.failed + other.failed,
    receivers: one.receivers + other.receivers,
    unhappy: added(one.unhappy, other.unhappy),
    freezes: one.freezes + other.freezes,
    framesPerSecond: addedCounts(one.framesPerSecond, other.framesPerSecond),
    layers: addedCounts(one.layers, other.layers),
    cpuPct: one.cpuPct + other.cpuPct,
  };
}

/** Two samples of one share: what stands is that of the later one, what was counted is added. */
export function after(earlier: ShareSample, later: ShareSample): ShareSample {
  return { ...later, ...sumOfCounts(earlier, later) };
}

/** The same share without what was counted and measured: as it stands until its next sample. */
export function standing(sample: ShareSample): ShareSample {
  const { invited, connected, failed, receivers, unhappy, freezes, framesPerSecond, layers } = sample;
  return { ...emptySample(), invited, connected, failed, receivers, unhappy, freezes, framesPerSecond, layers };
}

type Counted = Pick<
  ShareSample,
  | 'bytesIn'
  | 'bytesOut'
  | 'packetsIn'
  | 'packetsLost'
  | 'joinMs'
  | 'firstMediaMs'
  | 'dropped'
  | 'busiestThreadPct'
  | 'loopLagMs'
  | 'machinePct'
  | 'machineSharePct'
>;

function sumOfCounts(one: ShareSample, other: ShareSample): Counted {
  const busier = one.machinePct >= other.machinePct ? one : other;
  return {
    bytesIn: one.bytesIn + other.bytesIn,
    bytesOut: one.bytesOut + other.bytesOut,
    packetsIn: one.packetsIn + other.packetsIn,
    packetsLost: one.packetsLost + other.packetsLost,
    joinMs: [...one.joinMs, ...other.joinMs],
    firstMediaMs: [...one.firstMediaMs, ...other.firstMediaMs],
    dropped: one.dropped + other.dropped,
    busiestThreadPct: Math.max(one.busiestThreadPct, other.busiestThreadPct),
    loopLagMs: Math.max(one.loopLagMs, other.loopLagMs),
    machinePct: busier.machinePct,
    machineSharePct: busier.machineSharePct,
  };
}

function added(one: Record<Unhappiness, number>, other: Record<Unhappiness, number>): Record<Unhappiness, number> {
  const sum = nobodyUnhappy();
  for (const reason of UNHAPPINESS) sum[reason] = one[reason] + other[reason];
  return sum;
}

function addedCounts(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  const sum = { ...one };
  for (const [key, count] of Object.entries(other)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

export function spreadOfValues(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const rising = values.toSorted((one, other) => one - other);
  const at = (share: number): number => rising[Math.min(rising.length - 1, Math.floor(rising.length * share))] ?? 0;
  return { count: rising.length, median: at(0.5), p95: at(0.95), max: rising.at(-1) ?? 0 };
}

/** Of values that are counted by value. */
export function medianOfCounts(counts: Record<string, number>): number | undefined {
  const rising = Object.entries(counts)
    .map(([value, count]) => ({ value: Number(value), count }))
    .toSorted((one, other) => one.value - other.value);
  const half = rising.reduce((sum, { count }) => sum + count, 0) / 2;
  let seen = 0;
  for (const { value, count } of rising) {
    seen += count;
    if (seen >= half) return value;
  }
  return undefined;
}
