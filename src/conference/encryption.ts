/**
 * Where the room is encrypted and the operator asks for it, media that is not encrypted end to end is forwarded to nobody. Whether
 * it is, is its publisher's word: a focus sees no difference between frames.
 */
import { WeirError } from '../../signalling/wire/errors.ts';
import type { StreamDescription, StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { TrackRef } from '../session.ts';
import { everythingChanged } from './due.ts';
import { note, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import type { Conference, Participant } from './state.ts';

/** From now on media in the clear is refused, or is not. */
export function encryptionRequired(conference: Conference, required: boolean): void {
  if (conference.encryptionRequired === required) return;
  conference.encryptionRequired = required;
  everythingChanged(conference);
}

/** Whether a stream is in the clear where that is refused. What nobody announced is not said to be encrypted. */
export function isRefused(
  { encryptionRequired: required }: Conference,
  publisher: Participant,
  streamId: string,
): boolean {
  const { metadata } = publisher;
  return required && !(Object.hasOwn(metadata, streamId) && isEncrypted(metadata[streamId]));
}

/** What others are told of streams: of those that are refused, that they are. */
export function withRefusals({ encryptionRequired: required }: Conference, streams: StreamMetadata): StreamMetadata {
  if (!required || Object.values(streams).every(isEncrypted)) return streams;
  return Object.fromEntries(
    Object.entries(streams).map(([streamId, stream]) => [streamId, isEncrypted(stream) ? stream : refused(stream)]),
  );
}

function isEncrypted(stream: StreamDescription | undefined): boolean {
  return stream?.['org.weir.encryption'] !== undefined;
}

function refused(stream: StreamDescription): StreamDescription {
  return { ...stream, 'org.weir.refused': 'WEIR_CLEAR_MEDIA' };
}

/** Tells a participant, once for each stream, that what it publishes in the clear is forwarded to nobody. */
export function tellRefused(conference: Conference, participant: Participant, effects: Effect[]): void {
  // Another focus hears of it by the streams; its clients see that they are not encrypted.
  if (participant.kind === 'focus') return;
  const { toldRefused } = participant;
  for (const streamId of toldRefused) if (!isRefused(conference, participant, streamId)) toldRefused.delete(streamId);
  if (!conference.encryptionRequired || participant.control.kind !== 'open') return;
  const tracks = publishedIn(conference, participant).filter(
    ({ streamId }) => !toldRefused.has(streamId) && isRefused(conference, participant, streamId),
  );
  if (tracks.length === 0) return;
  for (const { streamId } of tracks) toldRefused.add(streamId);
  const error = new WeirError('WEIR_CLEAR_MEDIA', 'the room is encrypted, and the stream is not');
  effects.push(note(participant, error.code, error.message), tell(participant, { kind: 'error', error, tracks }));
}

function publishedIn(conference: Conference, { published }: Participant): TrackRef[] {
  return [...published].flatMap(key => conference.tracks.get(key)?.track.ref ?? []);
}
