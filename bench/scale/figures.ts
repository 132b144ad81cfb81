/** Figures of several rounds, and of several sizes. Pure. */
import { median } from '../../demo/check/statistics.ts';

/** Of the rounds that count. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Undefined where there is no value. Rounded to `digits` after the point. */
export function spreadOf(values: readonly number[], digits = 2): Spread | undefined {
  const middle = median(values);
  if (middle === undefined) return undefined;
  const round = (value: number): number => Number(value.toFixed(digits));
  return { median: round(middle), min: round(Math.min(...values)), max: round(Math.max(...values)) };
}

export interface Point {
  x: number;
  y: number;
}

/** How much y grows with each x: of the straight line with the least squares. Undefined where there are not two different x. */
export function slopeOf(points: readonly Point[]): number | undefined {
  const count = points.length;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (!(spread > 0)) return undefined;
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** How much the mean of the later window is above that of the earlier one, in percent. Undefined where one of them is empty. */
export function growthPct(earlier: readonly number[], later: readonly number[]): number | undefined {
  if (earlier.length === 0 || later.length === 0) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return (mean(later) / mean(earlier) - 1) * 100;
}
