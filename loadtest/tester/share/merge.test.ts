import { describe, expect, it } from 'vitest';
import type { ShareSample } from './messages.ts';
import { after, beside, emptySample, medianOfCounts, spreadOfValues, standing } from './merge.ts';

function sample(figures: Partial<ShareSample>): ShareSample {
  return { ...emptySample(), ...figures };
}

const ONE = sample({
  connected: 3,
  packetsIn: 100,
  layers: { '90': 2 },
  cpuPct: 50,
  busiestThreadPct: 40,
  joinMs: [10],
});
const OTHER = sample({
  connected: 4,
  packetsIn: 50,
  layers: { '90': 1, '180': 5 },
  cpuPct: 30,
  busiestThreadPct: 60,
  joinMs: [20],
});

describe('samples', () => {
  it('of two shares add up; of threads the busiest counts', () => {
    expect(beside(ONE, OTHER)).toMatchObject({
      connected: 7,
      packetsIn: 150,
      layers: { '90': 3, '180': 5 },
      cpuPct: 80,
      busiestThreadPct: 60,
      joinMs: [10, 20],
    });
  });

  it('of one share: what stands is that of the later, what was counted is added', () => {
    expect(after(ONE, OTHER)).toMatchObject({ connected: 4, packetsIn: 150, cpuPct: 30, joinMs: [10, 20] });
  });

  it('that were taken stand without what was counted', () => {
    expect(standing(ONE)).toMatchObject({
      connected: 3,
      packetsIn: 0,
      layers: { '90': 2 },
      joinMs: [],
      busiestThreadPct: 0,
    });
  });

  it('do not depend on the order of shares', () => {
    const sorted = (of: ShareSample): ShareSample => ({ ...of, joinMs: of.joinMs.toSorted() });
    expect(sorted(beside(ONE, OTHER))).toEqual(sorted(beside(OTHER, ONE)));
    expect(beside(ONE, emptySample())).toEqual(ONE);
  });
});

describe('spreads', () => {
  it('have a median, a 95th percentile and a maximum, or are none', () => {
    expect(spreadOfValues(Array.from({ length: 100 }, (_, index) => 99 - index))).toEqual({
      count: 100,
      median: 50,
      p95: 95,
      max: 99,
    });
    expect(spreadOfValues([])).toBeUndefined();
  });

  it('are found for what is counted by value', () => {
    expect(medianOfCounts({ '5': 1, '15': 10, '30': 2 })).toBe(15);
    expect(medianOfCounts({})).toBeUndefined();
  });
});
