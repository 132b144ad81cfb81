import { expect, it } from 'vitest';
import { stepsProven } from './in-namespace.ts';

it('holds a call of two Firefox windows, away from loopback', { timeout: 300_000 }, async () => {
  expect(await stepsProven('firefox-call.ts')).toEqual([
    'control',
    'publish and receive',
    'layers',
    'screen share',
    'glare',
    'ICE restart',
  ]);
});
