/** What viewers want (MSC3898 m.call.track_subscription), and how they are served of it. */
import type { Subscription, WantedTrack } from '../../signalling/wire/control.ts';
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import { MAX_ID_LENGTH } from '../../signalling/wire/stream-metadata.ts';
import type { Served } from '../ports.ts';
import { keyOfSubscription, keyOfTrack, type SubscriptionKey, type TrackRef, trackOfSubscription } from '../session.ts';
import { note, tell } from './effects.ts';
import { idealLayer } from './layers.ts';
import type { Effect } from './messages.ts';
import { idsOf, isAnnounced } from './metadata.ts';
import { mayFlow } from './permissions.ts';
import { follow } from './roster.ts';
import type { Client, Conference, Participant, Publication } from './state.ts';
import { isCopy, type ServedTrack, type Wish } from './viewing.ts';

const LEAST_PRIORITY = 1;
const AUDIO_PRIORITY = 255;

/** Takes a subscription message. Saying the same twice changes nothing; unknown tracks are answered with an error. */
export function subscribe(conference: Conference, viewer: Client, message: Subscription, effects: Effect[]): void {
  const copies = copiesOf(viewer);
  for (const track of message.unsubscribe) viewer.wanted.delete(keyOfSubscription(track));
  const unknown: TrackRef[] = [];
  const refused: TrackRef[] = [];
  for (const track of message.subscribe) {
    const key = keyOfSubscription(track);
    if (!isAnnounced(conference, viewer, track)) unknown.push(refOf(track));
    else if (mayBeServed(conference, viewer, track)) {
      viewer.wanted.set(key, track);
      follow(conference, viewer, trackOfSubscription(key, track));
    } else refused.push(refOf(track));
  }
  viewer.viewing.isStale = true;
  viewer.viewing.choice = undefined;
  if (copiesOf(viewer) !== copies) viewer.toldVersion = -1;
  if (message.auto !== undefined) viewer.auto = message.auto === 'off' ? undefined : message.auto;
  if (message.tell !== undefined) takeTell(viewer, message.tell);
  const { auto, listeners } = conference.roster;
  setMember(auto, viewer, viewer.auto !== undefined);
  setMember(listeners, viewer, viewer.telling.asked.has('speakers') || viewer.telling.asked.has('audio_levels'));
  if (unknown.length > 0) complain('WEIR_UNKNOWN_TRACK', 'nobody in the conference publishes the track', unknown);
  if (refused.length > 0) complain('WEIR_BAD_MESSAGE', 'too many variants, or ids too long for one', refused);

  function complain(code: ErrorCode, text: string, tracks: TrackRef[]): void {
    const error = new WeirError(code, text);
    effects.push(note(viewer, error.code, error.message));
    effects.push(tell(viewer, { kind: 'error', error, inReplyTo: 'm.call.track_subscription', tracks }));
  }
}

function setMember(set: Set<Client>, member: Client, belongs: boolean): void {
  if (belongs) set.add(member);
  else set.delete(member);
}

/** Copies are bounded: each is one more stream to send. Their ids must be ones that others can read. */
function mayBeServed(conference: Conference, viewer: Participant, track: WantedTrack): boolean {
  if (track.variant === undefined || viewer.wanted.has(keyOfSubscription(track))) return true;
  const { streamId, trackId } = idsOf(track);
  if (Math.max(streamId.length, trackId.length) > MAX_ID_LENGTH) return false;
  const copies = new Set<SubscriptionKey>();
  for (const [key, { variant }] of viewer.wanted) if (variant !== undefined) copies.add(key);
  // Of what has ended nothing is sent.
  for (const [key, offered] of viewer.offered)
    if (isCopy(offered) && conference.tracks.has(keyOfTrack(offered.source))) copies.add(key);
  copies.add(keyOfSubscription(track));
  return copies.size <= conference.limits.variants;
}

/** The copies that a viewer asked for, as text. */
function copiesOf(viewer: Participant): string {
  return [...viewer.wanted].flatMap(([key, { variant }]) => (variant === undefined ? [] : key)).join(' ');
}

/** What is told is told whole to begin with. */
function takeTell({ telling }: Participant, asked: NonNullable<Subscription['tell']>): void {
  for (const one of [...telling.asked]) if (!asked.includes(one)) telling.asked.delete(one);
  if (!telling.asked.has('allocation')) {
    telling.grants.clear();
    telling.toldOf = undefined;
  }
  if (!telling.asked.has('speakers')) telling.speakersVersion = -1;
  for (const one of asked) telling.asked.add(one);
}

function refOf({ streamId, trackId }: TrackRef): TrackRef {
  return { streamId, trackId };
}

/** How a viewer is to get a track now. */
export function serve(
  conference: Conference,
  viewer: Participant,
  publication: Publication,
  key: SubscriptionKey,
  wanted: Wish | undefined,
): ServedTrack {
  const { track } = publication;
  const publisher = conference.participants.get(publication.publisher);
  return {
    key,
    ref: wanted === undefined || viewer.kind === 'focus' ? track.ref : idsOf(wanted),
    source: track.ref,
    publisher: publication.publisher,
    generation: publication.generation,
    ...(wanted === undefined || publisher === undefined || !mayFlow(conference, publisher, publication)
      ? notServed(publication)
      : grantedTo(viewer, publisher, publication, key, wanted)),
  };
}

function notServed({ track }: Publication): Served {
  const layer = track.kind === 'audio' ? undefined : track.layers.length - 1;
  return { layer, paused: true, priority: track.kind === 'audio' ? AUDIO_PRIORITY : LEAST_PRIORITY };
}

function grantedTo(
  viewer: Participant,
  publisher: Participant,
  publication: Publication,
  key: SubscriptionKey,
  wanted: Wish,
): Served {
  if (publication.track.kind === 'audio') return { layer: undefined, paused: false, priority: AUDIO_PRIORITY };
  const { grants, priorities } = viewer.viewing.allocation;
  const grant = grants.get(key);
  const priority = priorities.get(key) ?? LEAST_PRIORITY;
  if (grant?.kind === 'layer') return { layer: grant.layer, paused: false, priority };
  if (wanted.only !== undefined) return { layer: wanted.only.layer, paused: true, priority };
  // Nothing of it arrives: left open, so that whatever comes first is seen at once.
  return { layer: idealLayer(publisher, publication, wanted), paused: grant?.reason !== 'no_layer', priority };
}
