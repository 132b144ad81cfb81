/** What a cut trunk did to those behind it, and what it may do. Pure. */
import { under } from './bounds.ts';

export interface Cuts {
  /** The WebSocket alone was cut: ms from when it could come back until it had, and the gap in media (see `mediaGapMs`). */
  ws: { healMs: number | null; mediaGapMs: number | null };
  /** WebSocket and media: ms from the end of the cut until trunk and all media were back. */
  trunk: { healMs: number | null };
}

/** Of the longest gap of a calm time as long: machines hiccup. */
const NO_LONGER = 2;
/** ms, exclusive. */
const WS_HEALS = 5_000;
const TRUNK_HEALS = 5_000;

/** A gap in media, ms; 0 where it is no longer than those of a calm time. */
export function mediaGapMs(calmMs: number, gapMs: number): number {
  return gapMs <= calmMs * NO_LONGER ? 0 : Math.round(gapMs);
}

export function judgeCuts({ ws, trunk }: Cuts): string[] {
  return [
    ...under('ws_cut.heal_ms', ws.healMs, WS_HEALS),
    ...under('ws_cut.media_gap_ms', ws.mediaGapMs, 1),
    ...under('trunk_cut.heal_ms', trunk.healMs, TRUNK_HEALS),
  ];
}

/** As they stand in the last line. */
export function writeCuts({ ws, trunk }: Cuts) {
  return {
    ws_cut: { heal_ms: ws.healMs, media_gap_ms: ws.mediaGapMs },
    trunk_cut: { heal_ms: trunk.healMs },
  };
}
