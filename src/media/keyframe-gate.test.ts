import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { KeyframeGate } from './keyframe-gate.ts';

describe('KeyframeGate', () => {
  function gate() {
    const clock = new VirtualClock();
    const applied: string[] = [];
    const viewers = { a: {}, b: {}, c: {} };
    const gate = new KeyframeGate(clock);
    const pass = (viewer: keyof typeof viewers, what: string): void => {
      gate.pass(viewers[viewer], () => applied.push(what));
    };
    return { clock, applied, viewers, gate, pass };
  }

  it('lets the first through at once, and the rest in batches 350 ms apart', async () => {
    const { clock, applied, pass } = gate();
    pass('a', 'a1');
    pass('b', 'b1');
    pass('c', 'c1');
    expect(applied).toEqual(['a1']);
    await clock.pass(349);
    expect(applied).toEqual(['a1']);
    await clock.pass(1);
    expect(applied).toEqual(['a1', 'b1', 'c1']);
    pass('a', 'a2');
    await clock.pass(349);
    expect(applied).toHaveLength(3);
    await clock.pass(1);
    expect(applied).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  it('goes through at once again after a pause', async () => {
    const { clock, applied, pass } = gate();
    pass('a', 'a1');
    await clock.pass(350);
    pass('a', 'a2');
    expect(applied).toEqual(['a1', 'a2']);
  });

  it('keeps the newest wish of a viewer, and none of one that left', async () => {
    const { clock, applied, viewers, gate: subject, pass } = gate();
    pass('a', 'a1');
    pass('b', 'b1');
    pass('b', 'b2');
    pass('c', 'c1');
    subject.forget(viewers.c);
    await clock.pass(350);
    expect(applied).toEqual(['a1', 'b2']);
  });

  it('does nothing once closed', async () => {
    const { clock, applied, gate: subject, pass } = gate();
    pass('a', 'a1');
    pass('b', 'b1');
    subject.close();
    pass('a', 'a2');
    await clock.pass(1_000);
    expect(applied).toEqual(['a1']);
  });
});
