/** Gaps in the pictures of viewers. */
import { type Call, pause } from '../../demo/check/call.ts';
import type { Participant } from '../../demo/check/participant.ts';
import { longestGap } from '../../demo/check/statistics.ts';

/** ms since 1970, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The longest time, ms, without a picture of anybody at this viewer, from now on. */
export async function gapDuring(call: Call, viewer: Participant, ms: number): Promise<number> {
  const from = now();
  await pause(call, ms);
  return gapBetween(viewer, from, from + ms);
}

export async function gapBetween(viewer: Participant, from: number, to: number): Promise<number> {
  const streams = await viewer.framesSince(from);
  const gaps = streams.map(({ frames }) =>
    longestGap(
      frames.map(({ presentedAt }) => presentedAt),
      from,
      to,
    ),
  );
  return gaps.length === 0 ? to - from : Math.max(...gaps);
}
