import { Type, type Static } from 'typebox';

/** Longest id (stream, track, session, call, conference, device) that is accepted; Matrix bounds ids at 255 bytes. */
export const MAX_ID_LENGTH = 255;

/** An opaque identifier. */
export const Id = Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH });

/** Largest width and height, in px. */
export const MAX_PIXELS = 16_384;

/** Width or height in px. */
export const Pixels = Type.Integer({ minimum: 0, maximum: MAX_PIXELS });

/** One track of a stream. Width and height: what the publisher captures, in px, where it says so (MSC3898). */
export const TrackMetadata = Type.Object({
  kind: Type.Optional(Type.Union([Type.Literal('audio'), Type.Literal('video')])),
  width: Type.Optional(Pixels),
  height: Type.Optional(Pixels),
  /** Extension: in which mode (W3C WebRTC-SVC) a track is sent whose layers come in one stream. */
  'org.weir.scalability_mode': Type.Optional(Type.String({ maxLength: 32 })),
  /** Extension: the focus's second copy of a track for a viewer that asked for this variant of it. */
  'org.weir.copy_of': Type.Optional(
    Type.Object({ stream_id: Id, track_id: Id, variant: Type.String({ maxLength: 32 }) }),
  ),
});
export type TrackMetadata = Static<typeof TrackMetadata>;

/** Longest name of a frame format, in characters. */
const MAX_FORMAT_LENGTH = 64;

/** One stream: whose it is, what it is for, which tracks it has (MSC3077, MSC3898). */
export const StreamDescription = Type.Object({
  user_id: Type.Optional(Id),
  device_id: Type.Optional(Id),
  purpose: Type.String({ maxLength: MAX_ID_LENGTH }),
  audio_muted: Type.Optional(Type.Boolean()),
  video_muted: Type.Optional(Type.Boolean()),
  tracks: Type.Optional(Type.Record(Id, TrackMetadata)),
  /** Extension: its media is encrypted end to end, in the frame format of this name (`sframe`: RFC 9605). Its publisher's word. */
  'org.weir.encryption': Type.Optional(Type.String({ minLength: 1, maxLength: MAX_FORMAT_LENGTH })),
  /** Extension: the focus forwards nothing of it, for this reason: a code of `ERRORS`. */
  'org.weir.refused': Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
export type StreamDescription = Static<typeof StreamDescription>;

/** stream id → description. */
export const StreamMetadata = Type.Record(Id, StreamDescription);
export type StreamMetadata = Static<typeof StreamMetadata>;

/** Most streams and most tracks a stream that one participant may announce; more is a bad message. */
export const MAX_STREAMS = 16;
export const MAX_TRACKS_PER_STREAM = 16;
