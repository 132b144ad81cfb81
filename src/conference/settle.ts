/** The consequences of what happened: who is told what, who is offered what, which layers change. */
import { keyOfTrack, type SubscriptionKey, trackOfSubscription, type TrackRef } from '../session.ts';
import { allot } from './allotment.ts';
import { canReceive, tellUndecodable } from './codecs.ts';
import { dataPresenceChanged, settleData } from './data.ts';
import { nothingIsDue, spread, trackChanged } from './due.ts';
import { callOf } from './effects.ts';
import { tellRefused } from './encryption.ts';
import { tellFloors, watchFloor } from './floor-control.ts';
import type { Effect } from './messages.ts';
import { isOfferDue, makeOffer } from './negotiation.ts';
import { isAllowed, tellBarred } from './permissions.ts';
import { updateStage } from './presence.ts';
import { followAnew, showStreams } from './roster.ts';
import { forgetSilenced, wantsOf } from './speakers.ts';
import type { Client, Conference, Participant } from './state.ts';
import { tellAllOfStreams } from './stream-news.ts';
import { tracksAcross } from './trunk/offering.ts';
import { reconcile } from './trunk/announcing.ts';
import { tellFloorAcross } from './trunk/floor-across.ts';
import { tellAvailability } from './trunk/availability.ts';
import { reconcileData } from './trunk/data.ts';
import { endWithoutClients } from './trunk/coming-and-going.ts';
import { serve } from './subscriptions.ts';
import { tellListeners, tellStreams } from './telling.ts';
import { askAnew } from './upstream-asks.ts';
import { steerUpstream } from './upstream.ts';
import { isCopy, type ServedTrack } from './viewing.ts';

export function settle(conference: Conference, now: number, effects: Effect[]): void {
  const { due, participants } = conference;
  endWithoutClients(conference, effects);
  for (const focus of due.everything ? conference.roster.foci : due.foci) {
    reconcile(conference, focus, now, effects);
    reconcileData(conference, focus, now, effects);
  }
  for (const participant of due.stages) {
    if (updateStage(conference, participant, now, effects)) presenceChanged(conference, participant);
  }
  if (due.everything) for (const participant of participants.values()) showStreams(conference, participant);
  watchFloor(conference, now);
  forgetSilenced(conference, now);
  // In a large call most steps concern few: the others are as they were.
  spread(conference);
  allot(conference, now, effects);
  tellFloors(conference, effects);
  tellFloorAcross(conference, now, effects);
  tellAllOfStreams(conference, now, effects);
  for (const participant of due.participants) {
    tellBarred(conference, participant, effects);
    tellRefused(conference, participant, effects);
    serveSubscriptions(conference, participant, now, effects);
    followAnew(conference, participant);
    askAnew(conference, participant);
    tellUndecodable(conference, participant, effects);
    tellStreams(conference, participant, now, effects);
  }
  for (const focus of conference.roster.foci)
    if (due.participants.has(focus)) tellAvailability(conference, focus, now, effects);
  for (const viewer of due.looks) if (!due.participants.has(viewer)) tellStreams(conference, viewer, now, effects);
  tellListeners(conference, now, effects);
  settleData(conference, now, effects);
  steerUpstream(conference, now, effects);
  nothingIsDue(conference);
}

/** It is seen by the others from now on, or no more. */
function presenceChanged(conference: Conference, participant: Participant): void {
  conference.due.participants.add(participant);
  showStreams(conference, participant);
  dataPresenceChanged(conference, participant);
  for (const track of participant.published) trackChanged(conference, track);
}

/**
 * Once the negotiation is stable, offers tracks that are new or not wanted any more at once, and takes those that ended out a little
 * later; changes layer and pause of the others at once.
 */
function serveSubscriptions(conference: Conference, viewer: Participant, now: number, effects: Effect[]): void {
  const due = viewer.kind === 'focus' ? tracksAcross(conference, viewer, now) : tracksDue(conference, viewer);
  const added = [...due.keys()].some(key => !viewer.offered.has(key));
  const gone = [...viewer.offered].filter(([key, offered]) => due.get(key)?.generation !== offered.generation);
  for (const [key, offered] of gone) endUntilOffered(viewer, key, offered, effects);
  const changed = [...due.values()].filter(track => isServedAnew(viewer.offered.get(track.key), track));
  // Pauses first: not for a moment are two heard where one hands the floor to the other.
  for (const track of [...changed.filter(({ paused }) => paused), ...changed.filter(({ paused }) => !paused)]) {
    const { key, layer, paused, priority } = track;
    viewer.offered.set(key, track);
    if (paused) viewer.viewing.shown.delete(key);
    effects.push({ kind: 'adjust', call: callOf(viewer), track: key, served: { layer, paused, priority } });
  }
  const { negotiation, control, stage } = viewer;
  if (negotiation.kind !== 'stable' || control.kind !== 'open' || stage.kind !== 'present') return;
  const isUrgent = added || gone.some(([, { source }]) => !hasEnded(conference, viewer, source));
  // Others often leave in the same seconds, and clients have more urgent things to do then.
  if (gone.length > 0) negotiation.offerDueAt ??= now + conference.timing.endedPatience;
  if (!isUrgent && !isOfferDue(negotiation, now)) return;
  viewer.offered.clear();
  for (const [key, track] of due) viewer.offered.set(key, track);
  makeOffer(conference, viewer, { attempt: 1, heldAnswer: undefined }, effects);
}

/** Its section sends nothing, and costs nobody anything. The other end of a trunk learns from offers what there is. */
function hasEnded(conference: Conference, viewer: Participant, source: TrackRef): boolean {
  return viewer.kind === 'client' && !conference.tracks.has(keyOfTrack(source));
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
function tracksDue(conference: Conference, viewer: Client): Map<SubscriptionKey, ServedTrack> {
  const due = new Map<SubscriptionKey, ServedTrack>();
  const wants = wantsOf(conference, viewer);
  for (const key of new Set([...viewer.offered.keys(), ...wants.keys()])) {
    const wanted = wants.get(key);
    const offered = viewer.offered.get(key);
    // Tracks that are not wanted now stay, paused; copies of them would be many.
    if (wanted === undefined && offered !== undefined && isCopy(offered)) continue;
    const source = wanted ?? offered?.source;
    const publication = source && conference.tracks.get(trackOfSubscription(key, source));
    const publisher = publication && conference.participants.get(publication.publisher);
    if (publication === undefined || publisher === undefined) continue;
    if (!canReceive(viewer, publication)) continue;
    // Nobody is offered a track before it can flow.
    const isOfferable = publisher.stage.kind === 'present' && isAllowed(conference, publisher, publication);
    if (offered === undefined && (wanted === undefined || !isOfferable)) continue;
    const served = serve(conference, viewer, publication, key, wanted);
    // Nobody wants it now: it stays what it was, a copy or the track itself.
    due.set(key, wanted === undefined && offered !== undefined ? { ...served, ref: offered.ref } : served);
  }
  return due;
}
