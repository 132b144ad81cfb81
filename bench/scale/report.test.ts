import { expect, test } from 'vitest';
import { writeScaleReport } from '../../loadtest/report/scale/page.ts';
import { syntheticKnee } from '../../loadtest/tester/synthetic.ts';
import { reportOf } from './report.ts';
import type { Measured } from './result.ts';

const spread = { median: 10, min: 9, max: 12 };
const forwarded = {
  deliveredPerS: 20_000,
  worker: spread,
  node: spread,
  bare: spread,
  floor: spread,
  gso: spread,
  rounds: 7,
  void: 0,
};
const MEASURED: Measured = {
  forwarding: [
    { receivers: 200, kind: 'video', burst: '3 to 4', ...forwarded },
    { receivers: 200, kind: 'video', burst: '10', ...forwarded },
  ],
  joins: {
    costs: [{ participants: 10, eachMs: [20, 22], cpuMs: 21, nodeMs: 15, workerMs: 6 }],
    perS: 9,
    firstMediaMs: [200],
    resident: [],
    loopLagMs: 20,
  },
  soak: {
    minutes: 4,
    joins: 500,
    nodeGrowthPct: 1,
    workerGrowthPct: 0,
    samples: [
      { atMs: 70_000, node: 2e8, worker: 2e7 },
      { atMs: 200_000, node: 2e8, worker: 2e7 },
    ],
    before: { 'weir_media_handles{kind="router"}': 0 },
    after: { 'weir_media_handles{kind="router"}': 0 },
  },
  capacity: [syntheticKnee()],
};

test('the report holds all parts that were measured, and what went wrong', () => {
  const notes = {
    startedAt: new Date(0),
    durationMs: 1_000,
    machine: syntheticKnee().machine,
    failures: ['the roof leaks'],
  };
  const result = reportOf(MEASURED, notes);
  expect(result.forwarding).toHaveLength(1);
  expect(result.joinCost).toEqual([{ participants: 10, cpuMs: [20, 22] }]);
  const page = writeScaleReport(result);
  expect(page).toContain('the roof leaks');
  expect(page).toContain('500 joins in 4 minutes');
  const nothing = { forwarding: null, joins: null, soak: null, capacity: null };
  expect(() => writeScaleReport(reportOf(nothing, notes))).not.toThrow();
});
