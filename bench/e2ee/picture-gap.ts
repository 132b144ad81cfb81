/** How long a picture stood still, where the page that shows it is too busy to be told of each frame. Pure. */
import type { Frame, ReceivedVideo } from '../../demo/check/probe.ts';
import { longestGap } from '../../demo/check/statistics.ts';

/** By how much a freeze is longer than the usual time between two frames, ms (webrtc-stats, `freezeCount`). */
const LONGER_THAN_USUAL_MS = 150;

/** What a browser counted of one video at one moment. */
export type Freezes = Pick<ReceivedVideo, 'freezes' | 'frozenMs'>;

/** In ms since 1970. */
export interface PictureGap {
  ms: number;
  from: number;
}

/**
 * When frames were presented, ms since 1970. Those that the page was not told of were presented between two that it was told of; when,
 * nobody says, so they are taken to lie evenly.
 */
export function presentationTimes(frames: readonly Frame[]): number[] {
  const sorted = frames.toSorted((one, other) => one.presentedAt - other.presentedAt);
  return sorted.flatMap((frame, index) => {
    const before = sorted[index - 1];
    const count = before === undefined ? 1 : frame.presentedFrames - before.presentedFrames;
    // An element that shows another track may count anew.
    if (before === undefined || count <= 1) return [frame.presentedAt];
    const each = (frame.presentedAt - before.presentedAt) / count;
    return Array.from({ length: count }, (_, place) => before.presentedAt + each * (place + 1));
  });
}

/**
 * The longest time without a picture between `from` and `to`: as the page was told of frames, or as the decoder's freezes say where those
 * are longer. Freezes see what lies hidden in a moment when the page was busy.
 *
 * @param freezes of the video, at `from` and at `to`
 */
export function pictureGap(
  frames: readonly Frame[],
  freezes: { readonly before: Freezes; readonly after: Freezes } | undefined,
  from: number,
  to: number,
): PictureGap {
  const times = presentationTimes(frames);
  const shown = longestGap(times, from, to);
  const frozen = freezes === undefined ? 0 : longestFreeze(freezes.before, freezes.after);
  const began = times.find((at, index) => (times[index + 1] ?? to) - at === shown);
  return { ms: Math.max(shown, frozen), from: began ?? from };
}

/** At most: all others were as short as one can be. */
function longestFreeze(before: Freezes, after: Freezes): number {
  const others = after.freezes - before.freezes - 1;
  return others < 0 ? 0 : after.frozenMs - before.frozenMs - others * LONGER_THAN_USUAL_MS;
}
