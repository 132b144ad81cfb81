/**
 * Extension `org.weir.early_offer`: a newcomer that can take it gets the focus's first offer with the answer to its invite. It
 * negotiates while it connects; what it then subscribes to flows at once.
 */
import type { TrackKey } from '../session.ts';
import type { Conference, Participant, Served } from './state.ts';
import { serve } from './subscriptions.ts';

/** What a newcomer is offered before it has asked for anything, all of it paused: tracks of those who are present. */
export function earlyTracks(conference: Conference, newcomer: Participant): Map<TrackKey, Served> {
  const early = new Map<TrackKey, Served>();
  if (!newcomer.earlyOffer) return early;
  for (const [key, publication] of conference.tracks) {
    if (early.size >= conference.limits.earlyTracks) break;
    const publisher = conference.participants.get(publication.publisher);
    if (publisher?.stage.kind === 'present') early.set(key, serve(publisher, publication, undefined));
  }
  return early;
}
