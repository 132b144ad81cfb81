/** Figures from what was measured. Pure. */

/** Of several measurements, in ms. */
export interface Spread {
  median: number;
  max: number;
}

/** The middle value, or the mean of the two in the middle; undefined where there is none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  return high === undefined || low === undefined ? undefined : (low + high) / 2;
}

/** The nearest rank: the smallest value that `share` (0 to 1) of all values do not exceed; undefined where there is none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export function spreadOf(values: readonly number[]): Spread | undefined {
  const middle = median(values);
  return middle === undefined ? undefined : { median: Math.round(middle), max: Math.round(Math.max(...values)) };
}

/** 95 of 100 gaps are no longer than p95. */
export interface GapSpread {
  p95: number;
  max: number;
}

export function gapSpreadOf(gaps: readonly number[]): GapSpread | undefined {
  const p95 = percentile(gaps, 0.95);
  return p95 === undefined ? undefined : { p95: Math.round(p95), max: Math.round(Math.max(...gaps)) };
}

/**
 * The longest time without a frame that touches the window. It counts whole, also where it began before the window or ended
 * after it; where no frame came before (or after), it is cut at the window's edge.
 *
 * @param frames when frames came, in any order
 */
export function longestGap(frames: readonly number[], from: number, to: number): number {
  const sorted = frames.toSorted((a, b) => a - b);
  const before = sorted.findLast(at => at <= from) ?? from;
  const after = sorted.find(at => at >= to) ?? to;
  const between = sorted.filter(at => at > from && at < to);
  let longest = 0;
  let last = before;
  for (const at of [...between, after]) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}
