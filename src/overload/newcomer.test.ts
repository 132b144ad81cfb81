/** Who is let in, and what one more costs. */
import { describe, expect, it } from 'vitest';
import { keyOfConference } from '../session.ts';
import { CALM, type Level } from './level.ts';
import { costOf, judgeNewcomer } from './newcomer.ts';
import { changesBetween, NOTHING_MEASURED, type OverloadState, shareFor, watch } from './watch.ts';

const CALL = keyOfConference({ roomId: '!room:example.org', confId: 'call' });
const OTHER = keyOfConference({ roomId: '!room:example.org', confId: 'other' });
/** Id of the first worker. */
const FIRST = 0;
const LIMITS = { worker: { refuseAt: 0.8, shedAt: 0.92 }, lagMs: 250 };
const CAREFUL: Level = { kind: 'careful', lowSince: undefined, highSince: undefined };
const SHEDDING: Level = {
  kind: 'shedding',
  videoShare: 0.3,
  changedAt: 0,
  last: 'cut',
  lowSince: undefined,
  riseAfter: 5_000,
};

/** Workers by their levels and shares; the first one serves the call. */
function stateOf(...workers: [Level, number][]): OverloadState {
  return {
    ...NOTHING_MEASURED,
    workers: new Map(
      workers.map(([level, share], id) => [id, { level, share, conferences: new Set(id === 0 ? [CALL] : []) }]),
    ),
  };
}

describe('the cost of one more', () => {
  // All see and hear all: 30 who publish two tracks each, or one to 200.
  const meeting = { participants: 30, publishers: 30, forwarded: 30 * 29 * 2 };
  const webinar = { participants: 200, publishers: 1, forwarded: 199 * 2 };

  it('is that of what it is sent, and of what the others are sent of it', () => {
    const effort = { forwarded: meeting.forwarded, load: 0.6 };
    expect(costOf(meeting, true, effort)).toBeCloseTo((0.6 / 30) * 2);
    expect(costOf(meeting, false, effort)).toBeCloseTo(0.6 / 30);
  });

  it('is small for the next viewer of a webinar, and large for its next publisher', () => {
    const effort = { forwarded: webinar.forwarded, load: 0.6 };
    expect(costOf(webinar, false, effort)).toBeCloseTo(0.6 / 200);
    expect(costOf(webinar, true, effort)).toBeGreaterThan(100 * costOf(webinar, false, effort));
  });

  it('is guessed while too little flows to measure it, and never more than half a core', () => {
    const call = { participants: 2, publishers: 2, forwarded: 4 };
    expect(costOf(call, true, { forwarded: 4, load: 0.9 })).toBeLessThan(0.05);
    expect(costOf(webinar, true, { forwarded: webinar.forwarded, load: 8 })).toBe(0.5);
  });

  it('is nothing for the first', () => {
    expect(costOf({ participants: 0, publishers: 0, forwarded: 0 }, true, { forwarded: 0, load: 0 })).toBe(0);
  });
});

describe('a newcomer', () => {
  it('is welcome where all is calm', () => {
    expect(judgeNewcomer(stateOf([CALM, 0.5]), LIMITS, FIRST, 0.05, 0)).toEqual({ kind: 'welcome', cost: 0.05 });
  });

  it.each<[string, Level, number, string]>([
    ['careful', CAREFUL, 0.83, 'the media worker is busy (83 % of a core)'],
    ['shedding', SHEDDING, 0.95, 'the media worker is full (95 % of a core)'],
  ])('is refused where the worker of its call is %s, and told when to come again', (_, level, share, words) => {
    const verdict = judgeNewcomer(stateOf([level, share]), LIMITS, FIRST, 0, 0);
    expect(verdict).toMatchObject({ kind: 'refused', full: 'worker', message: words });
    expect(verdict.kind === 'refused' && verdict.retryAfterMs).toBeGreaterThanOrEqual(10_000);
  });

  it('is refused where it would take more than is left', () => {
    expect(judgeNewcomer(stateOf([CALM, 0.7]), LIMITS, FIRST, 0.3, 0)).toMatchObject({
      kind: 'refused',
      full: 'newcomer',
    });
    expect(judgeNewcomer(stateOf([CALM, 0.7]), LIMITS, FIRST, 0.1, 0)).toMatchObject({ kind: 'welcome' });
  });

  it('is refused where those who came just before it fill the worker, as soon as they will show', () => {
    expect(judgeNewcomer(stateOf([CALM, 0.2]), LIMITS, FIRST, 0.05, 0.65)).toMatchObject({ full: 'newcomer' });
  });

  it('is refused where the process that signals is busy, whatever the workers', () => {
    const state = { ...stateOf([CALM, 0]), process: CAREFUL };
    expect(judgeNewcomer(state, LIMITS, FIRST, 0, 0)).toMatchObject({ kind: 'refused', full: 'process' });
  });

  it('is judged by the worker that would serve it, whatever the others do', () => {
    const state = stateOf([SHEDDING, 0.7], [CAREFUL, 0.69], [CALM, 0.75]);
    expect(judgeNewcomer(state, LIMITS, FIRST + 2, 0, 0).kind).toBe('welcome');
    expect(judgeNewcomer(state, LIMITS, FIRST + 1, 0, 0).kind).toBe('refused');
  });

  it('is not judged by a worker where none is alive: that is said elsewhere', () => {
    expect(judgeNewcomer(NOTHING_MEASURED, LIMITS, FIRST, 0, 0).kind).toBe('welcome');
    expect(judgeNewcomer(NOTHING_MEASURED, LIMITS, undefined, 0, 0).kind).toBe('welcome');
  });
});

describe('what is watched', () => {
  const quiet = { utilization: 0.1, lagMs: 5 };

  function watched(seconds: number, share: number, process = quiet, mailbox = 0): OverloadState {
    let state = NOTHING_MEASURED;
    for (let second = 0; second < seconds; second += 1) {
      state = watch(
        state,
        { workers: [{ id: 7, share, conferences: [CALL] }], process, mailbox },
        LIMITS,
        second * 1_000,
      );
    }
    return state;
  }

  it('presses the conferences of a worker that sheds, and no others', () => {
    const state = watched(5, 0.95);
    expect(shareFor(state, CALL)).toBe(0.7);
    expect(shareFor(state, OTHER)).toBe(1);
  });

  it.each<[string, { utilization: number; lagMs: number }, number]>([
    ['an event loop without a pause', { utilization: 0.95, lagMs: 5 }, 0],
    ['one that is late for seconds', { utilization: 0.1, lagMs: 400 }, 0],
    ['full mailboxes', quiet, 10_000],
  ])('refuses newcomers for %s', (_, process, mailbox) => {
    const state = watched(8, 0.1, process, mailbox);
    expect(state.process.kind).toBe('careful');
    expect(shareFor(state, CALL)).toBe(1);
  });

  it.each([700, 5_000])('forgives a machine that stood still for %d ms, and no more than two looks of it', lagMs => {
    const kinds: string[] = [];
    let state = watched(3, 0.1);
    for (const second of [3, 4, 5]) {
      state = watch(state, { workers: [], process: { utilization: 0.3, lagMs }, mailbox: 0 }, LIMITS, second * 1_000);
      kinds.push(state.process.kind);
    }
    expect(kinds).toEqual(['calm', 'calm', 'careful']);
  });

  it('forgets a worker that died', () => {
    const state = watch(watched(5, 0.95), { workers: [], process: quiet, mailbox: 0 }, LIMITS, 5_000);
    expect(shareFor(state, CALL)).toBe(1);
  });

  it('tells what changed, and nothing else', () => {
    const before = watched(2, 0.5);
    const after = watch(
      before,
      { workers: [{ id: 7, share: 0.85, conferences: [] }], process: quiet, mailbox: 0 },
      LIMITS,
      2_000,
    );
    expect(changesBetween(before, after)).toMatchObject([
      { part: 7, from: { kind: 'calm' }, to: { kind: 'careful' }, load: 0.85 },
    ]);
    expect(changesBetween(after, after)).toEqual([]);
  });
});
