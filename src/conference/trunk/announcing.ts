/** What another focus says of the streams of those who are on it: believed as far as the room puts them there. */
import type { StreamDescription, StreamMetadata } from '../../../signalling/wire/stream-metadata.ts';
import { keyOfTrack, type TrackRef } from '../../session.ts';
import type { Effect } from '../messages.ts';
import { isCopiedByOthers, isCopyOfAnothers, ownerOfStream, tracksOf, withoutCopies } from '../metadata.ts';
import { barredOfAll } from '../permissions.ts';
import { describe, publish } from '../publishing.ts';
import { forgetTracks } from '../roster.ts';
import type { Conference, RemoteFocus } from '../state.ts';
import { type Refusal, refusal, type Refused, strangerRefusal, tellRefused } from './refusing.ts';

/** The focus says anew what its clients publish, all of it. */
export function announceAcross({ due }: Conference, focus: RemoteFocus, announced: StreamMetadata): void {
  focus.announced = announced;
  due.foci.add(focus);
}

/** Draws the consequences of what the focus announced and declared, and of who is here. */
export function reconcile(conference: Conference, focus: RemoteFocus, now: number, effects: Effect[]): void {
  const { kept, refused } = permitted(conference, focus);
  focus.refused = tellRefused(focus, focus.refused, refused, now, effects);
  focus.barredOf = barredOfAll(conference.permissions, kept);
  const before = [...focus.published, ...tracksOf(focus.metadata).map(keyOfTrack)];
  describe(conference, focus, kept);
  publish(
    conference,
    focus,
    focus.declared.filter(({ ref }) => isIn(kept, ref)).slice(0, conference.limits.trunkTracks),
    now,
    effects,
  );
  const stays = new Set([...focus.published, ...tracksOf(kept).map(keyOfTrack)]);
  forgetTracks(
    conference,
    before.filter(track => !stays.has(track)),
  );
}

function isIn(streams: StreamMetadata, { streamId, trackId }: TrackRef): boolean {
  const stream = Object.hasOwn(streams, streamId) ? streams[streamId] : undefined;
  return stream !== undefined && (stream.tracks === undefined || Object.hasOwn(stream.tracks, trackId));
}

function permitted(conference: Conference, focus: RemoteFocus): { kept: StreamMetadata; refused: Refused[] } {
  const kept: StreamMetadata = {};
  const refused: Refused[] = [];
  for (const [streamId, stream] of Object.entries(focus.announced)) {
    const why =
      Object.keys(kept).length < conference.limits.trunkTracks
        ? refusalOf(conference, focus, streamId, stream)
        : refusal('WEIR_OVERLOADED', 'another focus announces more streams than it may');
    if (why === undefined) kept[streamId] = withoutCopies(stream);
    else refused.push({ id: streamId, ...why });
  }
  return { kept, refused };
}

function refusalOf(
  conference: Conference,
  focus: RemoteFocus,
  streamId: string,
  { user_id: userId, device_id: deviceId }: StreamDescription,
): Refusal | undefined {
  if (userId === undefined || deviceId === undefined)
    return refusal('WEIR_TRUNK_STREAM', 'another focus announces a stream of nobody');
  const stranger = strangerRefusal(conference, focus, { userId, deviceId }, 'a stream');
  if (stranger !== undefined) return stranger;
  const isTaken =
    ownerOfStream(conference, streamId, focus.key) !== undefined ||
    isCopyOfAnothers(conference, streamId, focus.key) ||
    isCopiedByOthers(conference, streamId, focus.key);
  return isTaken ? refusal('WEIR_TRACK_TAKEN', 'another participant announces a stream of that id') : undefined;
}
