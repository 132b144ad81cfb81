import { setTimeout as delay } from 'node:timers/promises';
import type { MatrixUser } from '../synapse.ts';
import type { Deployment } from '../deployment.ts';
import type { Chromium } from './chromium.ts';
import { type Interval, judgePairs, type Pair } from './pairs.ts';
import { Participant } from './participant.ts';
import type { Progress } from './progress.ts';

/** The call that is checked, as every phase finds it. */
export interface Call {
  readonly deployment: Deployment;
  readonly chromium: Chromium;
  /** Those in the call. */
  readonly participants: Participant[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Notes that something missed its bound, or did not work. */
  fail(reason: string): void;
}

export const POLL_MS = 100;

export function pause(call: Call, ms: number): Promise<void> {
  return delay(ms, undefined, { signal: call.signal });
}

export function openPage(call: Call, user: MatrixUser): Promise<Participant> {
  return Participant.open(call.chromium, user, call.deployment.link(user));
}

/** Asks until there is an answer; undefined where there is none in time. */
export async function until<T>(
  call: Call,
  withinMs: number,
  ask: () => Promise<T | undefined>,
  everyMs = POLL_MS,
): Promise<T | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    call.signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadline) return answer;
    await pause(call, everyMs);
  }
}

/** Judges all pairs by what they do in the next `ms`. */
export async function judgeFor(call: Call, ms: number): Promise<{ pairs: Pair[]; pages: Interval[] }> {
  const { participants } = call;
  const before = await Promise.all(participants.map(participant => participant.snapshot()));
  await pause(call, ms);
  const after = await Promise.all(participants.map(participant => participant.snapshot()));
  const pages = participants.flatMap(({ name }, index) => {
    const [earlier, later] = [before[index], after[index]];
    return earlier === undefined || later === undefined ? [] : [{ name, before: earlier, after: later }];
  });
  return { pairs: judgePairs(pages), pages };
}
