/** Which simulcast layer serves a viewer. Pure. */

/** A picture's size in px. */
export interface Size {
  width: number;
  height: number;
}

/** What a track is captured from: cameras and screens are scaled differently by clients (see `layerScales`). */
export type TrackPurpose = 'camera' | 'screen';

/**
 * How much smaller than the capture each layer is, lowest layer first: clients in the field scale cameras by 1/2/4 and
 * screens by 1/1.5/3.
 */
export function layerScales(purpose: TrackPurpose, layers: number): number[] {
  const highestFirst = purpose === 'screen' ? [1, 1.5, 3] : [1, 2, 4];
  return Array.from({ length: layers }, (_, index) => highestFirst[index] ?? 2 ** index).reverse();
}

/**
 * The smallest layer (0 the lowest) that covers `wanted`; the highest where none does, where the viewer names no size, or
 * where the capture's size is unknown.
 */
export function smallestCoveringLayer(
  capture: Size | undefined,
  scales: readonly number[],
  wanted: Size | undefined,
): number {
  const highest = Math.max(0, scales.length - 1);
  if (capture === undefined || wanted === undefined || wanted.width <= 0 || wanted.height <= 0) return highest;
  const covering = scales.findIndex(scale =>
    covers({ width: capture.width / scale, height: capture.height / scale }, wanted),
  );
  return covering === -1 ? highest : covering;
}

// A scaled layer is rounded to whole and even px by encoders: a request for exactly its size must still be met by it.
const ROUNDING_PX = 2;

function covers(layer: Size, wanted: Size): boolean {
  return layer.width + ROUNDING_PX >= wanted.width && layer.height + ROUNDING_PX >= wanted.height;
}
