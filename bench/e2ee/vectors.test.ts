import { expect, it } from 'vitest';
import { missedVectors } from './vectors.ts';

it('none of the vectors of RFC 9605 is missed', async () => {
  expect(await missedVectors()).toEqual([]);
});
