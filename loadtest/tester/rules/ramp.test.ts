import { describe, expect, it } from 'vitest';
import type { HeldStep, Sample } from '../result.ts';
import { sampleOf } from '../summary.ts';
import { emptySample } from '../share/merge.ts';
import { type RampEffect, type RampPlan, startRamp, turnRamp } from './ramp.ts';

const PLAN: RampPlan = { steps: [10, 20], joinsPerSecond: 5, settleMs: 5_000, holdMs: 4_000, mostUnhappyPct: 1 };

interface World {
  /** Of those wanted. */
  connected?: (wanted: number) => number;
  unhappy?: (wanted: number, now: number) => number;
  busy?: (wanted: number) => string | undefined;
}

/** Plays a ramp in ticks of 100 ms, with a sample each second. */
function play(plan: RampPlan, world: World): { effects: (RampEffect & { at: number })[]; steps: HeldStep[] } {
  let state = startRamp(0);
  let wanted = 0;
  const effects: (RampEffect & { at: number })[] = [];
  for (let now = 100; now < 120_000 && state.kind !== 'over'; now += 100) {
    const inputs = [{ kind: 'time' as const }, ...(now % 1_000 === 0 ? [sampleInput(world, wanted, now)] : [])];
    for (const input of inputs) {
      const turn = turnRamp(plan, state, input, now);
      state = turn.state;
      for (const effect of turn.effects) {
        effects.push({ ...effect, at: now });
        if (effect.kind === 'want') wanted = effect.participants;
      }
    }
  }
  return { effects, steps: effects.flatMap(effect => (effect.kind === 'step' ? [effect.step] : [])) };
}

function sampleInput(
  world: World,
  wanted: number,
  now: number,
): { kind: 'sample'; sample: Sample; busy: string | undefined } {
  const share = emptySample();
  share.connected = world.connected?.(wanted) ?? wanted;
  share.receivers = wanted;
  share.unhappy.video_gap = world.unhappy?.(wanted, now) ?? 0;
  const sample = sampleOf(share, { atMs: now, tookMs: 1_000, wanted, focus: undefined, homeserver: undefined });
  return { kind: 'sample', sample, busy: world.busy?.(wanted) };
}

describe('a ramp', () => {
  it('grows by so many a second, and holds each step', () => {
    const { effects, steps } = play(PLAN, {});
    const wanted = effects.flatMap(effect => (effect.kind === 'want' ? [effect] : []));
    expect(wanted.find(({ participants }) => participants === 10)?.at).toBeGreaterThanOrEqual(1_800);
    expect(wanted.every(({ participants, at }) => participants <= 1 + (at * 5) / 1_000)).toBe(true);
    expect(steps.map(({ participants, outcome }) => [participants, outcome])).toEqual([
      [10, 'held'],
      [20, 'held'],
    ]);
    expect(steps.every(({ fromMs, toMs }) => toMs - fromMs >= PLAN.holdMs)).toBe(true);
    expect(effects.at(-1)?.kind).toBe('end');
    expect(effects.filter(({ kind }) => kind === 'hold')).toHaveLength(2);
  });

  it('waits for media, but not for ever', () => {
    const { steps } = play(PLAN, { connected: wanted => wanted - 1 });
    expect(steps[0]?.fromMs).toBeGreaterThanOrEqual(1_800 + PLAN.settleMs);
  });

  it('ends with the first step that fails, and says why', () => {
    const { steps } = play(PLAN, { unhappy: wanted => (wanted === 20 ? 2 : 0) });
    expect(steps.map(({ outcome }) => outcome)).toEqual(['held', 'failed']);
    expect(steps[1]).toMatchObject({
      participants: 20,
      unhappyPct: 10,
      reason: 'of 20 receivers 2 had a gap of video over 1 s',
    });
  });

  it('lets one moment of unhappiness fail a step', () => {
    const { steps } = play(PLAN, { unhappy: (wanted, now) => (wanted === 10 && now === 6_000 ? 1 : 0) });
    expect(steps.map(({ outcome }) => outcome)).toEqual(['failed']);
  });

  it('bears a share of unhappy receivers that is not above its bound', () => {
    const { steps } = play({ ...PLAN, mostUnhappyPct: 10 }, { unhappy: wanted => wanted / 10 });
    expect(steps.map(({ outcome }) => outcome)).toEqual(['held', 'held']);
  });

  it('finds nothing where the tester was busy, whether receivers were happy or not', () => {
    for (const unhappy of [0, 5]) {
      const { steps } = play(PLAN, { busy: () => 'a thread was full', unhappy: () => unhappy });
      expect(steps).toMatchObject([{ outcome: 'void', reason: 'a thread was full' }]);
    }
  });
});
