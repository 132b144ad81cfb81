import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { MessageRate, type Verdict } from './message-rate.ts';

function takeMany(rate: MessageRate, count: number): Record<Verdict, number> {
  const verdicts = { taken: 0, dropped: 0, 'dropped, tell': 0, flood: 0 };
  for (let index = 0; index < count; index += 1) verdicts[rate.take()] += 1;
  return verdicts;
}

describe('message rate', () => {
  it('takes 200 at once and 100 a second, and tells of what it drops once a second', async () => {
    const clock = new VirtualClock();
    const rate = new MessageRate(clock);
    expect(takeMany(rate, 300)).toEqual({ taken: 200, dropped: 99, 'dropped, tell': 1, flood: 0 });
    await clock.pass(500);
    expect(takeMany(rate, 100)).toEqual({ taken: 50, dropped: 50, 'dropped, tell': 0, flood: 0 });
    await clock.pass(500);
    expect(takeMany(rate, 51)).toEqual({ taken: 50, dropped: 0, 'dropped, tell': 1, flood: 0 });
  });

  it('calls it a flood when 5,000 in a row had to be dropped', () => {
    const rate = new MessageRate(new VirtualClock());
    expect(takeMany(rate, 5_199).flood).toBe(0);
    expect(rate.take()).toBe('flood');
  });

  it('forgets a burst after a calm time', async () => {
    const clock = new VirtualClock();
    const rate = new MessageRate(clock);
    takeMany(rate, 5_000);
    await clock.pass(2_000);
    expect(takeMany(rate, 5_000).flood).toBe(0);
  });
});
