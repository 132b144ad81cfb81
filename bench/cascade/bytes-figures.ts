/** What crosses a trunk, by who wants it. Pure. */
import { rounded, under } from './bounds.ts';

/** Viewers of one size, beside the one that all are compared with. */
export const CROWDS = [10, 50] as const;
export const THUMBNAILS = 49;

/** Bytes of media that cross in a time of one length. */
export interface BytesFigures {
  one: number;
  crowds: Record<(typeof CROWDS)[number], number>;
  /** One thumbnail and one full picture. */
  twoLayers: number;
  /** `THUMBNAILS` and one full picture. */
  twoSizes: number;
  /** Of the thumbnails: those that are shown the low layer. */
  thumbnailsInLowLayer: number;
  /** While nobody wants anything, from 30 s after the last viewer left. */
  idle: number;
  /** Streams that flow meanwhile. */
  idleStreams: number;
}

const RATIO = 1.1;

export function writeBytes({ one, crowds, twoLayers, twoSizes, idle }: BytesFigures) {
  return {
    trunk_bytes_ratio: { '10': ratio(crowds[10], one), '50': ratio(crowds[50], one) },
    two_sizes_ratio: ratio(twoSizes, twoLayers),
    idle_media_bytes: idle,
  };
}

export function judgeBytes(figures: BytesFigures): string[] {
  const { trunk_bytes_ratio, two_sizes_ratio } = writeBytes(figures);
  const { idle, idleStreams, thumbnailsInLowLayer } = figures;
  return [
    ...under('trunk_bytes_ratio.10', trunk_bytes_ratio['10'], RATIO),
    ...under('trunk_bytes_ratio.50', trunk_bytes_ratio['50'], RATIO),
    ...under('two_sizes_ratio', two_sizes_ratio, RATIO),
    ...(thumbnailsInLowLayer === THUMBNAILS
      ? []
      : [`${thumbnailsInLowLayer} of ${THUMBNAILS} thumbnails get the low layer`]),
    ...(idle === 0 ? [] : [`idle_media_bytes is ${idle} and has to be 0`]),
    ...(idleStreams === 0 ? [] : [`${idleStreams} streams flow while nobody wants any`]),
  ];
}

/** null where nothing crossed to compare with. */
function ratio(bytes: number, of: number): number | null {
  return of > 0 ? rounded(bytes / of, 3) : null;
}
