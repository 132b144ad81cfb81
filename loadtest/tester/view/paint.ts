/** Text with meaning, and its colours on a terminal. Pure. */
import { styleText } from 'node:util';

export type Tone = 'plain' | 'strong' | 'soft' | 'good' | 'warn' | 'bad' | 'accent';

export interface Piece {
  text: string;
  tone: Tone;
}

/** Every character is one column wide. */
export type Line = readonly Piece[];

const LOOKS: Record<Exclude<Tone, 'plain'>, Parameters<typeof styleText>[0]> = {
  strong: 'bold',
  soft: 'dim',
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  accent: 'cyan',
};

export function piece(text: string, tone: Tone = 'plain'): Piece {
  return { text, tone };
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** Cut to `width` columns, with "…" where something is missing. */
export function cut(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  const kept: Piece[] = [];
  let left = width - 1;
  for (const one of line) {
    if (left <= 0) break;
    kept.push({ ...one, text: one.text.slice(0, left) });
    left -= one.text.length;
  }
  return [...kept, piece('…', 'soft')];
}

/** As it goes to the terminal; without colours it is the text alone. */
export function paint(line: Line, colours: boolean): string {
  return line
    .map(({ text, tone }) =>
      colours && tone !== 'plain' && text !== '' ? styleText(LOOKS[tone], text, { validateStream: false }) : text,
    )
    .join('')
    .trimEnd();
}

/** Text that came from elsewhere: what moves a cursor or changes colours is taken out of it. */
export function harmless(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
