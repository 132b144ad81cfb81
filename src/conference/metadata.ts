/** What participants say of their streams, and what the others are told of it (MSC3077, MSC3898). */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import { keyOfTrack, type TrackRef } from '../session.ts';
import type { TrackPurpose, Size } from '../allocation/layer-choice.ts';
import type { Conference, Participant } from './state.ts';

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
    if (ownerOfStream(conference, streamId, participant.key) === undefined) {
      metadata[streamId] = { ...stream, user_id: participant.session.userId, device_id: participant.session.deviceId };
    } else taken.push(streamId);
  }
  return { metadata, taken };
}

function ownerOfStream(conference: Conference, streamId: string, except: string): Participant | undefined {
  for (const other of conference.participants.values()) {
    if (other.key !== except && Object.hasOwn(other.metadata, streamId)) return other;
  }
  return undefined;
}

/** What a participant is told of all the others that are present. */
export function metadataFor(conference: Conference, viewer: Participant): StreamMetadata {
  const seen: StreamMetadata = {};
  for (const other of conference.participants.values()) {
    if (other !== viewer && other.stage.kind === 'present') Object.assign(seen, other.metadata);
  }
  return seen;
}

/** Whether anybody but the viewer announces the track, present or not. */
export function isAnnounced(conference: Conference, viewer: Participant, track: TrackRef): boolean {
  const publication = conference.tracks.get(keyOfTrack(track));
  if (publication !== undefined) return publication.publisher !== viewer.key;
  for (const other of conference.participants.values()) {
    if (other === viewer) continue;
    const stream = other.metadata[track.streamId];
    if (stream?.tracks !== undefined && Object.hasOwn(stream.tracks, track.trackId)) return true;
  }
  return false;
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
