import { expect, test } from 'vitest';
import { costOf, heldFigures, lineThrough, unhappyPct } from './figures.ts';
import { syntheticKnee, syntheticRun } from './synthetic.ts';

test('a line through points has their slope and base', () => {
  const line = lineThrough([10, 20, 40].map(x => ({ x, value: 5 + 0.5 * x })));
  expect(line?.slope).toBeCloseTo(0.5);
  expect(line?.base).toBeCloseTo(5);
});

test('there is no line through one x', () => {
  expect(lineThrough([])).toBeUndefined();
  expect(
    lineThrough([
      { x: 10, value: 1 },
      { x: 10, value: 2 },
    ]),
  ).toBeUndefined();
});

test('what failed is no part of the costs', () => {
  const run = syntheticKnee();
  expect(run.steps.at(-1)?.outcome).toBe('failed');
  expect(heldFigures(run)).toHaveLength(run.steps.length - 1);
});

test('the cost of a participant is what the focus took for each', () => {
  for (const workerPctEach of [0.2, 0.3]) {
    const slope = costOf(syntheticRun({ workerPctEach }), 'workerPct')?.slope ?? 0;
    expect(Math.abs(slope - workerPctEach)).toBeLessThan(0.02);
  }
});

test('the unhappy are a share of those that are to receive something', () => {
  const [sample] = syntheticKnee().samples;
  if (sample === undefined) throw new Error('there is no sample');
  const unhappy = { no_first_media: 1, audio_loss: 2, video_gap: 0, no_layer: 0 };
  expect(unhappyPct({ ...sample, receivers: 10, unhappy })).toBe(30);
  expect(unhappyPct({ ...sample, receivers: 2, unhappy })).toBe(100);
  expect(unhappyPct({ ...sample, receivers: 0, unhappy })).toBe(0);
});
