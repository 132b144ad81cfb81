/** What a layer is expected to take before it was ever measured. Pure. */
import { videoBitrate } from '../../signalling/wire/usual-bitrate.ts';
import type { Size } from './layer-choice.ts';

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
  return scales.map(scale => videoBitrate(width / scale, height / scale));
}
