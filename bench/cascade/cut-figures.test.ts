import { expect, test } from 'vitest';
import { mediaGapMs } from './cut-figures.ts';

test('a gap that a calm time has as well is none', () => {
  expect(mediaGapMs(120, 240)).toBe(0);
  expect(mediaGapMs(120, 240.6)).toBe(241);
});
