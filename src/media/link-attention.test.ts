import { expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { LinkAttention, LOOK_IN_MS } from './link-attention.ts';

it('is watched while it is new, then now and then', async () => {
  const clock = new VirtualClock();
  const attention = new LinkAttention(clock);
  expect(attention.lookInMs).toBe(LOOK_IN_MS.watchful);
  await clock.pass(10_000);
  expect(attention.lookInMs).toBe(LOOK_IN_MS.calm);
});

it('is watched again where something bad is heard of it, which is news once', async () => {
  const clock = new VirtualClock();
  const attention = new LinkAttention(clock);
  await clock.pass(60_000);
  expect([attention.suspect(), attention.suspect()]).toEqual([true, false]);
  await clock.pass(9_000);
  expect(attention.lookInMs).toBe(LOOK_IN_MS.watchful);
  attention.suspect();
  await clock.pass(9_000);
  expect(attention.lookInMs).toBe(LOOK_IN_MS.watchful);
  await clock.pass(1_000);
  expect(attention.lookInMs).toBe(LOOK_IN_MS.calm);
});

it.each(['isTight', 'loses'] as const)('is looked at closely while it %s, however long', async what => {
  const clock = new VirtualClock();
  const attention = new LinkAttention(clock);
  attention[what] = true;
  await clock.pass(60_000);
  expect(attention.lookInMs).toBe(LOOK_IN_MS.close);
  attention[what] = false;
  expect(attention.lookInMs).toBe(LOOK_IN_MS.calm);
});
