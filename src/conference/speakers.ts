/** Who speaks, as the audio levels tell (RFC 6464), and whom a viewer in "auto" therefore sees. */
import type { AutoSubscription } from '../../signalling/wire/control.ts';
import { keyOfSubscription, keyOfTrack, type SubscriptionKey, type TrackKey, type TrackRef } from '../session.ts';
import { canReceive } from './codecs.ts';
import { rankChanged } from './due.ts';
import { isAllowed, mayBeHeard } from './permissions.ts';
import type { Conference, Participant } from './state.ts';
import type { Wish } from './viewing.ts';

/** Speakers that are remembered: no viewer may follow more. */
const MOST_REMEMBERED = 100;
/** ms. A level is that of an earlier word after so long. */
const LEVEL_HOLDS_MS = 1_000;

/** An audio track became that of the main speaker. */
export function spoke(conference: Conference, speaker: Participant, track: TrackRef): void {
  const key = keyOfTrack(track);
  const { speakers } = conference;
  if (!isHeard(conference, key, speaker) || speakers.latest[0] === key) return;
  const latest = [key, ...speakers.latest.filter(other => other !== key)];
  speakers.latest = latest.slice(0, MOST_REMEMBERED);
  speakers.version++;
  // To who sees neither of them the others come in the order that they had.
  for (const moved of [key, ...latest.slice(MOST_REMEMBERED)]) {
    const owner = ownerOf(conference, moved);
    for (const track of publisherOf(conference, moved)?.published ?? [])
      if (conference.tracks.get(track)?.track.kind === 'video' && ownerOf(conference, track) === owner)
        rankChanged(conference, track);
  }
}

export function loud(conference: Conference, speaker: Participant, track: TrackRef, level: number, now: number): void {
  const key = keyOfTrack(track);
  if (!isHeard(conference, key, speaker)) return;
  conference.speakers.levels.set(key, { level, at: now });
  conference.speakers.levelsDue = true;
}

/** Whether the track is its speaker's, who may be heard now: who may not, does not speak. */
function isHeard(conference: Conference, key: TrackKey, speaker = publisherOf(conference, key)): boolean {
  const publication = conference.tracks.get(key);
  return (
    speaker !== undefined && publication?.publisher === speaker.key && mayBeHeard(conference, speaker, publication)
  );
}

function publisherOf({ tracks, participants }: Conference, key: TrackKey): Participant | undefined {
  const publication = tracks.get(key);
  return publication && participants.get(publication.publisher);
}

declare const ownerKey: unique symbol;
/** Who is behind a track: a session here, or a device that another focus speaks for. */
export type OwnerKey = string & { readonly [ownerKey]: true };

/** `undefined` where the track is not published. */
export function ownerOf(conference: Conference, track: TrackKey): OwnerKey | undefined {
  const publisher = publisherOf(conference, track);
  if (publisher === undefined) return undefined;
  if (publisher.kind === 'client') return String(publisher.key) as OwnerKey;
  const stream = publisher.metadata[conference.tracks.get(track)?.track.ref.streamId ?? ''];
  return JSON.stringify([publisher.key, stream?.user_id, stream?.device_id]) as OwnerKey;
}

function isAllowedTrack(conference: Conference, key: TrackKey): boolean {
  const publication = conference.tracks.get(key);
  const publisher = publisherOf(conference, key);
  return publication !== undefined && publisher !== undefined && isAllowed(conference, publisher, publication);
}

/** Tracks that are gone, or may no longer be heard, speak no more. */
export function forgetSilenced(conference: Conference, now: number): void {
  const { speakers, due, streamsVersion } = conference;
  for (const [key, { at }] of speakers.levels) {
    if (isHeard(conference, key) && now - at <= LEVEL_HOLDS_MS) continue;
    speakers.levels.delete(key);
    speakers.levelsDue = true;
  }
  if (due.before.streamsVersion === streamsVersion) return;
  const latest = speakers.latest.filter(track => isAllowedTrack(conference, track));
  if (latest.length === speakers.latest.length) return;
  speakers.latest = latest;
  speakers.version++;
}

/** Place among the latest speakers, 0 the latest; who never spoke has none. */
export function ranksOf(conference: Conference): Map<OwnerKey, number> {
  const ranks = new Map<OwnerKey, number>();
  for (const track of conference.speakers.latest) {
    const owner = ownerOf(conference, track);
    if (owner !== undefined && !ranks.has(owner)) ranks.set(owner, ranks.size);
  }
  return ranks;
}

/** What a viewer wants: what it said, and in "auto" everybody's voice and the videos of those who spoke last. */
export function wantsOf(conference: Conference, viewer: Participant): Map<SubscriptionKey, Wish> {
  const auto = viewer.kind === 'client' ? viewer.auto : undefined;
  const { viewing } = viewer;
  if (auto === undefined) return viewer.wanted;
  const version = conference.streamsVersion;
  if (viewing.choice?.auto !== auto || viewing.choice.version !== version)
    viewing.choice = { auto, version, wants: chosenFor(conference, viewer, auto) };
  return viewing.choice.wants;
}

function chosenFor(conference: Conference, viewer: Participant, auto: AutoSubscription): Map<SubscriptionKey, Wish> {
  const wants = new Map<SubscriptionKey, Wish>();
  const ranks = ranksOf(conference);
  const others = ownersBeside(conference, viewer).toSorted(
    (one, other) =>
      (ranks.get(one.owner) ?? ranks.size) - (ranks.get(other.owner) ?? ranks.size) ||
      one.publisher.place - other.publisher.place,
  );
  let left = auto.lastN;
  for (const { publisher, tracks } of others) {
    const video = cameraOf(conference, viewer, publisher, tracks);
    for (const key of tracks) {
      const track = conference.tracks.get(key)?.track;
      if (track?.kind === 'audio' && isAllowedTrack(conference, key))
        wants.set(keyOfSubscription(track.ref), track.ref);
    }
    if (video === undefined || left <= 0) continue;
    left -= 1;
    wants.set(keyOfSubscription(video), { ...video, width: auto.width, height: auto.height });
  }
  for (const [key, wanted] of viewer.wanted) wants.set(key, wanted);
  return wants;
}

interface Owned {
  readonly owner: OwnerKey;
  readonly publisher: Participant;
  readonly tracks: TrackKey[];
}

/** What each of those publishes who are present beside the viewer. */
function ownersBeside(conference: Conference, viewer: Participant): Owned[] {
  const owners = new Map<OwnerKey, Owned>();
  for (const publisher of conference.roster.publishers) {
    if (publisher === viewer || publisher.stage.kind !== 'present') continue;
    for (const track of publisher.published) {
      const owner = ownerOf(conference, track);
      if (owner === undefined) continue;
      const owned = owners.get(owner) ?? { owner, publisher, tracks: [] };
      owned.tracks.push(track);
      owners.set(owner, owned);
    }
  }
  return [...owners.values()];
}

/** A camera that the viewer can decode. */
function cameraOf(
  conference: Conference,
  viewer: Participant,
  publisher: Participant,
  tracks: readonly TrackKey[],
): TrackRef | undefined {
  const isCamera = (key: TrackKey): boolean => {
    const publication = conference.tracks.get(key);
    const track = publication?.track;
    if (publication === undefined || !canReceive(viewer, publication) || !isAllowedTrack(conference, key)) return false;
    return track?.kind === 'video' && publisher.metadata[track.ref.streamId]?.purpose !== 'm.screenshare';
  };
  const key = tracks.find(isCamera);
  return key === undefined ? undefined : conference.tracks.get(key)?.track.ref;
}
