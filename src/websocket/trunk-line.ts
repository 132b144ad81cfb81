import { MAX_TRUNK_FRAME_LENGTH } from '../../signalling/wire/trunk.ts';
import type { LineBounds } from './line.ts';

/** What a trunk keeps of frames that the other side has not acknowledged, in characters. */
export const MOST_KEPT_CHARACTERS = 8 * MAX_TRUNK_FRAME_LENGTH;

/** Of a WebSocket between two foci: a cut is seen within 5 s. All that is kept may be on its way at once, in bytes. */
export const TRUNK_LINE_BOUNDS: LineBounds = {
  pingEveryMs: 1_000,
  silentPings: 4,
  mostWaiting: 4 * MOST_KEPT_CHARACTERS,
  overflow: 'WEIR_TRUNK_OVERFLOW',
};
