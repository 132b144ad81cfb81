import { describe, expect, it } from 'vitest';
import { gapSpreadOf, longestGap, median, percentile, spreadOf } from './statistics.ts';

describe('median', () => {
  it('is the middle value, whatever the order', () => expect(median([9, 1, 5])).toBe(5));
  it('is the mean of the two in the middle', () => expect(median([10, 1, 2, 4])).toBe(3));
  it('is that of one value', () => expect(median([7])).toBe(7));
  it('is none of none', () => expect(median([])).toBeUndefined());
});

describe('percentile', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => 20 - index);
  it('is the 19th of 20 at 95 %', () => expect(percentile(twenty, 0.95)).toBe(19));
  it('is the largest at 100 %, the smallest at 0', () => {
    expect(percentile(twenty, 1)).toBe(20);
    expect(percentile(twenty, 0)).toBe(1);
  });
  it('of few values is the largest', () => expect(percentile([3, 1], 0.95)).toBe(3));
  it('is none of none', () => expect(percentile([], 0.95)).toBeUndefined());
});

describe('spreads', () => {
  it('are whole ms', () => {
    expect(spreadOf([1.4, 2.6, 9.5])).toEqual({ median: 3, max: 10 });
    expect(gapSpreadOf([66.7, 133.4])).toEqual({ p95: 133, max: 133 });
  });
  it('are none of none', () => {
    expect(spreadOf([])).toBeUndefined();
    expect(gapSpreadOf([])).toBeUndefined();
  });
});

describe('longestGap', () => {
  it('looks only at gaps that touch the window', () => {
    expect(longestGap([0, 500, 560, 620, 690, 1_500], 560, 690)).toBe(70);
  });
  it('counts a gap whole that began before the window or ended after it', () => {
    expect(longestGap([0, 400, 450], 350, 440)).toBe(400);
    expect(longestGap([100, 150, 900], 110, 200)).toBe(750);
    expect(longestGap([100, 900], 300, 400)).toBe(800);
  });
  it('cuts at the edge of the window where no frame came before or after', () => {
    expect(longestGap([200], 100, 500)).toBe(300);
    expect(longestGap([], 100, 500)).toBe(400);
  });
  it('takes frames in any order', () => expect(longestGap([300, 100, 200], 100, 300)).toBe(100));
});
