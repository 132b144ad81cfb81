import { describe, expect, test } from 'vitest';
import { countTests, summarise } from './test-report.ts';

const report = (passed: number, failed: number, pending = 0, todo = 0): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: todo,
    testResults: [],
  });

describe('counting the tests of a report', () => {
  test('takes the figures as they are', () => {
    expect(countTests(report(12, 3, 2, 1), false)).toEqual({ passed: 12, failed: 3, skipped: 3 });
    expect(countTests(report(12, 0), true)).toEqual({ passed: 12, failed: 0, skipped: 0 });
  });

  test('a run that failed without a failed test has failed', () => {
    expect(countTests(report(12, 0), false)).toEqual({ passed: 12, failed: 1, skipped: 0 });
  });

  test('a run without a test has failed', () => {
    expect(countTests(report(0, 0), true).failed).toBe(1);
    expect(countTests(report(0, 0, 5), true).failed).toBe(1);
  });

  test.each([undefined, '', 'no JSON', '{}', 'null', '[]', '{"numPassedTests":"1"}'])(
    'a report like %j has failed',
    text => {
      expect(countTests(text, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    },
  );
});

describe('the summary', () => {
  const step = { seconds: 1, skipped: 0 };

  test('ends with the sum, alone on its line', () => {
    const { lines, failed } = summarise([
      { ...step, title: 'Types', passed: 1, failed: 0 },
      { ...step, title: 'Unit tests', passed: 40, failed: 2 },
    ]);
    expect(lines.at(-1)).toBe('41 passed, 2 failed');
    expect(failed).toBe(2);
    expect(lines[0]).toContain('✔ Types');
    expect(lines[1]).toContain('✖ Unit tests');
  });

  test('names skipped tests only where there are some', () => {
    const { lines } = summarise([{ ...step, title: 'Unit tests', passed: 4, failed: 0, skipped: 3 }]);
    expect(lines.at(-1)).toBe('4 passed, 0 failed, 3 skipped');
  });
});
