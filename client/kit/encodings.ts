/** What we send: simulcast layers and their bitrates (MSC3898: rids f, h, q; the highest first). Pure. */

import { videoBitrate } from './wire.ts';

/** Size and rate of what a camera or screen gives, in px and frames a second. */
export interface CaptureSize {
  width: number;
  height: number;
  frameRate: number;
}

const AUDIO_BITRATE = 64_000;

function layers(size: CaptureSize, scales: readonly [number, number, number]): RTCRtpEncodingParameters[] {
  const rids = ['f', 'h', 'q'] as const;
  return rids.map((rid, index) => {
    const scale = scales[index] ?? 1;
    return {
      rid,
      active: true,
      maxBitrate: videoBitrate(size.width / scale, size.height / scale),
      ...(scale === 1 ? {} : { scaleResolutionDownBy: scale }),
    };
  });
}

/** Layers of a camera: full, half, quarter. */
export function cameraEncodings(size: CaptureSize): RTCRtpEncodingParameters[] {
  return layers(size, [1, 2, 4]);
}

/** Layers of a screen: text has to stay legible, so they lie closer. */
export function screenEncodings(size: CaptureSize): RTCRtpEncodingParameters[] {
  return layers(size, [1, 1.5, 3]);
}

type SvcEncoding = RTCRtpEncodingParameters & { scalabilityMode: string };

/** px. Encoders leave out spatial layers that would be smaller, whatever they were asked for. */
const LEAST_SPATIAL_LAYER = { width: 240, height: 135 };

/**
 * The layers of a camera in one stream (W3C WebRTC-SVC), each half of the next, as many as its size gives: they need each other in
 * keyframes only.
 */
export function svcCameraEncoding({ width, height }: CaptureSize): SvcEncoding[] {
  const halvings = Math.log2(Math.min(width / LEAST_SPATIAL_LAYER.width, height / LEAST_SPATIAL_LAYER.height));
  const layerCount = Math.min(3, Math.max(1, 1 + Math.floor(halvings)));
  const bitrates = [1, 2, 4].slice(0, layerCount).map(scale => videoBitrate(width / scale, height / scale));
  const maxBitrate = bitrates.reduce((sum, bitrate) => sum + bitrate, 0);
  return [{ active: true, maxBitrate, scalabilityMode: layerCount === 1 ? 'L1T3' : `L${layerCount}T3_KEY` }];
}

/** A screen in one stream: spatial layers of it would halve it, and make text illegible. */
export function oneScreenEncoding({ width, height }: CaptureSize): SvcEncoding[] {
  return [{ active: true, maxBitrate: videoBitrate(width, height), scalabilityMode: 'L1T3' }];
}

export function audioEncodings(): RTCRtpEncodingParameters[] {
  return [{ maxBitrate: AUDIO_BITRATE }];
}

/** What a live video track gives; the fallback where the browser does not say. */
export function captureSizeOf(track: MediaStreamTrack | undefined, otherwise: CaptureSize): CaptureSize {
  const { width, height, frameRate } = track?.getSettings() ?? {};
  return {
    width: width ?? otherwise.width,
    height: height ?? otherwise.height,
    frameRate: frameRate ?? otherwise.frameRate,
  };
}
