/** How a viewer names what it wants (MSC3898 m.call.track_subscription), with this focus's extensions. */
import { Type } from 'typebox';
import { Id, MAX_PIXELS } from './stream-metadata.ts';

// CSS px times a device pixel ratio: a client may send what comes out of that.
const DrawnPixels = Type.Number({ minimum: 0, maximum: 1_000_000_000 });

/** Name of a further copy of a track: it becomes part of the copy's ids. */
export const Variant = Type.String({ pattern: '^[A-Za-z0-9_-]{1,32}$' });

export const WantedTrackWire = Type.Object({
  stream_id: Id,
  track_id: Id,
  width: Type.Optional(DrawnPixels),
  height: Type.Optional(DrawnPixels),
  'org.weir.pinned': Type.Optional(Type.Boolean()),
  'org.weir.variant': Type.Optional(Variant),
});

/**
 * A track that a viewer wants, with the size in whole device px at which it is drawn (none for audio). A width or height of 0: it
 * is not on the screen, and nothing is sent.
 */
export interface WantedTrack {
  streamId: string;
  trackId: string;
  width?: number;
  height?: number;
  /** Extension: served before all others where the link does not carry everything. */
  pinned?: boolean;
  /** Extension: a copy of the track beside the one without a variant, with ids of its own. */
  variant?: string;
}

/** Extension `org.weir.auto`: the focus picks the videos of those who spoke last, and follows them. */
export interface AutoSubscription {
  /** How many. */
  lastN: number;
  /** px at which each is drawn. */
  width: number;
  height: number;
}

/** Most videos that `org.weir.auto` may follow. */
export const MAX_LAST_N = 100;

export const AutoWire = Type.Union([
  Type.Null(),
  Type.Object({ last_n: Type.Integer({ minimum: 0, maximum: MAX_LAST_N }), width: DrawnPixels, height: DrawnPixels }),
]);

/** What a client may ask to be told (extension `org.weir.tell`). */
export const TOLD = ['allocation', 'speakers', 'audio_levels'] as const;
export type Told = (typeof TOLD)[number];

export function readTrack(track: {
  stream_id: string;
  track_id: string;
  width?: number;
  height?: number;
  'org.weir.pinned'?: boolean;
  'org.weir.variant'?: string;
}): WantedTrack {
  const { width, height, 'org.weir.pinned': pinned, 'org.weir.variant': variant } = track;
  return {
    streamId: track.stream_id,
    trackId: track.track_id,
    ...(width === undefined ? {} : { width: wholePixels(width) }),
    ...(height === undefined ? {} : { height: wholePixels(height) }),
    ...(pinned === undefined ? {} : { pinned }),
    ...(variant === undefined ? {} : { variant }),
  };
}

export function writeTrack(track: WantedTrack): Record<string, unknown> {
  const { streamId, trackId, pinned, variant, ...size } = track;
  return {
    stream_id: streamId,
    track_id: trackId,
    ...size,
    ...(pinned === undefined ? {} : { 'org.weir.pinned': pinned }),
    ...(variant === undefined ? {} : { 'org.weir.variant': variant }),
  };
}

export function wholePixels(drawn: number): number {
  return Math.min(Math.ceil(drawn), MAX_PIXELS);
}
