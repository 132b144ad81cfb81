/** What we send: simulcast layers and their bitrates (MSC3898: rids f, h, q; the highest first). Pure. */

/** Size and rate of what a camera or screen gives, in px and frames a second. */
export interface CaptureSize {
  width: number;
  height: number;
  frameRate: number;
}

const BITRATE_AT_720P = 1_700_000;
const LEAST_BITRATE = 60_000;
const MOST_BITRATE = 4_000_000;
/** Bits do not grow as fast as pixels do: larger pictures have more that is alike. */
const PIXEL_EXPONENT = 0.85;
const AUDIO_BITRATE = 64_000;

/** bit/s for VP8 of this many px: 1.7 Mbit/s at 1280x720. */
export function videoBitrate(width: number, height: number): number {
  const share = (width * height) / (1280 * 720);
  const bitrate = BITRATE_AT_720P * share ** PIXEL_EXPONENT;
  return Math.round(Math.min(MOST_BITRATE, Math.max(LEAST_BITRATE, bitrate)));
}

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
