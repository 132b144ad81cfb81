/** Arithmetic of intervals and of series over time. Pure. */
import type { Interval } from '../result.ts';

/** The parts of `whole` that none of `holes` covers, in order. */
export function without(whole: Interval, holes: readonly Interval[]): Interval[] {
  let rest: Interval[] = [whole];
  for (const hole of holes) {
    rest = rest.flatMap(part => [
      ...(hole.fromMs > part.fromMs ? [{ fromMs: part.fromMs, toMs: Math.min(part.toMs, hole.fromMs) }] : []),
      ...(hole.toMs < part.toMs ? [{ fromMs: Math.max(part.fromMs, hole.toMs), toMs: part.toMs }] : []),
    ]);
  }
  return rest.filter(part => part.toMs > part.fromMs);
}

/** What two intervals share; undefined where that is nothing. */
export function overlap(a: Interval, b: Interval): Interval | undefined {
  const shared = { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) };
  return shared.toMs > shared.fromMs ? shared : undefined;
}

export function lengthOf(interval: Interval): number {
  return interval.toMs - interval.fromMs;
}

/** Time that at least one point says `true`, as intervals; a point tells of the time since the one before it. */
export function whileTrue<P extends { atMs: number }>(points: readonly P[], holds: (point: P) => boolean): Interval[] {
  const intervals: Interval[] = [];
  let previousMs = points[0]?.atMs ?? 0;
  for (const point of points) {
    if (holds(point)) {
      const last = intervals.at(-1);
      if (last?.toMs === previousMs) last.toMs = point.atMs;
      else intervals.push({ fromMs: previousMs, toMs: point.atMs });
    }
    previousMs = point.atMs;
  }
  return intervals.filter(interval => lengthOf(interval) > 0);
}

export function pointsIn<P extends { atMs: number }>(points: readonly P[], { fromMs, toMs }: Interval): P[] {
  return points.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed; null of nothing. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
