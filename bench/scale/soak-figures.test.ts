import { describe, expect, test } from 'vitest';
import {
  growthOf,
  judgeSoak,
  handlesIn,
  leakedIn,
  type ResidentSample,
  type SoakFigures,
  windowsOf,
  writeSoak,
} from './soak-figures.ts';

const MINUTE = 60_000;
const FINE: SoakFigures = {
  minutes: 20,
  joins: 900,
  nodeGrowthPct: 2,
  workerGrowthPct: -1,
  samples: [],
  before: {},
  after: {},
};

describe('growth of memory', () => {
  test('compares minutes 5 to 8 with the last three', () => {
    expect(windowsOf(20)).toEqual({
      earlier: { fromMs: 5 * MINUTE, toMs: 8 * MINUTE },
      later: { fromMs: 17 * MINUTE, toMs: 20 * MINUTE },
    });
  });

  test('of a short run compares quarters', () => {
    expect(windowsOf(4)).toEqual({
      earlier: { fromMs: MINUTE, toMs: 2 * MINUTE },
      later: { fromMs: 3 * MINUTE, toMs: 4 * MINUTE },
    });
  });

  test('is that of Node and of the worker, each; what a start takes is not in it', () => {
    const samples = Array.from({ length: 21 }, (_, minute): ResidentSample => {
      const settled = minute < 5 ? 50 : 100;
      return { atMs: minute * MINUTE, node: minute >= 17 ? 110 : settled, worker: 20 };
    });
    const growth = growthOf(20, samples);
    expect(growth?.nodeGrowthPct).toBeCloseTo(10);
    expect(growth?.workerGrowthPct).toBeCloseTo(0);
    expect(growthOf(20, samples.slice(0, 10))).toBeUndefined();
  });
});

describe('what is left behind', () => {
  test('is what there is more of, of what has to be as before', () => {
    const before = new Map([
      ['weir_media_handles{kind="transport"}', 1],
      ['weir_media_handles{kind="router"}', 2],
      ['nodejs_active_resources{type="Timeout"}', 3],
      ['weir_invites_total{outcome="admitted",code="none"}', 1],
    ]);
    const after = new Map([
      ['weir_media_handles{kind="transport"}', 3],
      ['weir_media_handles{kind="router"}', 1],
      ['nodejs_active_resources{type="Timeout"}', 3],
      ['nodejs_active_resources{type="Immediate"}', 1],
      ['weir_invites_total{outcome="admitted",code="none"}', 900],
    ]);
    expect(leakedIn({ before: handlesIn(before), after: handlesIn(after) })).toEqual({
      'weir_media_handles{kind="transport"}': 2,
      'nodejs_active_resources{type="Immediate"}': 1,
    });
  });
});

describe('the bounds', () => {
  test('memory grows by less than 5 %, and nothing stays', () => {
    expect(judgeSoak(FINE)).toEqual([]);
    expect(judgeSoak({ ...FINE, workerGrowthPct: 5 })[0]).toContain('the worker grew by 5.0 %');
    expect(judgeSoak({ ...FINE, after: { 'weir_media_handles{kind="router"}': 1 } })[0]).toContain('router');
    expect(judgeSoak({ ...FINE, joins: 0 })).toEqual(['soak: nobody joined']);
  });

  test('are written with the names of the result', () => {
    expect(writeSoak({ ...FINE, before: { b: 1 }, after: { a: 2, b: 2 } })).toMatchObject({
      rss_growth_pct: 2,
      leaked: 3,
      joins: 900,
    });
  });
});
