/** What a link carried, and how soon what enters it followed its capacity. Pure. */
import type { Interval, LinkPoint } from '../result.ts';
import { pointsIn, quantile } from './series.ts';

/** What enters is averaged over so long: the keyframe that a change of layers begins with is no excess by itself. */
export const RATE_WINDOW_MS = 1_000;
/**
 * A queue of up to this is drained, ms: on the narrowest link of the table (150 kbit/s) one packet alone takes 64 ms to leave.
 */
export const DRAINED_MS = 65;
/** A queue is drained when it stays so for this long, ms. */
const STAYS_DRAINED_MS = 1_000;

/** Times between two changes of the capacity. */
export interface Step extends Interval {
  capacityBps: number;
  /** The step before had more. */
  isDrop: boolean;
  isRise: boolean;
}

/** Steps of a link with a limited rate. */
export function stepsOf(points: readonly LinkPoint[]): Step[] {
  const steps: Step[] = [];
  let previousMs = 0;
  for (const { atMs, capacityBps } of points) {
    const last = steps.at(-1);
    if (capacityBps !== null) {
      if (last?.capacityBps === capacityBps) last.toMs = atMs;
      else {
        steps.push({
          fromMs: previousMs,
          toMs: atMs,
          capacityBps,
          isDrop: last !== undefined && capacityBps < last.capacityBps,
          isRise: last !== undefined && capacityBps > last.capacityBps,
        });
      }
    }
    previousMs = atMs;
  }
  return steps;
}

/**
 * From the start of the step until what enters stays at or under its capacity for the rest of the step, ms. Of means over
 * `RATE_WINDOW_MS` inside the step, each taken for its middle.
 */
export function overCapacityMs(points: readonly LinkPoint[], step: Step): number {
  const inside = pointsIn(points, step);
  let lastOverMs = step.fromMs;
  for (const { atMs: toMs } of inside) {
    const fromMs = toMs - RATE_WINDOW_MS;
    if (fromMs < step.fromMs) continue;
    if (enteredBps(inside, { fromMs, toMs }) > step.capacityBps) lastOverMs = (fromMs + toMs) / 2;
  }
  return lastOverMs - step.fromMs;
}

/**
 * From the start of the step until the queue that the step filled has been at or under `DRAINED_MS` for a second, ms (that
 * second not counted). 0 where none was filled; the whole step where it never drained.
 */
export function drainedMs(points: readonly LinkPoint[], step: Step): number {
  const inside = pointsIn(points, step);
  const filled = inside.find(({ queueMs }) => queueMs > DRAINED_MS);
  if (filled === undefined) return 0;
  let lastFullMs = filled.atMs;
  for (const { atMs, queueMs } of inside) {
    if (atMs <= filled.atMs) continue;
    if (queueMs > DRAINED_MS) lastFullMs = atMs;
    else if (atMs - lastFullMs >= STAYS_DRAINED_MS) return lastFullMs - step.fromMs;
  }
  // The step ended too soon to see a whole second.
  return (lastFullMs === inside.at(-1)?.atMs ? step.toMs : lastFullMs) - step.fromMs;
}

/** Percent of what the link could carry that left it; null where its rate is not limited. */
export function linkUsePct(points: readonly LinkPoint[], interval: Interval): number | null {
  let left = 0;
  let possible = 0;
  let previousMs: number | undefined;
  for (const { atMs, capacityBps, leftBytes } of points) {
    if (capacityBps !== null && previousMs !== undefined && atMs > interval.fromMs && atMs <= interval.toMs) {
      left += leftBytes * 8;
      possible += (capacityBps * (atMs - previousMs)) / 1_000;
    }
    previousMs = atMs;
  }
  return possible === 0 ? null : (100 * left) / possible;
}

export function queueP95Ms(points: readonly LinkPoint[], interval: Interval): number | null {
  return quantile(
    pointsIn(points, interval).map(({ queueMs }) => queueMs),
    0.95,
  );
}

function enteredBps(points: readonly LinkPoint[], interval: Interval): number {
  const bytes = pointsIn(points, interval).reduce((sum, { enteredBytes }) => sum + enteredBytes, 0);
  return (bytes * 8_000) / (interval.toMs - interval.fromMs);
}
