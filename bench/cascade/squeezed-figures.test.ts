import { expect, test } from 'vitest';
import { judgeSqueezed, layerOf } from './squeezed-figures.ts';

const LADDER = [
  { rid: 'q', widthPx: 160 },
  { rid: 'h', widthPx: 320 },
];

test('a video comes in the layer that was shown last, or in none', () => {
  expect(layerOf([320, 320, 160], LADDER)).toBe('q');
  expect(layerOf([160, 320], LADDER)).toBe('h');
  expect(layerOf([], LADDER)).toBeNull();
});

test('where there is no room for all of the lowest, some may be missing, but none is higher', () => {
  const squeezed = { concealedPct: 0, settledConcealedPct: 0, ladder: ['q', 'h'] };
  expect(judgeSqueezed({ ...squeezed, layers: { alice: 'q', anna: null } })).toEqual([]);
  expect(judgeSqueezed({ ...squeezed, layers: { alice: 'h', anna: null } })).toHaveLength(1);
});
