/** What goes for every consumer, whoever it is for. */
import type { types } from 'mediasoup';

/** The frame rate is not what is saved on: the highest temporal layer of any codec. */
const HIGHEST_TEMPORAL_LAYER = 2;

/** Of a stream of which nothing is lost. */
export const FULL_SCORE = 10;

export function preferred(spatialLayer: number): types.ConsumerLayers {
  return { spatialLayer, temporalLayer: HIGHEST_TEMPORAL_LAYER };
}

/** By this our worker knows a consumer of a trunk (setup/worker/patches, `layer-of-trunk`). */
const TRUNK_TEMPORAL_LAYER = 255;

/**
 * The layer as another focus takes it, and gives it to viewers of its own: no other one in its place where it is a stream of its
 * own, all lower ones beside it where they come in one stream.
 */
export function preferredAcross(spatialLayer: number): types.ConsumerLayers {
  return { spatialLayer, temporalLayer: TRUNK_TEMPORAL_LAYER };
}
