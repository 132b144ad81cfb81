/** What the layers of a video cost, and which of them are worth a step. */
import type { VideoWant } from './wants.ts';

/** A layer that a viewer may get. */
export interface Rung {
  readonly layer: number;
  /** bit/s, a whole number above zero. */
  readonly cost: number;
}

// For a layer whose bitrate nobody knows: the highest of a 720p camera takes about this, each one below a third of it.
const ASSUMED_HIGHEST = 1_700_000;
const ASSUMED_STEP = 3;

/**
 * bit/s that a layer counts with, a whole number so that sums are exact. Zero, negative and NaN mean that nobody measured it:
 * then it counts with what a camera usually takes, never with nothing. Infinity counts as more than any estimate.
 */
function costOf(bitrate: number, layersAbove: number): number {
  const known = bitrate > 0 ? bitrate : ASSUMED_HIGHEST / ASSUMED_STEP ** layersAbove;
  return Math.min(Math.ceil(known), Number.MAX_SAFE_INTEGER);
}

/** bit/s of a layer of `want`; undefined if the layer does not live. */
export function costOfLayer(want: VideoWant, layer: number): number | undefined {
  const found = want.layers[layer];
  return found?.live === true ? costOf(found.bitrate, want.layers.length - 1 - layer) : undefined;
}

/** The layer that `want` asks for, within its layers. An ideal that is no number means the highest, as without a size. */
export function idealOf(want: VideoWant): number {
  const highest = Math.max(0, want.layers.length - 1);
  return Number.isNaN(want.ideal) ? highest : Math.min(highest, Math.max(0, Math.floor(want.ideal)));
}

/**
 * The live layers up to the ideal one, lowest first, each dearer than the one before: a layer that costs as much as a higher
 * one or more is left out, as the higher one is the better picture for less. Where no layer up to the ideal lives, the lowest
 * live one above it alone; empty if none lives.
 */
export function ladderOf(want: VideoWant): Rung[] {
  const ideal = idealOf(want);
  const highestFirst: Rung[] = [];
  let cheapest = Infinity;
  for (let layer = ideal; layer >= 0; layer--) {
    const cost = costOfLayer(want, layer);
    if (cost === undefined || cost >= cheapest) continue;
    highestFirst.push({ layer, cost });
    cheapest = cost;
  }
  return highestFirst.length > 0 ? highestFirst.reverse() : lowestAbove(want, ideal);
}

function lowestAbove(want: VideoWant, ideal: number): Rung[] {
  for (let layer = ideal + 1; layer < want.layers.length; layer++) {
    const cost = costOfLayer(want, layer);
    if (cost !== undefined) return [{ layer, cost }];
  }
  return [];
}
