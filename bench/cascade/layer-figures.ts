/** What a viewer behind a trunk sees of layers that come and go. Pure. */
import { median } from '../../demo/check/statistics.ts';
import { rounded, under } from './bounds.ts';

/** ms. */
export interface LayerFigures {
  /** From the subscription to the first frame of the new size: a layer that crosses for somebody else. */
  warm: number[];
  /** The same: a layer that does not cross, and that its publisher does not send. */
  cold: number[];
  /** Longest times without a frame at those who are moved, or stay, when a higher layer goes. */
  removals: number[];
}

const WARM = 150;
const COLD = 3_500;
const GAP = 200;

export function writeLayers({ warm, cold, removals }: LayerFigures) {
  return {
    warm_switch_ms: { median: rounded(median(warm)) },
    cold_add_ms: { median: rounded(median(cold)) },
    soft_removal_gap_ms: { max: rounded(removals.length === 0 ? undefined : Math.max(...removals)) },
  };
}

export function judgeLayers(figures: LayerFigures): string[] {
  const { warm_switch_ms, cold_add_ms, soft_removal_gap_ms } = writeLayers(figures);
  return [
    ...under('warm_switch_ms.median', warm_switch_ms.median, WARM),
    ...under('cold_add_ms.median', cold_add_ms.median, COLD),
    ...under('soft_removal_gap_ms.max', soft_removal_gap_ms.max, GAP),
  ];
}
