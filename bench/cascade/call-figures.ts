/** A call of pages on both sides: its figures and their bounds. Pure. */
import { median } from '../../demo/check/statistics.ts';
import { atLeast, rounded, under } from './bounds.ts';

export interface CallFigures {
  /** Ordered pairs of pages. */
  pairs: number;
  pairsWithAudio: number;
  pairsWithVideo: number;
  /** ms from the click to the first picture of the newcomer, at each page of the other focus. */
  newcomersMs: number[];
}

/** Of two pages on either side. */
const PAIRS = 12;
/** ms. */
const NEWCOMER = 2_000;

export function writeCalls({ pairs, pairsWithAudio, pairsWithVideo, newcomersMs }: CallFigures) {
  return {
    pairs,
    pairs_with_audio: pairsWithAudio,
    pairs_with_video: pairsWithVideo,
    newcomer_ms: { median: rounded(median(newcomersMs)) },
  };
}

export function judgeCalls(figures: CallFigures): string[] {
  const { pairs, pairs_with_audio, pairs_with_video, newcomer_ms } = writeCalls(figures);
  return [
    ...atLeast('pairs', pairs, PAIRS),
    ...atLeast('pairs_with_audio', pairs_with_audio, PAIRS),
    ...atLeast('pairs_with_video', pairs_with_video, PAIRS),
    ...under('newcomer_ms.median', newcomer_ms.median, NEWCOMER),
  ];
}
