/** What the other focus wants to be sent, layer by layer (`org.weir.layers_wanted`): it asks as it would ask a publisher of its own. */
import type { TrackLayers } from '../../../signalling/wire/streams.ts';
import { keyOfTrack, type SubscriptionKey } from '../../session.ts';
import { follow } from '../roster.ts';
import type { Conference, Publication, RemoteFocus } from '../state.ts';
import type { Wish } from '../viewing.ts';
import { keysAcross, variantOfLayer } from './layer-keys.ts';

/** Takes what is wanted of the tracks that are named. What is not, or not any more, offered changes nothing. */
export function takeWishes(conference: Conference, focus: RemoteFocus, tracks: readonly TrackLayers[]): void {
  for (const { layers, ...ref } of tracks) {
    const publication = conference.tracks.get(keyOfTrack(ref));
    if (publication === undefined) continue;
    for (const [layer, key] of keysAcross(publication).entries()) {
      const said = layers[layer];
      if (said === undefined || !focus.offered.has(key)) continue;
      if (said.active) wish(conference, focus, publication, layer, key, said.viewers ?? 1);
      else unwish(focus, publication, layer, key);
    }
  }
  focus.viewing.isStale = true;
}

function wish(
  conference: Conference,
  focus: RemoteFocus,
  { track }: Publication,
  layer: number,
  key: SubscriptionKey,
  viewers: number,
): void {
  const wanted: Wish =
    track.kind === 'audio' ? track.ref : { ...track.ref, variant: variantOfLayer(layer), only: { layer, viewers } };
  focus.wanted.set(key, wanted);
  follow(conference, focus, keyOfTrack(track.ref));
}

/** Of a layer that cannot be had now the wish is kept: it decides when the layer can be had again. */
function unwish(focus: RemoteFocus, { track }: Publication, layer: number, key: SubscriptionKey): void {
  const withheld = focus.withheld.get(keyOfTrack(track.ref));
  if (withheld?.available[layer] === false) withheld.left.add(layer);
  else focus.wanted.delete(key);
}
