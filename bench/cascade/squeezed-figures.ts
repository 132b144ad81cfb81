/** What a narrow trunk carried, and what it has to. Pure. */
import { under } from './bounds.ts';

export interface Squeezed {
  /** Of the samples of the worst voice behind the trunk, from the moment on when it got narrow, %. Null where nothing was played. */
  concealedPct: number | null;
  /** The same without the time in which the foci find out. */
  settledConcealedPct: number | null;
  /** Which layer each video came in at last: by publisher; null: none. */
  layers: Record<string, string | null>;
  /** Layers in which each could come, the lowest first. */
  ladder: readonly string[];
}

/** %, exclusive. */
const CONCEALED = 2;

export function judgeSqueezed({ concealedPct, layers, ladder }: Squeezed): string[] {
  const heights = Object.values(layers).map(layer => (layer === null ? -1 : ladder.indexOf(layer)));
  return [
    ...under('squeezed.concealed_pct', concealedPct, CONCEALED),
    ...(heights.every(height => height < 0) ? ['squeezed: no video crosses at all'] : []),
    // The lowest layers of all, then more.
    ...(Math.min(...heights) < 0 && Math.max(...heights) > 0
      ? [`squeezed: one video has a higher layer where another has none (${JSON.stringify(layers)})`]
      : []),
  ];
}

/** The layer in which a video came, by the widths of the pictures that were shown in some time, px: the last of them. */
export function layerOf(widths: readonly number[], ladder: readonly { rid: string; widthPx: number }[]): string | null {
  const last = widths.at(-1);
  return ladder.find(({ widthPx }) => widthPx === last)?.rid ?? null;
}

/** As it stands in the last line. */
export function writeSqueezed({ concealedPct, settledConcealedPct, layers }: Squeezed) {
  return { concealed_pct: concealedPct, settled_concealed_pct: settledConcealedPct, layers };
}
