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
