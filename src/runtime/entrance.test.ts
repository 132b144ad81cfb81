/** Many at once: the load shows nobody of them yet. */
import { describe, expect, it } from 'vitest';
import { CALM } from '../overload/level.ts';
import { judgeNewcomer } from '../overload/newcomer.ts';
import { NOTHING_MEASURED, type OverloadState } from '../overload/watch.ts';
import { FakeMeters, OVERLOAD } from '../testing/fake-world.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { keyOfConference, keyOfSession } from '../session.ts';
import { nothingCounted } from './counts.ts';
import { Entrance } from './entrance.ts';

const CALL = keyOfConference({ roomId: '!room:example.org', confId: 'conf' });

/** A call of 20 who all publish two tracks and get all of the others', on a worker that takes half a core for that. */
function entrance() {
  const clock = new VirtualClock();
  const meters = new FakeMeters();
  const participants = 20;
  const runner = {
    size: participants,
    hasDevice: () => false,
    counts: () => ({ ...nothingCounted(), publishers: participants, forwarded: participants * (participants - 1) * 2 }),
  };
  const state: OverloadState = {
    ...NOTHING_MEASURED,
    workers: new Map([[1, { level: CALM, share: 0.5, conferences: new Set([CALL]) }]]),
  };
  const opened = new Entrance({
    clock,
    meters,
    most: { conferences: 10, participants: 1_000 },
    watch: { state, judge: (_, ...newcomer) => judgeNewcomer(state, OVERLOAD, 1, ...newcomer) },
    conferences: new Map([[CALL, runner]]),
  });
  const enter = (name: string, publishes = true): boolean => {
    try {
      opened.enter(CALL, { userId: `@${name}:example.org`, deviceId: 'DEV', publishes });
      return true;
    } catch {
      return false;
    }
  };
  return { clock, meters, opened, enter };
}

describe('a crowd at the door', () => {
  it('is let in as far as the worker will hold it, by what each is expected to cost', () => {
    const { meters, enter } = entrance();
    const entered = Array.from({ length: 30 }, (_, index) => enter(String(index))).filter(Boolean).length;
    // 5 % of a core each, from 50 to 80 %.
    expect(entered).toBe(6);
    expect(meters.counts.get('no room: newcomer')).toBe(24);
  });

  it('holds twice as many viewers as publishers', () => {
    const { enter } = entrance();
    expect(Array.from({ length: 30 }, (_, index) => enter(String(index), false)).filter(Boolean)).toHaveLength(12);
  });

  it('goes on once the load shows the first ones', async () => {
    const { clock, enter } = entrance();
    for (let index = 0; index < 30; index += 1) enter(String(index));
    expect(enter('late')).toBe(false);
    await clock.pass(5_000);
    expect(enter('late')).toBe(true);
  });

  it('who only asks takes no place', () => {
    const { opened, enter } = entrance();
    for (let index = 0; index < 30; index += 1)
      opened.ask(CALL, { userId: `@${index}:example.org`, deviceId: 'DEV', publishes: true });
    expect(enter('first')).toBe(true);
  });

  it('remembers who left, of many thousands the latest', () => {
    const { opened, enter } = entrance();
    for (let index = 0; index < 10_002; index += 1)
      opened.left(CALL, keyOfSession({ userId: `@gone${index}:example.org`, deviceId: 'DEV', sessionId: 's' }));
    for (let index = 0; index < 30; index += 1) enter(String(index));
    expect([enter('gone0'), enter('gone10001')]).toEqual([false, true]);
  });
});
