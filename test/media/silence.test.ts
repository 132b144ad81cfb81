import { it } from 'vitest';
import { stepsProven } from './in-namespace.ts';

// Both mostly wait.
it.concurrent('takes Chromium back by an ICE restart after it lost its network, or tells it to join again', {
  timeout: 120_000,
}, async ({ expect }) => {
  expect(await stepsProven('silence-call.ts', 'chromium')).toEqual(['silent', 'back']);
});

it.concurrent('tells Firefox to join again after it lost its network', { timeout: 120_000 }, async ({ expect }) => {
  expect(await stepsProven('silence-call.ts', 'firefox')).toEqual(['silent', 'back']);
});
