import { expect, test } from 'vitest';
import { growthOf, handlesOf, joinRange, slopesOf } from './figures.ts';
import { syntheticScale } from './synthetic.ts';

test('a join costs the median, between the cheapest and the dearest', () => {
  expect(joinRange({ participants: 10, cpuMs: [9, 1, 4, 2] })).toEqual({ min: 1, median: 3, max: 9 });
  expect(joinRange({ participants: 10, cpuMs: [9, 1, 4] })).toEqual({ min: 1, median: 4, max: 9 });
  expect(joinRange({ participants: 10, cpuMs: [] })).toBeUndefined();
});

test('memory grows by what the judged times differ, and by nothing before or between them', () => {
  const { soak } = syntheticScale();
  if (soak === undefined) throw new Error('there is no soak');
  const samples = [0, 10, 20, 30, 40].map(atMs => ({ atMs, nodeRss: 100, workerRss: atMs < 25 ? 100 : 104 }));
  const judged = { first: { fromMs: 10, toMs: 20 }, last: { fromMs: 30, toMs: 40 } };
  const short = { ...soak, samples, judged, mostGrowthPct: 3 };
  expect(growthOf(short, 'nodeRss')).toEqual({ first: 100, last: 100, pct: 0, isWithinBound: true });
  expect(growthOf(short, 'workerRss')).toEqual({ first: 100, last: 104, pct: 4, isWithinBound: false });
  expect(growthOf({ ...short, samples: samples.slice(0, 2) }, 'nodeRss')).toBeUndefined();
});

test('handles that are left over come first, also of kinds that were not there before', () => {
  const { soak } = syntheticScale();
  if (soak === undefined) throw new Error('there is no soak');
  const handles = handlesOf({ ...soak, before: { sockets: 4, timers: 6 }, after: { sockets: 3, timers: 6, pipes: 1 } });
  expect(handles).toEqual([
    { kind: 'pipes', before: 0, after: 1 },
    { kind: 'timers', before: 6, after: 6 },
    { kind: 'sockets', before: 4, after: 3 },
  ]);
});

test('slopes begin at 10 participants', () => {
  const [run] = syntheticScale().capacity;
  if (run === undefined) throw new Error('there is no run');
  const [first] = run.steps;
  if (first === undefined) throw new Error('there is no step');
  // What would bend the line if it counted.
  const before = { ...first, participants: 2 };
  expect(slopesOf({ ...run, steps: [before, ...run.steps] })).toEqual(slopesOf(run));
});
