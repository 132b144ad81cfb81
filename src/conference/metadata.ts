/** What participants say of their streams, and what the others are told of it (MSC3077, MSC3898). */
import type { StreamDescription, StreamMetadata, TrackMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { WantedTrack } from '../../signalling/wire/control.ts';
import type { ScalabilityModes } from '../ports.ts';
import { keyOfTrack, type TrackKey, type TrackRef } from '../session.ts';
import type { TrackPurpose, Size } from '../allocation/layer-choice.ts';
import { allowedMetadata, mayBeKnown } from './permissions.ts';
import { streamsFor } from './shown-streams.ts';
import type { Conference, Participant } from './state.ts';

/** Between the id of a stream or track and the name of its variant: a copy's id. */
const COPY_MARK = '+';

/** The tracks that metadata names. */
export function tracksOf(metadata: StreamMetadata): TrackRef[] {
  return Object.entries(metadata).flatMap(([streamId, stream]) =>
    Object.keys(stream.tracks ?? {}).map(trackId => ({ streamId, trackId })),
  );
}

/**
 * Metadata as its publisher may announce it: user and device are the authenticated ones, streams that somebody else in the
 * conference already announces are left out (`taken`).
 */
export function ownMetadata(
  conference: Conference,
  participant: Pick<Participant, 'key' | 'session'>,
  announced: StreamMetadata,
): { metadata: StreamMetadata; taken: string[] } {
  const metadata: StreamMetadata = {};
  const taken: string[] = [];
  for (const [streamId, stream] of Object.entries(announced)) {
    if (
      ownerOfStream(conference, streamId, participant.key) === undefined &&
      !isCopyOfAnothers(conference, streamId, participant.key)
    ) {
      const { userId, deviceId } = participant.session;
      const { 'org.weir.refused': _, ...own } = withoutCopies(stream);
      metadata[streamId] = { ...own, user_id: userId, device_id: deviceId };
    } else taken.push(streamId);
  }
  return { metadata, taken };
}

export function ownerOfStream({ roster }: Conference, streamId: string, except: string): Participant | undefined {
  const owner = roster.announcers.get(streamId);
  return owner?.key === except ? undefined : owner;
}

/** Whether the id is one under which the focus sends copies of somebody else's stream. */
export function isCopyOfAnothers(conference: Conference, streamId: string, except: string): boolean {
  const copied = copiedStream(streamId);
  if (copied === undefined) return false;
  if (ownerOfStream(conference, copied, except) !== undefined) return true;
  for (const { publisher, track } of conference.tracks.values()) {
    if (publisher !== except && track.ref.streamId === copied) return true;
  }
  return false;
}

/** The stream that one of this id would be a copy of. */
export function copiedStream(streamId: string): string | undefined {
  const mark = streamId.lastIndexOf(COPY_MARK);
  return mark < 0 ? undefined : streamId.slice(0, mark);
}

/** Whether somebody else announces a stream under an id that copies of this one would have. */
export function isCopiedByOthers({ roster }: Conference, streamId: string, except: string): boolean {
  for (const [announced, { key }] of roster.announcers)
    if (key !== except && copiedStream(announced) === streamId) return true;
  return false;
}

/** What a participant is told of all the others that are present. */
export function metadataFor({ shown }: Conference, viewer: Participant): StreamMetadata {
  const seen = streamsFor(shown, viewer);
  return Object.assign(seen, copiesFor(viewer, seen));
}

/** Copies of tracks are the focus's to announce. */
export function withoutCopies(stream: StreamDescription): StreamDescription {
  if (stream.tracks === undefined) return stream;
  const tracks: Record<string, TrackMetadata> = {};
  for (const [id, { 'org.weir.copy_of': _, ...track }] of Object.entries(stream.tracks)) tracks[id] = track;
  return { ...stream, tracks };
}

/** Ids under which a viewer receives what it wants: the track's own, or those of a copy of it. */
export function idsOf(wanted: TrackRef & { variant?: string }): TrackRef {
  const { streamId, trackId, variant } = wanted;
  if (variant === undefined) return { streamId, trackId };
  return { streamId: `${streamId}${COPY_MARK}${variant}`, trackId: `${trackId}${COPY_MARK}${variant}` };
}

/** The streams of the variants that a viewer asked for, of the streams that it sees: they exist for it alone. */
export function copiesFor(viewer: Participant, seen: StreamMetadata): StreamMetadata {
  const copies: StreamMetadata = {};
  if (viewer.kind === 'focus') return copies;
  for (const wanted of viewer.wanted.values()) if (wanted.variant !== undefined) addCopy(copies, wanted, seen);
  return copies;
}

function addCopy(copies: StreamMetadata, wanted: WantedTrack, seen: StreamMetadata): void {
  const { streamId, trackId, variant } = wanted;
  const stream = Object.hasOwn(seen, streamId) ? seen[streamId] : undefined;
  const track = stream?.tracks?.[trackId];
  if (stream === undefined || track === undefined || variant === undefined) return;
  const ids = idsOf(wanted);
  const copy = { ...track, 'org.weir.copy_of': { stream_id: streamId, track_id: trackId, variant } };
  const before = copies[ids.streamId]?.tracks;
  copies[ids.streamId] = { ...stream, tracks: { ...before, [ids.trackId]: copy } };
}

/** Whether anybody but the viewer announces the track, present or not, and may. */
export function isAnnounced(conference: Conference, viewer: Participant, track: TrackRef): boolean {
  const publication = conference.tracks.get(keyOfTrack(track));
  if (publication !== undefined) {
    const publisher = conference.participants.get(publication.publisher);
    return publisher !== undefined && publisher !== viewer && mayBeKnown(publisher, publication);
  }
  const owner = ownerOfStream(conference, track.streamId, viewer.key);
  const stream = owner && allowedMetadata(conference, owner)[track.streamId];
  return stream?.tracks !== undefined && Object.hasOwn(stream.tracks, track.trackId);
}

/** The scalability modes in which a publisher says that it sends its tracks. */
export function scalabilityModes(metadata: StreamMetadata): ScalabilityModes {
  const modes = new Map<TrackKey, string>();
  for (const { streamId, trackId } of tracksOf(metadata)) {
    const mode = metadata[streamId]?.tracks?.[trackId]?.['org.weir.scalability_mode'];
    if (mode !== undefined) modes.set(keyOfTrack({ streamId, trackId }), mode);
  }
  return modes;
}

/** Size at which the publisher captures the track in px, where it says so, and what from. */
export function captureOf(publisher: Participant, track: TrackRef): { size: Size | undefined; purpose: TrackPurpose } {
  const stream = publisher.metadata[track.streamId];
  const described = stream?.tracks?.[track.trackId];
  const { width, height } = described ?? {};
  return {
    size: width !== undefined && height !== undefined && width > 0 && height > 0 ? { width, height } : undefined,
    purpose: stream?.purpose === 'm.screenshare' ? 'screen' : 'camera',
  };
}
