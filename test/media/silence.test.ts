import { expect, it } from 'vitest';
import { stepsProven } from './in-namespace.ts';

it('takes Chromium back by an ICE restart after it lost its network', { timeout: 120_000 }, async () => {
  expect(await stepsProven('silence-call.ts', 'chromium')).toEqual(['silent', 'back']);
});

it('tells Firefox to join again after it lost its network', { timeout: 120_000 }, async () => {
  expect(await stepsProven('silence-call.ts', 'firefox')).toEqual(['silent', 'back']);
});
