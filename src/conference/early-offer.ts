/**
 * Extension `org.weir.early_offer`: a newcomer that can take it gets the focus's first offer with the answer to its invite. It
 * negotiates while it connects; what it then subscribes to flows at once.
 */
import { canReceive } from './codecs.ts';
import { keyOfSubscription, type SubscriptionKey } from '../session.ts';
import { isAllowed } from './permissions.ts';
import type { Client, Conference } from './state.ts';
import { serve } from './subscriptions.ts';
import type { ServedTrack } from './viewing.ts';

/** What a newcomer is offered before it has asked for anything, all of it paused: tracks of those who are present. */
export function earlyTracks(conference: Conference, newcomer: Client): Map<SubscriptionKey, ServedTrack> {
  const early = new Map<SubscriptionKey, ServedTrack>();
  if (!newcomer.earlyOffer) return early;
  for (const publication of conference.tracks.values()) {
    if (early.size >= conference.limits.earlyTracks) break;
    const publisher = conference.participants.get(publication.publisher);
    const key = keyOfSubscription(publication.track.ref);
    const isReady = publisher?.stage.kind === 'present' && isAllowed(conference, publisher, publication);
    if (isReady && canReceive(newcomer, publication))
      early.set(key, serve(conference, newcomer, publication, key, undefined));
  }
  return early;
}
