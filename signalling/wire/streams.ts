/** Extensions of the control channel about streams: what a viewer gets and why, which layers flow, who speaks. */
import { Type } from 'typebox';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** Most tracks that one of these messages of a client may name. */
const MAX_OWN_TRACKS = 256;
const MAX_LAYERS = 8;
const MAX_VIEWERS = 1_000_000;

/** A simulcast layer of a publisher's track: by its rid, or by its place, lowest first, where it has none. */
export interface LayerSwitch {
  rid?: string;
  active: boolean;
  /** Between foci, in `layers_wanted`: how many want it, about. */
  viewers?: number;
}

/** The layers of one track, lowest first, all of them. */
export interface TrackLayers {
  streamId: string;
  trackId: string;
  layers: LayerSwitch[];
}

/** A layer as a viewer could get it: px, and whether it arrives at the focus, or would when asked for. */
export interface OfferedLayer {
  width?: number;
  height?: number;
  live: boolean;
}

/** What the focus grants a viewer of one video, by the ids under which the viewer receives it. */
export interface GrantedTrack {
  streamId: string;
  trackId: string;
  /** `layer`: index into `layers`, lowest first. */
  grant: { kind: 'layer'; layer: number } | { kind: 'paused'; reason: PauseReason };
  layers: OfferedLayer[];
}

/** Why a wanted video is not sent: it is drawn at no size; the link does not carry it; the focus cannot; its publisher sends no layer. */
export type PauseReason = (typeof PAUSE_REASONS)[number];
const PAUSE_REASONS = ['hidden', 'bandwidth', 'overload', 'no_layer'] as const;

export type StreamsMessage =
  /**
   * `org.weir.allocation`, focus to viewer: what it grants of what is wanted. `available` in bit/s, absent while it is unknown.
   * `tracks`: those whose grant or layers changed.
   */
  | { kind: 'allocation'; available: number | undefined; state: 'STABLE' | 'DEFICIENT'; tracks: GrantedTrack[] }
  /** `org.weir.layers_wanted`, focus to publisher: which layers anybody wants; the others may be switched off. */
  | { kind: 'layers_wanted'; tracks: TrackLayers[] }
  /** `org.weir.layers_available`, publisher to focus: which layers it is about to be able to send, and which not. */
  | { kind: 'layers_available'; tracks: TrackLayers[] }
  /** `org.weir.speakers`, focus to client: audio tracks of those who spoke last, the latest first. */
  | { kind: 'speakers'; latest: { streamId: string; trackId: string }[] }
  /** `org.weir.audio_levels`, focus to client: dBov (-127 to 0) of those who are heard now. */
  | { kind: 'audio_levels'; levels: { streamId: string; trackId: string; level: number }[] };

const Ids = { stream_id: Id, track_id: Id };
const Layers = Type.Array(
  Type.Object({
    rid: Type.Optional(Id),
    active: Type.Boolean(),
    viewers: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_VIEWERS })),
  }),
  { maxItems: MAX_LAYERS },
);
const TrackLayersWire = Type.Object({ ...Ids, layers: Layers });

const parseLayers = parserOf(
  'org.weir.layers_…',
  Type.Object({ tracks: Type.Array(TrackLayersWire, { maxItems: MAX_OWN_TRACKS }) }),
);
const parseAllocation = parserOf(
  'org.weir.allocation',
  Type.Object({
    available_bitrate: Type.Optional(Type.Number({ minimum: 0 })),
    state: Type.Union([Type.Literal('STABLE'), Type.Literal('DEFICIENT')]),
    tracks: Type.Array(
      Type.Object({
        ...Ids,
        layer: Type.Optional(Type.Integer({ minimum: 0 })),
        paused: Type.Optional(Type.String({ maxLength: 64 })),
        layers: Type.Array(
          Type.Object({
            width: Type.Optional(Type.Number()),
            height: Type.Optional(Type.Number()),
            live: Type.Boolean(),
          }),
        ),
      }),
    ),
  }),
);
const parseSpeakers = parserOf('org.weir.speakers', Type.Object({ latest: Type.Array(Type.Object(Ids)) }));
const parseLevels = parserOf(
  'org.weir.audio_levels',
  Type.Object({ levels: Type.Array(Type.Object({ ...Ids, level: Type.Number({ minimum: -127, maximum: 0 }) })) }),
);

/** The message of a type in this room; `undefined` for other types. */
export function parseStreamsMessage(type: string, content: object): Parsed<StreamsMessage> | undefined {
  switch (type) {
    case 'org.weir.layers_wanted':
    case 'org.weir.layers_available': {
      const kind = type === 'org.weir.layers_wanted' ? 'layers_wanted' : 'layers_available';
      return mapped(parseLayers(content), ({ tracks }) => ({
        kind,
        tracks: tracks.map(({ layers, ...ids }) => ({ ...readIds(ids), layers: layers.map(knownOfSwitch) })),
      }));
    }
    case 'org.weir.allocation':
      return mapped(parseAllocation(content), ({ available_bitrate: available, state, tracks }) => ({
        kind: 'allocation',
        available,
        state,
        tracks: tracks.map(({ layer, paused, layers, ...ids }) => ({
          ...readIds(ids),
          grant: layer === undefined ? { kind: 'paused', reason: knownReason(paused) } : { kind: 'layer', layer },
          layers: layers.map(knownOfOffered),
        })),
      }));
    case 'org.weir.speakers':
      return mapped(parseSpeakers(content), ({ latest }) => ({ kind: 'speakers', latest: latest.map(readIds) }));
    case 'org.weir.audio_levels':
      return mapped(parseLevels(content), ({ levels }) => ({
        kind: 'audio_levels',
        levels: levels.map(({ level, ...ids }) => ({ ...readIds(ids), level })),
      }));
    default:
      return undefined;
  }
}

/** Type and content of a message of this room. */
export function writeStreamsMessage(message: StreamsMessage): { type: string; content: Record<string, unknown> } {
  switch (message.kind) {
    case 'allocation':
      return {
        type: 'org.weir.allocation',
        content: {
          ...(message.available === undefined ? {} : { available_bitrate: Math.round(message.available) }),
          state: message.state,
          tracks: message.tracks.map(({ grant, layers, ...ids }) => ({
            ...writeIds(ids),
            ...(grant.kind === 'layer' ? { layer: grant.layer } : { paused: grant.reason }),
            layers,
          })),
        },
      };
    case 'layers_wanted':
    case 'layers_available':
      return {
        type: message.kind === 'layers_wanted' ? 'org.weir.layers_wanted' : 'org.weir.layers_available',
        content: { tracks: message.tracks.map(({ layers, ...ids }) => ({ ...writeIds(ids), layers })) },
      };
    case 'speakers':
      return { type: 'org.weir.speakers', content: { latest: message.latest.map(writeIds) } };
    case 'audio_levels':
      return {
        type: 'org.weir.audio_levels',
        content: { levels: message.levels.map(({ level, ...ids }) => ({ ...writeIds(ids), level })) },
      };
  }
}

function readIds(ids: { stream_id: string; track_id: string }): { streamId: string; trackId: string } {
  return { streamId: ids.stream_id, trackId: ids.track_id };
}

function writeIds(ids: { streamId: string; trackId: string }): { stream_id: string; track_id: string } {
  return { stream_id: ids.streamId, track_id: ids.trackId };
}

/** A later focus may have more reasons: the picture stands still in any case. */
function knownReason(said: string | undefined): PauseReason {
  return PAUSE_REASONS.find(reason => reason === said) ?? 'no_layer';
}

function knownOfSwitch({ rid, active, viewers }: LayerSwitch): LayerSwitch {
  return { ...(rid === undefined ? {} : { rid }), active, ...(viewers === undefined ? {} : { viewers }) };
}

function knownOfOffered({ width, height, live }: OfferedLayer): OfferedLayer {
  return { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }), live };
}

function mapped<From>(parsed: Parsed<From>, read: (value: From) => StreamsMessage): Parsed<StreamsMessage> {
  return parsed.kind === 'bad' ? parsed : ok(read(parsed.value));
}
