/** What each page of a call got of each other in a while, as their own statistics tell. Pure. */
import type { PageReport } from '../../demo/check/page-report.ts';

/** One page's report at two moments, some seconds apart. */
export interface PageInterval {
  userId: string;
  before: PageReport;
  after: PageReport;
}

/** What came in between. */
export interface Got {
  frames: number;
  /** Whether there was sound in the audio. */
  sounds: boolean;
  /** `video/VP8`… */
  codec: string;
}

/** Why a pair does not count; `undefined` where it does. */
export type Objection = (got: Got, sender: PageInterval, viewer: PageInterval) => string | undefined;

export interface PairCount {
  pairs: number;
  of: number;
  /** A sentence for each that does not count. */
  missing: string[];
}

/** In some seconds; a picture that stands still may begin once. */
const LEAST_FRAMES = 10;

/** Counts the ordered pairs of pages that nothing is objected to. */
export function countPagePairs(pages: readonly PageInterval[], objection: Objection): PairCount {
  const missing: string[] = [];
  let of = 0;
  for (const viewer of pages) {
    for (const sender of pages) {
      if (sender === viewer) continue;
      of += 1;
      const got = gotOf(sender, viewer);
      const reason = got === undefined ? 'is not known there' : objection(got, sender, viewer);
      if (reason !== undefined) missing.push(`${sender.userId} at ${viewer.userId}: ${reason}`);
    }
  }
  return { pairs: of - missing.length, of, missing };
}

/** What is missing where somebody is to be seen. */
export function unseen({ frames }: Got): string | undefined {
  return frames < LEAST_FRAMES ? `${frames} frames decoded` : undefined;
}

/** Who joins again may be known twice for a while: the stream that flows counts. */
function gotOf({ userId }: PageInterval, { before, after }: PageInterval): Got | undefined {
  return after.received
    .filter(stream => stream.userId === userId)
    .map(({ streamId, frames, audioEnergy, codec }) => {
      const earlier = before.received.find(stream => stream.streamId === streamId);
      return {
        frames: frames - (earlier?.frames ?? 0),
        sounds: audioEnergy > (earlier?.audioEnergy ?? 0),
        codec,
      };
    })
    .toSorted((one, other) => other.frames - one.frames)[0];
}
