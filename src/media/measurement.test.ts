import { expect, test } from 'vitest';
import { overheadBetween } from './measurement.ts';

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
