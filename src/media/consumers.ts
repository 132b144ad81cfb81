/** What goes for every consumer, whoever it is for. */
import type { types } from 'mediasoup';

/** The frame rate is not what is saved on: the highest temporal layer of any codec. */
const HIGHEST_TEMPORAL_LAYER = 2;

/** Of a stream of which nothing is lost. */
export const FULL_SCORE = 10;

export function preferred(spatialLayer: number): types.ConsumerLayers {
  return { spatialLayer, temporalLayer: HIGHEST_TEMPORAL_LAYER };
}
