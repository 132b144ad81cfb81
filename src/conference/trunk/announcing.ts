/** What another focus says of the streams of those who are on it: believed as far as the room puts them there. */
import { type ErrorCode, WeirError } from '../../../signalling/wire/errors.ts';
import type { StreamDescription, StreamMetadata } from '../../../signalling/wire/stream-metadata.ts';
import { keyOfDevice, keyOfTrack, type TrackRef } from '../../session.ts';
import { note, tell } from '../effects.ts';
import type { Effect } from '../messages.ts';
import { isCopiedByOthers, isCopyOfAnothers, ownerOfStream, tracksOf, withoutCopies } from '../metadata.ts';
import { barredOfAll } from '../permissions.ts';
import { describe, publish } from '../publishing.ts';
import { forgetTracks, sessionsOf } from '../roster.ts';
import type { Conference, RemoteFocus } from '../state.ts';

/** The focus says anew what its clients publish, all of it. */
export function announceAcross({ due }: Conference, focus: RemoteFocus, announced: StreamMetadata): void {
  focus.announced = announced;
  due.foci.add(focus);
}

/** How long the room's state may be behind the streams of those whom it puts on a focus, or takes from here. */
const STATE_LAG_MS = 10_000;

/** Draws the consequences of what the focus announced and declared, and of who is here. */
export function reconcile(conference: Conference, focus: RemoteFocus, now: number, effects: Effect[]): void {
  const { kept, refused } = permitted(conference, focus);
  tellRefused(focus, refused, now, effects);
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

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** It may be no more than the room's state being late. */
  readonly mayPass: boolean;
}

interface Refused extends Refusal {
  readonly streamId: string;
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
    else refused.push({ streamId, ...why });
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
  if (!focus.speaksFor.has(keyOfDevice({ userId, deviceId })))
    return passing('another focus announces a stream of somebody whom the room does not put on it');
  if (sessionsOf(conference, userId).some(({ session }) => session.deviceId === deviceId))
    return passing('another focus announces a stream of somebody who is here');
  const isTaken =
    ownerOfStream(conference, streamId, focus.key) !== undefined ||
    isCopyOfAnothers(conference, streamId, focus.key) ||
    isCopiedByOthers(conference, streamId, focus.key);
  return isTaken ? refusal('WEIR_TRACK_TAKEN', 'another participant announces a stream of that id') : undefined;
}

function refusal(code: ErrorCode, message: string): Refusal {
  return { code, message, mayPass: false };
}

/** As with everybody who moves from one focus to another. */
function passing(message: string): Refusal {
  return { code: 'WEIR_TRUNK_STREAM', message, mayPass: true };
}

/** Tells the focus, once as long as they are the same, which of its streams are not taken; after a while where that may pass. */
function tellRefused(focus: RemoteFocus, refused: readonly Refused[], now: number, effects: Effect[]): void {
  const since = new Map(refused.map(({ streamId }) => [streamId, focus.refused.since.get(streamId) ?? now]));
  const dueAt = ({ streamId, mayPass }: Refused): number => (since.get(streamId) ?? now) + (mayPass ? STATE_LAG_MS : 0);
  const due = refused.filter(one => now >= dueAt(one));
  const later = refused.filter(one => now < dueAt(one)).map(dueAt);
  const told = due.length === 0 ? '' : JSON.stringify(due);
  const isNews = told !== focus.refused.told;
  focus.refused = { since, told, dueAt: later.length === 0 ? undefined : Math.min(...later) };
  if (!isNews) return;
  for (const [code, message] of new Map(due.map(one => [one.code, one.message]))) {
    effects.push(note(focus, code, message));
    effects.push(tell(focus, { kind: 'error', error: new WeirError(code, message) }));
  }
}
