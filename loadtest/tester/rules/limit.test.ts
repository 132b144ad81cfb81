import { describe, expect, it } from 'vitest';
import type { HeldStep, ProcessSample, Sample } from '../result.ts';
import { emptySample } from '../share/merge.ts';
import { sampleOf } from '../summary.ts';
import { capacityOf, limitOf, testerLimit } from './limit.ts';

const QUIET = { cpuPct: 20, busiestThreadPct: 20, loopLagMs: 1, dropped: 0, machinePct: 50, machineSharePct: 90 };

function process(figures: Partial<ProcessSample>): ProcessSample {
  return { cpuPct: 10, rssBytes: 1, ...figures };
}

function sample(
  figures: { focus?: ProcessSample; homeserver?: ProcessSample; atMs?: number },
  unhappy: Partial<Sample['unhappy']> = {},
): Sample {
  const share = emptySample();
  Object.assign(share.unhappy, unhappy);
  const { focus, homeserver, atMs = 5_000 } = figures;
  return sampleOf(share, { atMs, tookMs: 1_000, wanted: 10, focus, homeserver });
}

describe('the tester', () => {
  it('is no limit while it is quiet, also on a busy machine', () => {
    expect(testerLimit(QUIET)).toBeUndefined();
    expect(testerLimit({ ...QUIET, machinePct: 100, machineSharePct: 20 }, 60)).toBeUndefined();
  });

  it.each([
    ['a thread', { busiestThreadPct: 96 }],
    ['an event loop', { loopLagMs: 250 }],
    ['dropped', { dropped: 3 }],
    ['all cores', { machinePct: 98, machineSharePct: 70 }],
    ['with what is not measured', { machinePct: 98, machineSharePct: 20 }],
  ])('is one by %s', (words, figures) => {
    expect(testerLimit({ ...QUIET, ...figures })).toContain(words);
  });
});

describe('the limit', () => {
  it.each([
    ['worker', { focus: process({ nodePct: 30, workerPct: 97 }) }],
    ['node', { focus: process({ nodePct: 99, workerPct: 92 }) }],
    ['node', { focus: process({ nodePct: 60, loopLagMs: 400 }) }],
    ['homeserver', { focus: process({ nodePct: 30, workerPct: 40 }), homeserver: process({ cpuPct: 100 }) }],
  ] as const)('is the %s that was full', (limit, figures) => {
    expect(limitOf([sample(figures)]).limit).toBe(limit);
  });

  it('is named by what failed where nobody was seen full, and says so', () => {
    const quiet = { focus: process({ nodePct: 20, workerPct: 50 }) };
    expect(limitOf([sample(quiet, { no_first_media: 5 })])).toMatchObject({ limit: 'homeserver' });
    expect(limitOf([sample(quiet, { video_gap: 5 })])).toMatchObject({ limit: 'worker' });
    expect(limitOf([sample({}, { video_gap: 5 })]).reason).toContain('neither focus nor homeserver was measured');
  });
});

describe('a capacity', () => {
  const step = (participants: number, outcome: HeldStep['outcome']): HeldStep => ({
    fromMs: participants * 1_000,
    toMs: participants * 1_000 + 900,
    participants,
    unhappyPct: 0,
    outcome,
  });

  it('is the largest step that was held, and the one that failed', () => {
    const samples = [
      sample({ focus: process({ workerPct: 20 }), atMs: 10_500 }),
      sample({ focus: process({ workerPct: 95 }), atMs: 30_500 }),
      sample({ homeserver: process({ cpuPct: 100 }), atMs: 90_000 }),
    ];
    expect(capacityOf([step(10, 'held'), step(20, 'held'), step(30, 'failed')], samples)).toEqual({
      kind: 'found',
      held: 20,
      failedAt: 30,
      limit: 'worker',
    });
  });

  it('is at least what was held to the end', () => {
    expect(capacityOf([step(10, 'held')], [])).toEqual({ kind: 'at-least', held: 10 });
  });

  it('is void where the tester was the limit', () => {
    expect(capacityOf([step(10, 'held'), step(20, 'void')], [])).toMatchObject({ kind: 'void', limit: 'tester' });
  });

  it('is unknown where no step was held', () => {
    expect(capacityOf([], [])).toBeUndefined();
  });
});
