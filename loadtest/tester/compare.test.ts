import { describe, expect, it } from 'vitest';
import { compare, type Row } from './compare.ts';
import { comparisonTable } from './compare-table.ts';
import type { Capacity, RunResult } from './result.ts';
import { syntheticKnee, syntheticRun, syntheticVoid, syntheticWell } from './synthetic.ts';

function row(rows: readonly Row[], figure: string): Row {
  const found = rows.find(one => one.figure === figure);
  if (found === undefined) throw new Error(`there is no row "${figure}"`);
  return found;
}

describe('a comparison', () => {
  it('of a run with itself finds nothing better or worse', () => {
    const { rows, notes } = compare(syntheticKnee(), syntheticKnee());
    expect(new Set(rows.map(({ verdict }) => verdict))).toEqual(new Set(['same', 'neither']));
    expect(notes).toEqual([]);
  });

  it('of two runs of the same thing takes their noise for what it is', () => {
    const { rows } = compare(syntheticKnee({ seed: 1 }), syntheticKnee({ seed: 2 }));
    expect(rows.filter(({ verdict }) => verdict === 'better' || verdict === 'worse')).toEqual([]);
  });

  it('sees a worker that takes less, and joins that take longer', () => {
    const { at, rows } = compare(syntheticKnee(), syntheticRun({ workerPctEach: 0.3, joinMs: 400 }));
    expect(at).toBe(240);
    expect(row(rows, 'participants held').verdict).toBe('better');
    expect(row(rows, 'busiest worker, for each participant')).toMatchObject({ verdict: 'better' });
    expect(row(rows, 'busiest worker, for each participant').ratio).toBeLessThan(0.9);
    expect(row(rows, 'busiest worker, at 240').verdict).toBe('better');
    expect(row(rows, 'join, median').verdict).toBe('worse');
    expect(row(rows, 'received by all, at 240').verdict).toBe('neither');
  });

  it('measures at the largest load that both held', () => {
    const { at } = compare(syntheticKnee(), syntheticRun({ steps: [40, 80, 100] }));
    expect(at).toBe(80);
  });

  it('says nothing of loads where there is none that both held', () => {
    const { at, rows } = compare(syntheticKnee(), syntheticRun({ steps: [30, 50] }));
    expect(at).toBeUndefined();
    expect(rows.some(({ figure }) => figure.includes(', at '))).toBe(false);
  });

  it('leaves out what neither run measured, and says what one did not', () => {
    const unmeasured = (run: RunResult): RunResult => ({
      ...run,
      samples: run.samples.map(sample => ({ ...sample, focus: undefined })),
    });
    const titles = (a: RunResult, b: RunResult): string[] => compare(a, b).rows.map(({ figure }) => figure);
    expect(titles(unmeasured(syntheticKnee()), unmeasured(syntheticKnee())).join()).not.toContain('worker');
    const { rows } = compare(syntheticKnee(), unmeasured(syntheticKnee()));
    expect(row(rows, 'busiest worker, at 240')).toMatchObject({ b: '–', verdict: 'unknown', ratio: undefined });
  });

  it('warns of void runs, other scenarios and machines', () => {
    const elsewhere: RunResult = { ...syntheticVoid(), machine: { ...syntheticKnee().machine, cores: 2 } };
    const { rows, notes } = compare(syntheticWell(), elsewhere);
    expect(row(rows, 'participants held')).toMatchObject({ b: 'void', verdict: 'unknown', ratio: undefined });
    expect(notes.join('\n')).toMatch(/second run is void[^]*scenario[^]*machine/);
  });

  const found = (held: number): Capacity => ({ kind: 'found', held, failedAt: held + 40, limit: 'worker' });
  const atLeast = (held: number): Capacity => ({ kind: 'at-least', held });
  const CAPACITIES: [string, Capacity | undefined, Capacity | undefined, Row['verdict']][] = [
    ['found, found more', found(100), found(200), 'better'],
    ['found, found less', found(200), found(100), 'worse'],
    ['found, at least more', found(100), atLeast(200), 'better'],
    ['found, at least less', found(200), atLeast(100), 'unknown'],
    ['at least more, found', atLeast(200), found(100), 'worse'],
    ['at least less, found', atLeast(100), found(200), 'unknown'],
    ['at least, at least more', atLeast(100), atLeast(200), 'unknown'],
    ['nothing, found', undefined, found(100), 'unknown'],
  ];
  it.each(CAPACITIES)('of capacities: %s', (_what, a, b, verdict) => {
    const { rows } = compare({ ...syntheticKnee(), capacity: a }, { ...syntheticKnee(), capacity: b });
    expect(row(rows, 'participants held').verdict).toBe(verdict);
  });

  it('is printed with its notes first, in columns', () => {
    const lines = comparisonTable(compare(syntheticKnee(), syntheticVoid()), { a: 'old.json', b: 'new.json' });
    expect(lines[0]).toMatch(/^! The second run is void/);
    const [head, capacity] = lines.filter(line => !line.startsWith('!'));
    expect(head?.indexOf('old.json')).toBe((capacity?.indexOf('240') ?? 0) - 'old.json'.length + 3);
    expect(capacity).toContain('not comparable');
  });
});
