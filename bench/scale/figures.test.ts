import { describe, expect, test } from 'vitest';
import { growthPct, slopeOf, spreadOf } from './figures.ts';

describe('figures', () => {
  test('a spread has the middle value and the outer ones', () => {
    expect(spreadOf([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([1.232, 1.244])).toEqual({ median: 1.24, min: 1.23, max: 1.24 });
    expect(spreadOf([])).toBeUndefined();
  });

  test('a slope is what each more costs, whatever the beginning', () => {
    expect(slopeOf([10, 100, 500].map(x => ({ x, y: 7 + 0.5 * x })))).toBeCloseTo(0.5);
    expect(slopeOf([{ x: 10, y: 1 }])).toBeUndefined();
    expect(
      slopeOf([
        { x: 10, y: 1 },
        { x: 10, y: 3 },
      ]),
    ).toBeUndefined();
    expect(slopeOf([])).toBeUndefined();
  });

  test('growth compares the means of two windows', () => {
    expect(growthPct([90, 110], [104, 106])).toBeCloseTo(5);
    expect(growthPct([100], [90])).toBeCloseTo(-10);
    expect(growthPct([], [1])).toBeUndefined();
  });
});
