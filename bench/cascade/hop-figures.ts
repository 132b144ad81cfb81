/** What the way over a second focus adds to the delay of each packet. Pure. */
import { median, percentile } from '../../demo/check/statistics.ts';
import { atLeast, rounded, under } from './bounds.ts';

/** When packets came, ms on the monotonic clock, by when they were sent: a packet is known by that. */
export type Arrivals = ReadonlyMap<number, number>;

export interface HopFigures {
  /** Of each packet that came to both: how much later it came to the viewer on the other focus, ms. */
  hopsMs: number[];
  /** ms from the publisher to the viewer on its own focus, of the same packets. */
  nearMs: number[];
}

/** Packets that have to come to both. */
export const LEAST_PACKETS = 5_000;
/** ms. */
const HOP = 10;

/** Packets that came to one of them alone say nothing. */
export function hopsOf(near: Arrivals, far: Arrivals): HopFigures {
  const figures: HopFigures = { hopsMs: [], nearMs: [] };
  for (const [sentAt, nearAt] of near) {
    const farAt = far.get(sentAt);
    if (farAt === undefined) continue;
    figures.hopsMs.push(farAt - nearAt);
    figures.nearMs.push(nearAt - sentAt);
  }
  return figures;
}

export function writeHop({ hopsMs }: HopFigures) {
  return { median: rounded(median(hopsMs), 2), p99: rounded(percentile(hopsMs, 0.99), 2) };
}

export function judgeHop(figures: HopFigures): string[] {
  return [
    ...atLeast('the number of packets of hop_ms', figures.hopsMs.length, LEAST_PACKETS),
    ...under('hop_ms.median', writeHop(figures).median, HOP),
  ];
}
