/** Bars and sparklines out of block characters: they can be read without colours. Pure. */
import { type Piece, piece, type Tone } from './paint.ts';

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** @param share 0 to 1; what is above is full */
export function meter(share: number, width: number, tone: Tone): Piece[] {
  const eighths = Math.round(8 * width * Math.min(1, Math.max(0, share)));
  const filled = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
  return [piece(filled, tone), piece('·'.repeat(width - filled.length), 'soft')];
}

export interface Ramp {
  connected: number;
  wanted: number;
  failed: number;
  /** The end of the ramp. */
  most: number;
}

/** █ in the call, ▒ wanted and not in, × failed, · still to come. */
export function rampBar({ connected, wanted, failed, most }: Ramp, width: number): Piece[] {
  const scale = width / Math.max(1, most, wanted + failed, connected + failed);
  const inCall = Math.floor(connected * scale);
  const lost = failed === 0 ? 0 : Math.max(1, Math.round(failed * scale));
  const waiting = Math.max(0, Math.round(wanted * scale) - inCall);
  const text = '█'.repeat(inCall) + '▒'.repeat(waiting) + '×'.repeat(lost);
  const parts: [length: number, tone: Tone][] = [
    [inCall, 'good'],
    [waiting, 'warn'],
    [lost, 'bad'],
  ];
  let from = 0;
  const pieces = parts.map(([length, tone]) => {
    const part = piece(text.slice(from, Math.min(width, from + length)), tone);
    from += length;
    return part;
  });
  return [...pieces, piece('·'.repeat(Math.max(0, width - text.length)), 'soft')];
}

/**
 * The last of `values` in `width` columns, each the highest of its time; a blank where nothing is known.
 *
 * @param top what is drawn at full height; the highest value unless given
 */
export function sparkline(values: readonly (number | undefined)[], width: number, top?: number): string {
  const perColumn = Math.max(1, Math.ceil(values.length / width));
  const columns = Array.from({ length: Math.ceil(values.length / perColumn) }, (_, index) => {
    const known = values.slice(index * perColumn, (index + 1) * perColumn).filter(value => value !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  });
  const highest = top ?? Math.max(...columns.map(value => value ?? 0));
  const drawn = columns.map(value => {
    if (value === undefined) return ' ';
    const share = highest <= 0 ? 0 : Math.min(1, Math.max(0, value / highest));
    return HEIGHTS[Math.round(share * (HEIGHTS.length - 1))] ?? ' ';
  });
  return drawn.join('').padStart(width);
}
