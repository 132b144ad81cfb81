/** Messages of the control data channel, `{type, content}` as JSON text (MSC3898), both ways. */
import { Type } from 'typebox';
import { type DataMessage, parseDataMessage, writeDataMessage } from './data.ts';
import { Description, knownOfDescription, readStreamMetadata } from './description.ts';
import type { WeirError } from './errors.ts';
import { type FloorMessage, parseFloorMessage, writeFloorMessage } from './floor.ts';
import { FLOOR_ACROSS, type FloorAcross, parseFloorAcross, writeFloorAcross } from './floor-across.ts';
import { STREAM_METADATA_KEYS } from './names.ts';
import { bad, firstOf, ok, type Parsed, parserOf } from './parse.ts';
import { Id, type StreamMetadata } from './stream-metadata.ts';
import { parseStreamsChanged, STREAMS_CHANGED, type StreamsChanged } from './streams-changed.ts';
import { parseStreamsMessage, type StreamsMessage, writeStreamsMessage } from './streams.ts';
import {
  type AutoSubscription,
  AutoWire,
  readTrack,
  TOLD,
  type Told,
  type WantedTrack,
  WantedTrackWire,
  wholePixels,
  writeTrack,
} from './wanted-track.ts';

export type { AutoSubscription, Told, WantedTrack } from './wanted-track.ts';

/** Longest control message that is read, in bytes. */
export const MAX_CONTROL_MESSAGE_BYTES = 262_144;
/** Most tracks that one subscription message may name. */
export const MAX_SUBSCRIPTIONS = 2_048;

/** Extensions are absent where they stay as they were. */
export interface Subscription {
  kind: 'subscription';
  subscribe: WantedTrack[];
  unsubscribe: WantedTrack[];
  /** Extension `org.weir.auto`. */
  auto?: AutoSubscription | 'off';
  /** Extension `org.weir.tell`: all that the client wants to be told from now on. */
  tell?: Told[];
}

/** What either end may say on the control channel. */
export type ControlMessage =
  | Subscription
  | StreamsMessage
  | FloorMessage
  | FloorAcross
  | DataMessage
  | { kind: 'negotiate'; description: Description; metadata: StreamMetadata | undefined }
  | { kind: 'metadata_changed'; metadata: StreamMetadata }
  | StreamsChanged
  | { kind: 'ping' }
  | { kind: 'pong' }
  | ErrorMessage;

/** Extension `org.weir.error`: an answer to a message that could not be done. */
export interface ErrorMessage {
  kind: 'error';
  code: string;
  message: string;
  inReplyTo?: string;
  tracks?: { streamId: string; trackId: string }[];
  /** What the tracks are sent in, where that is the reason. */
  codec?: string;
}

const parseFrame = parserOf(
  'control message',
  Type.Object({ type: Type.String({ maxLength: 255 }), content: Type.Object({}) }),
);
const parseSubscription = parserOf(
  'm.call.track_subscription',
  Type.Object({
    subscribe: Type.Optional(Type.Array(WantedTrackWire, { maxItems: MAX_SUBSCRIPTIONS })),
    unsubscribe: Type.Optional(Type.Array(WantedTrackWire, { maxItems: MAX_SUBSCRIPTIONS })),
    'org.weir.auto': Type.Optional(AutoWire),
    'org.weir.tell': Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 16 })),
  }),
);
const parseNegotiate = parserOf('m.call.negotiate', Type.Object({ description: Description }));
const parseError = parserOf(
  'org.weir.error',
  Type.Object({
    code: Id,
    message: Type.String(),
    in_reply_to: Type.Optional(Type.String()),
    tracks: Type.Optional(Type.Array(WantedTrackWire)),
    codec: Type.Optional(Type.String({ maxLength: 64 })),
  }),
);

function readSubscription(content: object): Parsed<Subscription> {
  const parsed = parseSubscription(content);
  if (parsed.kind === 'bad') return parsed;
  const { subscribe = [], unsubscribe = [], 'org.weir.auto': auto, 'org.weir.tell': tell } = parsed.value;
  return ok({
    kind: 'subscription',
    subscribe: subscribe.map(readTrack),
    unsubscribe: unsubscribe.map(readTrack),
    ...(auto === undefined ? {} : { auto: auto === null ? 'off' : readAuto(auto) }),
    ...(tell === undefined ? {} : { tell: TOLD.filter(known => tell.includes(known)) }),
  });
}

function readAuto(auto: { last_n: number; width: number; height: number }): AutoSubscription {
  return { lastN: auto.last_n, width: wholePixels(auto.width), height: wholePixels(auto.height) };
}

function writeAuto(auto: AutoSubscription | 'off'): Record<string, number> | null {
  return auto === 'off' ? null : { last_n: auto.lastN, width: auto.width, height: auto.height };
}

/** Parses the text of one data channel message. Never throws. */
export function parseControl(text: string): Parsed<ControlMessage> {
  if (text.length > MAX_CONTROL_MESSAGE_BYTES) return bad('control message: too long');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return bad('control message: not JSON');
  }
  const frame = parseFrame(json);
  if (frame.kind === 'bad') return frame;
  const { type, content } = frame.value;
  switch (type) {
    case 'm.call.track_subscription':
      return readSubscription(content);
    case 'm.call.negotiate': {
      const parsed = parseNegotiate(content);
      if (parsed.kind === 'bad') return parsed;
      const raw = firstOf(content, ['sdp_stream_metadata', STREAM_METADATA_KEYS[0]]);
      const metadata = raw === undefined ? undefined : readStreamMetadata(raw);
      if (metadata?.kind === 'bad') return metadata;
      return ok({
        kind: 'negotiate',
        description: knownOfDescription(parsed.value.description),
        metadata: metadata?.value,
      });
    }
    case 'm.call.sdp_stream_metadata_changed':
    case 'org.matrix.call.sdp_stream_metadata_changed': {
      const metadata = readStreamMetadata(firstOf(content, ['sdp_stream_metadata', STREAM_METADATA_KEYS[0]]));
      return metadata.kind === 'bad' ? metadata : ok({ kind: 'metadata_changed', metadata: metadata.value });
    }
    case STREAMS_CHANGED:
      return parseStreamsChanged(content);
    case FLOOR_ACROSS:
      return parseFloorAcross(content);
    case 'm.call.ping':
      return ok({ kind: 'ping' });
    case 'm.call.pong':
      return ok({ kind: 'pong' });
    case 'org.weir.error': {
      const parsed = parseError(content);
      if (parsed.kind === 'bad') return parsed;
      const { code, message, in_reply_to: inReplyTo, tracks, codec } = parsed.value;
      return ok({
        kind: 'error',
        code,
        message,
        ...(inReplyTo === undefined ? {} : { inReplyTo }),
        ...(tracks === undefined
          ? {}
          : { tracks: tracks.map(({ stream_id, track_id }) => ({ streamId: stream_id, trackId: track_id })) }),
        ...(codec === undefined ? {} : { codec }),
      });
    }
    default:
      return (
        parseStreamsMessage(type, content) ??
        parseFloorMessage(type, content) ??
        parseDataMessage(type, content) ??
        bad(`${type.slice(0, 64)}: not a control message`)
      );
  }
}

/** The text of one data channel message. */
export function writeControl(message: ControlMessage): string {
  switch (message.kind) {
    case 'subscription':
      return frame('m.call.track_subscription', {
        subscribe: message.subscribe.map(writeTrack),
        unsubscribe: message.unsubscribe.map(writeTrack),
        ...(message.auto === undefined ? {} : { 'org.weir.auto': writeAuto(message.auto) }),
        ...(message.tell === undefined ? {} : { 'org.weir.tell': message.tell }),
      });
    case 'negotiate':
      return frame('m.call.negotiate', {
        description: message.description,
        // Absent says "as before", empty says "no streams".
        ...(message.metadata === undefined ? {} : { sdp_stream_metadata: message.metadata }),
      });
    case 'metadata_changed':
      return frame('m.call.sdp_stream_metadata_changed', { sdp_stream_metadata: message.metadata });
    case 'streams_changed':
      return frame(STREAMS_CHANGED, { changed: message.changed, gone: message.gone });
    case 'allocation':
    case 'layers_wanted':
    case 'layers_available':
    case 'speakers':
    case 'audio_levels': {
      const { type, content } = writeStreamsMessage(message);
      return frame(type, content);
    }
    case 'floor_request':
    case 'floor_release':
    case 'floor_revoke':
    case 'floor': {
      const { type, content } = writeFloorMessage(message);
      return frame(type, content);
    }
    case 'floor_across':
      return frame(FLOOR_ACROSS, writeFloorAcross(message));
    case 'data_subscription':
    case 'data_channels':
    case 'data_ended': {
      const { type, content } = writeDataMessage(message);
      return frame(type, content);
    }
    case 'ping':
      return frame('m.call.ping', {});
    case 'pong':
      return frame('m.call.pong', {});
    case 'error':
      return frame('org.weir.error', {
        code: message.code,
        message: message.message,
        ...(message.inReplyTo === undefined ? {} : { in_reply_to: message.inReplyTo }),
        ...(message.tracks === undefined ? {} : { tracks: message.tracks.map(writeTrack) }),
        ...(message.codec === undefined ? {} : { codec: message.codec }),
      });
  }
}

/** The answer to a control message that was refused. */
export function errorReply(error: WeirError, inReplyTo?: string): ErrorMessage {
  return { kind: 'error', code: error.code, message: error.message, ...(inReplyTo === undefined ? {} : { inReplyTo }) };
}

function frame(type: string, content: Record<string, unknown>): string {
  return JSON.stringify({ type, content });
}
