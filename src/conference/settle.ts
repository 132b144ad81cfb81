/** The consequences of what happened: who is told what, who is offered what, which layers change. */
import type { OfferedTrack } from '../ports.ts';
import type { TrackKey } from '../session.ts';
import { callOf, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import { metadataFor } from './metadata.ts';
import { makeOffer } from './negotiation.ts';
import { updateStage } from './presence.ts';
import type { Conference, Participant } from './state.ts';
import { serve } from './subscriptions.ts';

export function settle(conference: Conference, now: number, effects: Effect[]): void {
  for (const participant of conference.participants.values()) {
    if (updateStage(conference, participant, now)) conference.metadataVersion++;
  }
  for (const participant of conference.participants.values()) {
    tellMetadata(conference, participant, effects);
    serveSubscriptions(conference, participant, effects);
  }
}

function tellMetadata(conference: Conference, participant: Participant, effects: Effect[]): void {
  if (participant.control.kind !== 'open' || participant.toldVersion === conference.metadataVersion) return;
  participant.toldVersion = conference.metadataVersion;
  effects.push(tell(participant, { kind: 'metadata', metadata: metadataFor(conference, participant) }));
}

/** Offers tracks that are new or gone once the negotiation is stable; changes layer and pause of the others at once. */
function serveSubscriptions(conference: Conference, viewer: Participant, effects: Effect[]): void {
  const due = tracksDue(conference, viewer);
  const added = [...due.keys()].some(key => !viewer.offered.has(key));
  const gone = [...viewer.offered].some(([key, offered]) => due.get(key)?.publisher !== offered.publisher);
  const mayOffer =
    viewer.negotiation.kind === 'stable' && viewer.control.kind === 'open' && viewer.stage.kind === 'present';
  const offersNow = mayOffer && (added || gone);
  for (const [key, track] of due) {
    const before = viewer.offered.get(key);
    if (before === undefined) {
      if (offersNow) viewer.offered.set(key, track);
    } else if (before.layer !== track.layer || before.paused !== track.paused) {
      viewer.offered.set(key, track);
      effects.push({
        kind: 'adjust',
        call: callOf(viewer),
        track: track.ref,
        layer: track.layer,
        paused: track.paused,
      });
    }
  }
  if (!offersNow) return;
  for (const [key, offered] of [...viewer.offered]) {
    const now = due.get(key);
    if (now === undefined) viewer.offered.delete(key);
    else if (now.publisher !== offered.publisher) viewer.offered.set(key, now);
  }
  makeOffer(conference, viewer, 1, effects);
}

/**
 * What the viewer is to be sent. A track once offered stays (paused) while it is published, so that wanting it again costs
 * no negotiation.
 */
function tracksDue(conference: Conference, viewer: Participant): Map<TrackKey, OfferedTrack> {
  const due = new Map<TrackKey, OfferedTrack>();
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
