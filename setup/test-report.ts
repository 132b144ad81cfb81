export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Outcome extends Counts {
  title: string;
  seconds: number;
}

/**
 * Counts the tests of vitest's JSON report. What cannot be told from the report (it crashed, a test file does not load, an error
 * outside of the tests) counts as one failure when the run failed; so does a run without a single test.
 */
export function countTests(report: string | undefined, succeeded: boolean): Counts {
  const counts = readCounts(report);
  if (counts === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const { passed, failed } = counts;
  const failedElsewhere = failed === 0 && (!succeeded || passed === 0);
  return failedElsewhere ? { ...counts, failed: 1 } : counts;
}

function readCounts(report: string | undefined): Counts | undefined {
  if (report === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(report);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const count = (field: string): number => {
    const value: unknown = Reflect.get(parsed, field);
    return typeof value === 'number' ? value : Number.NaN;
  };
  const counts = {
    passed: count('numPassedTests'),
    failed: count('numFailedTests'),
    skipped: count('numPendingTests') + count('numTodoTests'),
  };
  return Object.values(counts).some(Number.isNaN) ? undefined : counts;
}

/** A line for each step, and the closing line alone on its own: `N passed, N failed`. */
export function summarise(outcomes: readonly Outcome[]): { lines: string[]; failed: number } {
  const width = Math.max(...outcomes.map(({ title }) => title.length));
  const lines = outcomes.map(outcome => {
    const mark = outcome.failed === 0 ? '✔' : '✖';
    return `${mark} ${outcome.title.padEnd(width)}  ${tell(outcome)} (${outcome.seconds.toFixed(1)} s)`;
  });
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of outcomes) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return { lines: [...lines, '', tell(total)], failed: total.failed };
}

function tell({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
