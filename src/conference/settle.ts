/** The consequences of what happened: who is told what, who is offered what, which layers change. */
import type { TrackKey } from '../session.ts';
import { callOf, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import { metadataFor } from './metadata.ts';
import { makeOffer } from './negotiation.ts';
import { updateStage } from './presence.ts';
import type { Conference, Participant, Served } from './state.ts';
import { serve } from './subscriptions.ts';

export function settle(conference: Conference, now: number, effects: Effect[]): void {
  for (const participant of conference.participants.values()) {
    if (updateStage(conference, participant, now, effects)) conference.metadataVersion++;
  }
  for (const participant of conference.participants.values()) {
    tellMetadata(conference, participant, effects);
    serveSubscriptions(conference, participant, now, effects);
  }
}

function tellMetadata(conference: Conference, participant: Participant, effects: Effect[]): void {
  if (participant.control.kind !== 'open' || participant.toldVersion === conference.metadataVersion) return;
  participant.toldVersion = conference.metadataVersion;
  effects.push(tell(participant, { kind: 'metadata', metadata: metadataFor(conference, participant) }));
}

/** Offers tracks that are new or gone once the negotiation is stable; changes layer and pause of the others at once. */
function serveSubscriptions(conference: Conference, viewer: Participant, now: number, effects: Effect[]): void {
  const due = tracksDue(conference, viewer);
  const added = [...due.keys()].some(key => !viewer.offered.has(key));
  const gone = [...viewer.offered].some(([key, offered]) => due.get(key)?.generation !== offered.generation);
  const { negotiation } = viewer;
  const mayOffer = negotiation.kind === 'stable' && viewer.control.kind === 'open' && viewer.stage.kind === 'present';
  const offersNow = mayOffer && (added || gone || now >= (negotiation.offerDueAt ?? Number.POSITIVE_INFINITY));
  for (const [key, track] of due) {
    const before = viewer.offered.get(key);
    if (before?.generation !== track.generation) continue;
    if (before.layer === track.layer && before.paused === track.paused) continue;
    viewer.offered.set(key, track);
    const { ref, layer, paused } = track;
    effects.push({ kind: 'adjust', call: callOf(viewer), track: ref, layer, paused });
  }
  if (!offersNow) return;
  viewer.offered.clear();
  for (const [key, track] of due) viewer.offered.set(key, track);
  makeOffer(conference, viewer, { attempt: 1, heldAnswer: undefined }, effects);
}

/**
 * What the viewer is to be sent. A track once offered stays (paused) while it is published, so that wanting it again costs
 * no negotiation.
 */
function tracksDue(conference: Conference, viewer: Participant): Map<TrackKey, Served> {
  const due = new Map<TrackKey, Served>();
  for (const key of new Set([...viewer.offered.keys(), ...viewer.wanted.keys()])) {
    const publication = conference.tracks.get(key);
    const publisher = publication && conference.participants.get(publication.publisher);
    if (publication === undefined || publisher === undefined) continue;
    const wanted = viewer.wanted.get(key);
    // Nobody is offered a track before it can flow.
    if (!viewer.offered.has(key) && (wanted === undefined || publisher.stage.kind !== 'present')) continue;
    due.set(key, serve(publisher, publication, wanted));
  }
  return due;
}
