/** Who may publish what: what the room says, applied to what is published and announced. */
import { WeirError } from '../../signalling/wire/errors.ts';
import {
  mayPublish,
  type Permissions,
  PUBLISHED_KINDS,
  type PublishedKind,
} from '../../signalling/wire/permissions.ts';
import type { StreamDescription, StreamMetadata, TrackMetadata } from '../../signalling/wire/stream-metadata.ts';
import { type DeviceKey, keyOfDevice, type SessionId, type TrackRef } from '../session.ts';
import { everythingChanged } from './due.ts';
import { note, tell } from './effects.ts';
import { isRefused, withRefusals } from './encryption.ts';
import { FREE_FLOOR } from './floor.ts';
import type { Effect } from './messages.ts';
import type { Conference, Participant, Publication } from './state.ts';

/** The room says something new of who may publish. */
export function permissionsChanged(conference: Conference, permissions: Permissions): void {
  if (conference.permissions === permissions) return;
  conference.permissions = permissions;
  conference.floor = permissions.floor === undefined ? undefined : (conference.floor ?? FREE_FLOOR);
  for (const participant of conference.participants.values())
    if (participant.kind === 'client') participant.barred = barredKinds(permissions, participant.session.userId);
  everythingChanged(conference);
}

/** The kinds that a user may not publish. */
export function barredKinds(permissions: Permissions, userId: string): ReadonlySet<PublishedKind> {
  return new Set(PUBLISHED_KINDS.filter(kind => !mayPublish(permissions, userId, kind)));
}

/** The kinds that each of those may not publish whose streams these are, where there are any. */
export function barredOfAll(
  permissions: Permissions,
  streams: StreamMetadata,
): ReadonlyMap<string, ReadonlySet<PublishedKind>> {
  const users = new Set(Object.values(streams).flatMap(({ user_id: userId }) => userId ?? []));
  const barred = [...users].map(userId => [userId, barredKinds(permissions, userId)] as const);
  return new Map(barred.filter(([, kinds]) => kinds.size > 0));
}

const NOTHING_BARRED: ReadonlySet<PublishedKind> = new Set();

/** The kinds that may not be published in a stream: by the power of whose it is. */
function barredIn(publisher: Participant, streamId: string): ReadonlySet<PublishedKind> {
  if (publisher.kind === 'client') return publisher.barred;
  const userId = publisher.metadata[streamId]?.user_id;
  return (userId === undefined ? undefined : publisher.barredOf.get(userId)) ?? NOTHING_BARRED;
}

/** Whether others may know of a track. */
export function mayBeKnown(publisher: Participant, { track }: Publication): boolean {
  const { streamId } = track.ref;
  const barred = barredIn(publisher, streamId);
  return barred.size === 0 || !barred.has(kindOf(publisher, streamId, track.kind));
}

/** Whether others may be offered a track: they may know of it, and it is not refused for being in the clear. */
export function isAllowed(conference: Conference, publisher: Participant, publication: Publication): boolean {
  return mayBeKnown(publisher, publication) && !isRefused(conference, publisher, publication.track.ref.streamId);
}

/** Whether a track may flow to others now: allowed, of somebody who is present, and, where there is a floor, of its holder. */
export function mayFlow(conference: Conference, publisher: Participant, publication: Publication): boolean {
  const may =
    publication.track.kind === 'audio'
      ? mayBeHeard(conference, publisher, publication)
      : isAllowed(conference, publisher, publication);
  return may && publisher.stage.kind === 'present';
}

/** Whether its publisher may speak on an audio track now: it may at all, and where there is a floor, it holds it. */
export function mayBeHeard(conference: Conference, speaker: Participant, publication: Publication): boolean {
  if (!isAllowed(conference, speaker, publication)) return false;
  const { floor } = conference;
  return floor === undefined || (floor.holder !== undefined && isOf(speaker, publication.track.ref, floor.holder.by));
}

/** Whether a stream is that of a device: of whose session publishes it, or for whom another focus says it. */
export function isOf(publisher: Participant, { streamId }: TrackRef, device: DeviceKey): boolean {
  const owner = publisher.kind === 'client' ? publisher.session : publisher.metadata[streamId];
  return owner !== undefined && deviceBehind(owner) === device;
}

/** A hand-over asks for it of every voice that each viewer follows. */
const known = new WeakMap<SessionId | StreamDescription, DeviceKey | undefined>();

function deviceBehind(owner: SessionId | StreamDescription): DeviceKey | undefined {
  if (known.has(owner)) return known.get(owner);
  const { userId, deviceId } = 'userId' in owner ? owner : { userId: owner.user_id, deviceId: owner.device_id };
  const key = userId === undefined || deviceId === undefined ? undefined : keyOfDevice({ userId, deviceId });
  known.set(owner, key);
  return key;
}

/** Sound is sound, whatever stream it is in: what a stream is for is its publisher's word. */
function kindOf({ metadata }: Participant, streamId: string, kind: 'audio' | 'video' | undefined): PublishedKind {
  if (kind === 'audio') return 'audio';
  return metadata[streamId]?.purpose === 'm.screenshare' ? 'screen' : 'video';
}

/**
 * What others may be told of a participant's streams: tracks that it may not publish are left out, and count as muted; streams that
 * are refused for being in the clear say so.
 */
export function allowedMetadata(conference: Conference, publisher: Participant): StreamMetadata {
  return withRefusals(conference, permittedMetadata(publisher));
}

function permittedMetadata(publisher: Participant): StreamMetadata {
  if ((publisher.kind === 'client' ? publisher.barred : publisher.barredOf).size === 0) return publisher.metadata;
  const allowed: StreamMetadata = {};
  for (const [streamId, stream] of Object.entries(publisher.metadata)) {
    const kept = allowedStream(publisher, streamId, stream);
    if (kept !== undefined) allowed[streamId] = kept;
  }
  return allowed;
}

function allowedStream(
  publisher: Participant,
  streamId: string,
  stream: StreamDescription,
): StreamDescription | undefined {
  const barred = barredIn(publisher, streamId);
  if (barred.size === 0) return stream;
  const isBarred = (kind: 'audio' | 'video'): boolean => barred.has(kindOf(publisher, streamId, kind));
  const [noAudio, noVideo] = [isBarred('audio'), isBarred('video')];
  if (noAudio && noVideo) return undefined;
  const muted = { ...(noAudio ? { audio_muted: true } : {}), ...(noVideo ? { video_muted: true } : {}) };
  if (stream.tracks === undefined) return { ...stream, ...muted };
  const tracks: Record<string, TrackMetadata> = {};
  for (const [trackId, track] of Object.entries(stream.tracks)) {
    // Who may publish only one of the two must say which a track is.
    const isKept = track.kind === undefined ? !noAudio && !noVideo : !isBarred(track.kind);
    if (isKept) tracks[trackId] = track;
  }
  return Object.keys(tracks).length === 0 ? undefined : { ...stream, ...muted, tracks };
}

/** Tells a participant, once for each kind, that what it publishes is shown to nobody. */
export function tellBarred(conference: Conference, participant: Participant, effects: Effect[]): void {
  // Another focus knows what the room lets its own clients publish.
  if (participant.kind === 'focus') return;
  const { barred, toldBarred } = participant;
  for (const kind of toldBarred) if (!barred.has(kind)) toldBarred.delete(kind);
  if (barred.size === 0 || participant.control.kind !== 'open') return;
  for (const kind of barred) {
    if (toldBarred.has(kind)) continue;
    const tracks = publishedOf(conference, participant, kind);
    if (tracks.length === 0) continue;
    toldBarred.add(kind);
    const error = new WeirError('WEIR_MAY_NOT_PUBLISH', `${kind}: not with this power level`);
    effects.push(note(participant, error.code, error.message), tell(participant, { kind: 'error', error, tracks }));
  }
}

function publishedOf(conference: Conference, participant: Participant, kind: PublishedKind): TrackRef[] {
  return [...participant.published].flatMap(key => {
    const track = conference.tracks.get(key)?.track;
    return track !== undefined && kindOf(participant, track.ref.streamId, track.kind) === kind ? [track.ref] : [];
  });
}
