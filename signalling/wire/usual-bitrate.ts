/** What a picture usually takes: the call page asks its encoder for it, and the focus expects it of a layer that it never measured. */

const BITRATE_AT_720P = 1_700_000;
const LEAST_BITRATE = 60_000;
const MOST_BITRATE = 4_000_000;
/** Bits do not grow as fast as pixels do: larger pictures have more that is alike. */
const PIXEL_EXPONENT = 0.85;

/** bit/s for VP8 of this many px: 1.7 Mbit/s at 1280x720. */
export function videoBitrate(width: number, height: number): number {
  const share = (width * height) / (1280 * 720);
  const bitrate = BITRATE_AT_720P * share ** PIXEL_EXPONENT;
  return Math.round(Math.min(MOST_BITRATE, Math.max(LEAST_BITRATE, bitrate)));
}
