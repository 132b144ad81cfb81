import { expect, test } from 'vitest';
import { cumulativeBitrates, overheadBetween } from './measurement.ts';

test('packets have 40 bytes beside RTP', () => {
  expect(overheadBetween({ packets: 100, at: 5_000 }, { packets: 150, at: 6_000 })).toBe(16_000);
  expect(overheadBetween({ packets: 100, at: 5_000 }, { packets: 150, at: 5_500 })).toBe(32_000);
});

test.each([
  ['a first look', undefined],
  ['two looks at one time', { packets: 90, at: 6_000 }],
  ['a stream that began anew', { packets: 400, at: 5_000 }],
])('%s tells nothing of them', (_what, before) => {
  expect(overheadBetween(before, { packets: 100, at: 6_000 })).toBe(0);
});

test('layers of one stream count with all below them, and not at all while they do not arrive', () => {
  const byLayer = { '0.0': 50_000, '0.1': 70_000, '0.2': 100_000, '1.0': 250_000, '1.2': 400_000, '2.0': 0 };
  expect(cumulativeBitrates(byLayer, 3)).toEqual([100_000, 400_000, 0]);
  expect(cumulativeBitrates({}, 2)).toEqual([0, 0]);
});
