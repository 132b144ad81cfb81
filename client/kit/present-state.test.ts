/** What a sync tells of a room again, after something newer. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StateEvent } from './homeserver-answers.ts';
import { PresentState } from './present-state.ts';

const [OLD, NEW, NEWEST] = [1_000, 2_000, 3_000];

const member = (sentAt: number, stateKey = '@a:x'): StateEvent => ({
  type: 'org.matrix.msc3401.call.member',
  stateKey,
  sender: stateKey,
  content: { at: sentAt },
  sentAt,
});

type Answer = PromiseWithResolvers<StateEvent | undefined>;

let asked: string[];
let answers: Answer[];
let told: StateEvent[];
let state: PresentState;

/** The homeserver answers the question that was asked as the `index`th. */
async function answer(index: number, event: StateEvent | undefined | Error): Promise<void> {
  if (event instanceof Error) answers[index]?.reject(event);
  else answers[index]?.resolve(event);
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  [asked, answers, told] = [[], [], []];
  state = new PresentState({
    ask: (type, stateKey) => {
      asked.push(`${type} ${stateKey}`);
      const asking: Answer = Promise.withResolvers();
      answers.push(asking);
      return asking.promise;
    },
    tell: event => told.push(event),
  });
});
afterEach(() => {
  state.close();
  vi.useRealTimers();
});

describe('state that a sync tells', () => {
  it('is told as it comes, and nobody is asked', () => {
    const events = [member(OLD), member(OLD, '@b:x'), member(NEW), member(NEW)];
    expect(state.sift(events)).toEqual(events);
    expect(asked).toEqual([]);
  });

  it('is asked for where it is older than what was told, and what holds is told', async () => {
    state.sift([member(NEW), member(NEW, '@b:x')]);
    expect(state.sift([member(OLD), member(NEWEST, '@b:x')])).toEqual([member(NEWEST, '@b:x')]);
    expect(asked).toEqual(['org.matrix.msc3401.call.member @a:x']);
    await answer(0, member(NEW));
    expect(told).toEqual([member(NEW)]);
  });

  it('may be older, and hold: a clock was ahead', async () => {
    state.sift([member(NEWEST)]);
    state.sift([member(NEW)]);
    await answer(0, member(NEW));
    expect(told).toEqual([member(NEW)]);
    // That is what others are measured by from now on.
    expect(state.sift([member(NEW + 1)])).toHaveLength(1);
  });

  it('is believed where the homeserver tells nobody', async () => {
    state.sift([member(NEW)]);
    state.sift([member(OLD)]);
    await answer(0, undefined);
    expect(told).toEqual([member(OLD)]);
  });

  it('is asked for again until the homeserver answers', async () => {
    state.sift([member(NEW)]);
    state.sift([member(OLD)]);
    await answer(0, new Error('unreachable'));
    await vi.advanceTimersByTimeAsync(1_000);
    await answer(1, new Error('unreachable'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([]);
    await answer(2, member(NEW));
    expect(told).toEqual([member(NEW)]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not asked for any more once something newer comes, and a late answer is not told', async () => {
    state.sift([member(NEW)]);
    state.sift([member(OLD)]);
    expect(state.sift([member(NEWEST)])).toEqual([member(NEWEST)]);
    await answer(0, member(NEW));
    expect(told).toEqual([]);
    state.sift([member(OLD)]);
    await answer(1, new Error('unreachable'));
    expect(state.sift([member(NEWEST)])).toEqual([member(NEWEST)]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is asked for once more where it comes twice', async () => {
    state.sift([member(NEW)]);
    expect(state.sift([member(OLD), member(OLD)])).toEqual([]);
    await answer(0, member(OLD));
    expect(told).toEqual([]);
    await answer(1, member(NEW));
    expect(told).toEqual([member(NEW)]);
  });

  it('is asked for by nobody once it is closed', async () => {
    state.sift([member(NEW), member(NEW, '@b:x')]);
    state.sift([member(OLD), member(OLD, '@b:x')]);
    await answer(0, new Error('unreachable'));
    state.close();
    await answer(1, member(NEW));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([told, asked.length, vi.getTimerCount()]).toEqual([[], 2, 0]);
  });
});
