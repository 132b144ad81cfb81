/** A comparison as a table of plain text. Pure. */
import type { Comparison, Row } from './compare.ts';

const VERDICTS: Record<Row['verdict'], string> = {
  better: 'better',
  worse: 'worse',
  same: 'same',
  neither: '',
  unknown: 'not comparable',
};

/** Lines without ends; `names` are what the runs are called: their files. */
export function comparisonTable({ rows, notes }: Comparison, names: { a: string; b: string }): string[] {
  const table = [
    ['', names.a, names.b, 'ratio', ''],
    ...rows.map(row => [row.figure, row.a, row.b, writeRatio(row.ratio), VERDICTS[row.verdict]]),
  ];
  const widths = [0, 1, 2, 3, 4].map(column => Math.max(...table.map(cells => (cells[column] ?? '').length)));
  const lines = table.map(cells =>
    cells
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [...notes.map(note => `! ${note}`), ...lines];
}

/** "×0.82" */
export function writeRatio(ratio: number | undefined): string {
  return ratio === undefined ? '' : `×${ratio.toFixed(2)}`;
}
