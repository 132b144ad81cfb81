/** The consequences of what happened: who is told what, who is offered what, which layers change. */
import { keyOfTrack, type SubscriptionKey } from '../session.ts';
import { allot } from './allotment.ts';
import { canReceive, tellUndecodable } from './codecs.ts';
import { settleData } from './data.ts';
import { callOf, tell } from './effects.ts';
import { tellFloors, watchFloor } from './floor-control.ts';
import type { Effect } from './messages.ts';
import { metadataFor } from './metadata.ts';
import { makeOffer } from './negotiation.ts';
import { isAllowed, tellBarred } from './permissions.ts';
import { updateStage } from './presence.ts';
import { forgetSilenced, wantsOf } from './speakers.ts';
import { type Conference, type Participant, type ServedTrack, streamsVersionOf } from './state.ts';
import { isCopy, serve } from './subscriptions.ts';
import { tellStreams } from './telling.ts';
import { steerUpstream } from './upstream.ts';

export function settle(conference: Conference, now: number, effects: Effect[]): void {
  for (const participant of conference.participants.values()) {
    if (!updateStage(conference, participant, now, effects)) continue;
    conference.metadataVersion++;
    conference.dataVersion++;
  }
  watchFloor(conference, now);
  forgetSilenced(conference, now);
  allot(conference, now, effects);
  tellFloors(conference, effects);
  const version = streamsVersionOf(conference);
  let looksUpstream = false;
  for (const participant of conference.participants.values()) {
    tellMetadata(conference, participant, effects);
    // In a large call most steps concern few: the others are as they were.
    const isDue = participant.isDue || participant.settledFor !== version;
    if (!isDue && !participant.telling.asked.has('audio_levels')) continue;
    participant.isDue = false;
    participant.settledFor = version;
    looksUpstream = true;
    tellBarred(conference, participant, effects);
    serveSubscriptions(conference, participant, now, effects);
    tellUndecodable(conference, participant, effects);
    tellStreams(conference, participant, now, effects);
  }
  settleData(conference, now, effects);
  if (looksUpstream) steerUpstream(conference, now, effects);
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
  const gone = [...viewer.offered].filter(([key, offered]) => due.get(key)?.generation !== offered.generation);
  for (const [key, offered] of gone) endUntilOffered(viewer, key, offered, effects);
  const { negotiation } = viewer;
  const mayOffer = negotiation.kind === 'stable' && viewer.control.kind === 'open' && viewer.stage.kind === 'present';
  const offersNow =
    mayOffer && (added || gone.length > 0 || now >= (negotiation.offerDueAt ?? Number.POSITIVE_INFINITY));
  const changed = [...due.values()].filter(track => isServedAnew(viewer.offered.get(track.key), track));
  // Pauses first: not for a moment are two heard where one hands the floor to the other.
  for (const track of [...changed.filter(({ paused }) => paused), ...changed.filter(({ paused }) => !paused)]) {
    const { key, layer, paused, priority } = track;
    viewer.offered.set(key, track);
    if (paused) viewer.viewing.shown.delete(key);
    effects.push({ kind: 'adjust', call: callOf(viewer), track: key, served: { layer, paused, priority } });
  }
  if (!offersNow) return;
  viewer.offered.clear();
  for (const [key, track] of due) viewer.offered.set(key, track);
  makeOffer(conference, viewer, { attempt: 1, heldAnswer: undefined }, effects);
}

function isServedAnew(before: ServedTrack | undefined, { generation, layer, paused, priority }: ServedTrack): boolean {
  if (before?.generation !== generation) return false;
  return before.layer !== layer || before.paused !== paused || before.priority !== priority;
}

/** What the next offer ends is sent no more until then. */
function endUntilOffered(
  viewer: Participant,
  key: SubscriptionKey,
  { generation, ...offered }: ServedTrack,
  effects: Effect[],
): void {
  viewer.viewing.shown.delete(key);
  if (offered.paused || !isCopy(offered)) return;
  viewer.offered.set(key, { ...offered, generation, paused: true });
  const { layer, priority } = offered;
  effects.push({ kind: 'adjust', call: callOf(viewer), track: key, served: { layer, paused: true, priority } });
}

/**
 * What the viewer is to be sent. A track once offered stays (paused) while it is published, so that wanting it again costs
 * no negotiation.
 */
function tracksDue(conference: Conference, viewer: Participant): Map<SubscriptionKey, ServedTrack> {
  const due = new Map<SubscriptionKey, ServedTrack>();
  const wants = wantsOf(conference, viewer);
  for (const key of new Set([...viewer.offered.keys(), ...wants.keys()])) {
    const wanted = wants.get(key);
    const offered = viewer.offered.get(key);
    // Tracks that are not wanted now stay, paused; copies of them would be many.
    if (wanted === undefined && offered !== undefined && isCopy(offered)) continue;
    const source = wanted ?? offered?.source;
    const publication = source && conference.tracks.get(keyOfTrack(source));
    const publisher = publication && conference.participants.get(publication.publisher);
    if (publication === undefined || publisher === undefined) continue;
    if (!canReceive(viewer, publication)) continue;
    // Nobody is offered a track before it can flow.
    const isOfferable = publisher.stage.kind === 'present' && isAllowed(publisher, publication);
    if (offered === undefined && (wanted === undefined || !isOfferable)) continue;
    const served = serve(conference, viewer, publication, key, wanted);
    // Nobody wants it now: it stays what it was, a copy or the track itself.
    due.set(key, wanted === undefined && offered !== undefined ? { ...served, ref: offered.ref } : served);
  }
  return due;
}
