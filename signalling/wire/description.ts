import { Type, type Static } from 'typebox';
import { bad, ok, type Parsed, parserOf } from './parse.ts';
import {
  MAX_ID_LENGTH,
  MAX_STREAMS,
  MAX_TRACKS_PER_STREAM,
  type StreamDescription,
  StreamMetadata,
  type TrackMetadata,
} from './stream-metadata.ts';

/** Longest session description that is read, in characters: what an SCTP message to the focus can hold. */
export const MAX_SDP_LENGTH = 262_144;

/** An offer or an answer (RFC 8829). */
export const Description = Type.Object({
  type: Type.Union([Type.Literal('offer'), Type.Literal('answer')]),
  sdp: Type.String({ minLength: 1, maxLength: MAX_SDP_LENGTH }),
});
export type Description = Static<typeof Description>;

/** A description without the keys that nobody gave a meaning: what they hold knows no bound. */
export function knownOfDescription({ type, sdp }: Description): Description {
  return { type, sdp };
}

const parseStreamMetadata = parserOf('sdp_stream_metadata', StreamMetadata);

/**
 * Stream metadata with its bounds on counts and ids kept. Keys that no version of the protocol gives a meaning are left
 * out: a focus tells metadata to everybody, and must not pass on what it cannot bound.
 */
export function readStreamMetadata(input: unknown): Parsed<StreamMetadata> {
  const parsed = parseStreamMetadata(input);
  if (parsed.kind === 'bad') return parsed;
  const streams = Object.entries(parsed.value);
  // Towards a client the metadata lists the whole conference, so the bound on streams is the focus's to check.
  for (const [streamId, stream] of streams) {
    const trackIds = Object.keys(stream.tracks ?? {});
    // As an own key it survives JSON, and then changes the prototype of whatever it is copied into.
    if ([streamId, ...trackIds].includes('__proto__')) return bad('sdp_stream_metadata: an id is __proto__');
    if (trackIds.length > MAX_TRACKS_PER_STREAM) return bad('sdp_stream_metadata: too many tracks in a stream');
    if ([streamId, ...trackIds].some(id => id.length === 0 || id.length > MAX_ID_LENGTH)) {
      return bad('sdp_stream_metadata: an id is empty or too long');
    }
  }
  return ok(Object.fromEntries(streams.map(([streamId, stream]) => [streamId, knownOfStream(stream)])));
}

function knownOfStream(stream: StreamDescription): StreamDescription {
  const { user_id, device_id, purpose, audio_muted, video_muted, tracks } = stream;
  const { 'org.weir.encryption': encryption, 'org.weir.refused': refused } = stream;
  return {
    ...(user_id === undefined ? {} : { user_id }),
    ...(device_id === undefined ? {} : { device_id }),
    purpose,
    ...(audio_muted === undefined ? {} : { audio_muted }),
    ...(video_muted === undefined ? {} : { video_muted }),
    ...(tracks === undefined
      ? {}
      : { tracks: Object.fromEntries(Object.entries(tracks).map(([id, track]) => [id, knownOfTrack(track)])) }),
    ...(encryption === undefined ? {} : { 'org.weir.encryption': encryption }),
    ...(refused === undefined ? {} : { 'org.weir.refused': refused }),
  };
}

function knownOfTrack(track: TrackMetadata): TrackMetadata {
  const { kind, width, height, 'org.weir.copy_of': copy, 'org.weir.scalability_mode': mode } = track;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(mode === undefined ? {} : { 'org.weir.scalability_mode': mode }),
    ...(copy === undefined ? {} : { 'org.weir.copy_of': copy }),
  };
}

/** True where one participant announces more streams than it may. */
export function announcesTooMuch(metadata: StreamMetadata): boolean {
  return Object.keys(metadata).length > MAX_STREAMS;
}
