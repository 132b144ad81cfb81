/** A trunk carries each layer of a video as a track of its own, a variant of the track. */
import { keyOfSubscription, type SubscriptionKey, type TrackRef } from '../../session.ts';
import type { Publication } from '../state.ts';

/** Name of the variant that is one layer of a video, 0 the lowest. */
export function variantOfLayer(layer: number): string {
  return `l${layer}`;
}

/** Under which keys a track goes to another focus: one for each layer of a video, the lowest first, one for a voice. */
export function keysAcross({ track }: Pick<Publication, 'track'>): SubscriptionKey[] {
  return track.kind === 'audio'
    ? [keyOfSubscription(track.ref)]
    : track.layers.map((_, layer) => keyOfLayer(track.ref, layer));
}

function keyOfLayer(ref: TrackRef, layer: number): SubscriptionKey {
  return keyOfSubscription({ ...ref, variant: variantOfLayer(layer) });
}
