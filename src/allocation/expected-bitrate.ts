/** What a layer is expected to take before it was ever measured. Pure. */
import type { Size } from './layer-choice.ts';

const BITRATE_AT_720P = 1_700_000;
/** Bits do not grow as fast as pixels do: larger pictures have more that is alike. */
const PIXEL_EXPONENT = 0.85;
const LEAST_BITRATE = 60_000;
const MOST_BITRATE = 4_000_000;
/** px, where the publisher does not say. */
const USUAL_CAPTURE: Size = { width: 1280, height: 720 };
const AUDIO_BITRATE = 40_000;

/** bit/s of each layer; `scales`: how much smaller than the capture each is. */
export function expectedBitrates(
  kind: 'audio' | 'video',
  capture: Size | undefined,
  scales: readonly number[],
): number[] {
  if (kind === 'audio') return scales.map(() => AUDIO_BITRATE);
  const { width, height } = capture ?? USUAL_CAPTURE;
  return scales.map(scale => {
    const share = (width * height) / scale ** 2 / (USUAL_CAPTURE.width * USUAL_CAPTURE.height);
    return Math.round(Math.min(MOST_BITRATE, Math.max(LEAST_BITRATE, BITRATE_AT_720P * share ** PIXEL_EXPONENT)));
  });
}
