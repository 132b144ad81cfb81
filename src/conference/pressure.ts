/** The focus has too much to do, or not any more: viewers get a share of the video that they want. Voices are not touched. */
import type { Conference } from './state.ts';

/** @param videoShare 0 to 1; what is no number changes nothing */
export function press(conference: Conference, videoShare: number): void {
  const share = Math.min(1, Math.max(0, videoShare));
  if (Number.isNaN(share) || share === conference.videoShare) return;
  conference.videoShare = share;
  conference.streamsVersion++;
}
