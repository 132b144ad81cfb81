/**
 * What two foci tell each other of the media between them, as JSON: where each end listens, and in the place of session
 * descriptions what each of them sends. Each direction is negotiated by itself. Keys that nobody gave a meaning are dropped.
 */
import { Type, type Static } from 'typebox';
import { WeirError } from './errors.ts';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** Version of these descriptions; one of another version is refused. */
const VERSION = 1;
/** Longest description that is read, in characters. */
const MAX_LENGTH = 262_144;
/** Most tracks that one focus sends another one for a conference. */
export const MAX_TRUNK_TRACKS = 256;
/** Most simulcast layers of a track. */
const MAX_LAYERS = 4;
/** Base64 of the 32 bytes of the key and the 12 of the salt (RFC 7714 section 12). */
const KEY = '^[A-Za-z0-9+/]{59}=$';

const Ssrc = Type.Integer({ minimum: 1, maximum: 0xffff_ffff });
/** RFC 3551 section 6, without what RTCP is taken for on the same port (RFC 5761 section 4). */
const PayloadType = Type.Union([
  Type.Integer({ minimum: 0, maximum: 63 }),
  Type.Integer({ minimum: 96, maximum: 127 }),
]);
const Extension = Type.Object({
  uri: Type.String({ maxLength: 255 }),
  // One byte headers (RFC 8285 section 4.2).
  id: Type.Integer({ minimum: 1, maximum: 14 }),
});
const Extensions = Type.Array(Extension, { maxItems: 16 });

const Track = Type.Object({
  stream_id: Id,
  track_id: Id,
  kind: Type.Union([Type.Literal('audio'), Type.Literal('video')]),
  codec: Type.Object({
    mime_type: Type.String({ maxLength: 32 }),
    payload_type: PayloadType,
    /** Hz. */
    clock_rate: Type.Integer({ minimum: 8_000, maximum: 192_000 }),
    channels: Type.Optional(Type.Integer({ minimum: 1, maximum: 8 })),
    parameters: Type.Record(
      Type.String({ maxLength: 64 }),
      Type.Union([Type.String({ maxLength: 255 }), Type.Number()]),
      { maxProperties: 16 },
    ),
    /** As in an SDP: `nack`, `nack pli`… */
    feedback: Type.Array(Type.String({ pattern: '^[a-z-]{1,16}( [a-z]{1,16})?$' }), { maxItems: 16 }),
    /** Retransmissions (RFC 4588). */
    rtx_payload_type: Type.Optional(PayloadType),
  }),
  cname: Type.String({ maxLength: 255 }),
  /** The lowest first: each a stream of its own, which is sent while the other end wants it. */
  layers: Type.Array(Type.Object({ ssrc: Ssrc, rtx_ssrc: Type.Optional(Ssrc) }), {
    minItems: 1,
    maxItems: MAX_LAYERS,
  }),
  /** Of each layer (W3C WebRTC-SVC). */
  scalability_mode: Type.Optional(Type.String({ pattern: '^L[1-3]T[1-3]h?(_KEY(_SHIFT)?)?$' })),
  /** Silence is not sent (RFC 7587 section 3.1.3). */
  dtx: Type.Optional(Type.Boolean()),
});
/** A track as a focus sends it to another one. */
export type TrunkTrack = Static<typeof Track>;

const Offer = Type.Object({
  version: Type.Literal(VERSION),
  /** Header extensions of all tracks of a kind. */
  extensions: Type.Object({ audio: Extensions, video: Extensions }),
  tracks: Type.Array(Track, { maxItems: MAX_TRUNK_TRACKS }),
});
/** All that a focus sends another one for a conference, from now on. */
export type TrunkOffer = Omit<Static<typeof Offer>, 'version'>;

const Answer = Type.Object({
  version: Type.Literal(VERSION),
  /** Tracks of the offer that are not taken, each with a code of `ERRORS`. */
  refused: Type.Array(Type.Object({ stream_id: Id, track_id: Id, code: Type.String({ maxLength: 64 }) }), {
    maxItems: MAX_TRUNK_TRACKS,
  }),
});
/** What the other focus made of an offer. */
export type TrunkAnswer = Omit<Static<typeof Answer>, 'version'>;

const End = Type.Object({
  /** IP address. */
  ip: Type.String({ minLength: 2, maxLength: 45 }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  srtp: Type.Object({ crypto_suite: Type.Literal('AEAD_AES_256_GCM'), key: Type.String({ pattern: KEY }) }),
});
/** Where one end of a trunk takes SRTP, and the key of what it sends. A secret. */
export type TrunkEnd = Static<typeof End>;

const parseVersion = parserOf('trunk description', Type.Object({ version: Type.Integer() }));
const parseOffer = parserOf('trunk offer', Offer);
const parseAnswer = parserOf('trunk answer', Answer);
const parseEnd = parserOf('end of a trunk', End);

/** Reads an offer. WEIR_BAD_SDP where it is none, of another version, or at odds with itself. Never throws. */
export function readTrunkOffer(text: string): Parsed<TrunkOffer> {
  const parsed = read(text, parseOffer);
  if (parsed.kind === 'bad') return parsed;
  const { extensions, tracks } = parsed.value;
  const wrong = contradictionIn(tracks) ?? contradictionOf(extensions.audio) ?? contradictionOf(extensions.video);
  if (wrong !== undefined) return wrongDescription(wrong);
  return ok({
    extensions: { audio: extensions.audio.map(knownOf), video: extensions.video.map(knownOf) },
    tracks,
  });
}

/** Reads an answer. WEIR_BAD_SDP where it is none, or of another version. Never throws. */
export function readTrunkAnswer(text: string): Parsed<TrunkAnswer> {
  const parsed = read(text, parseAnswer);
  if (parsed.kind === 'bad') return parsed;
  return ok({ refused: parsed.value.refused });
}

/** The other focus's end. WEIR_BAD_MESSAGE where it is none. Never throws. */
export function readTrunkEnd(input: unknown): Parsed<TrunkEnd> {
  const parsed = parseEnd(input);
  if (parsed.kind === 'bad') return parsed;
  const { ip, port, srtp } = parsed.value;
  return ok({ ip, port, srtp: { crypto_suite: srtp.crypto_suite, key: srtp.key } });
}

export function writeTrunkOffer(offer: TrunkOffer): string {
  return JSON.stringify({ version: VERSION, ...offer });
}

export function writeTrunkAnswer(answer: TrunkAnswer): string {
  return JSON.stringify({ version: VERSION, ...answer });
}

function read<T>(text: string, parse: (input: unknown) => Parsed<T>): Parsed<T> {
  if (text.length > MAX_LENGTH) return wrongDescription('too long');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return wrongDescription('not JSON');
  }
  const versioned = parseVersion(json);
  if (versioned.kind === 'bad') return wrongDescription(versioned.error.message);
  if (versioned.value.version !== VERSION) return wrongDescription(`version ${versioned.value.version} is not spoken`);
  const parsed = parse(json);
  return parsed.kind === 'bad' ? wrongDescription(parsed.error.message) : parsed;
}

function wrongDescription(message: string): Parsed<never> {
  return { kind: 'bad', error: new WeirError('WEIR_BAD_SDP', `trunk description: ${message}`) };
}

/** What no packets could be told apart by. */
function contradictionIn(tracks: readonly TrunkTrack[]): string | undefined {
  const keys = tracks.map(({ stream_id, track_id }) => JSON.stringify([stream_id, track_id]));
  if (new Set(keys).size < keys.length) return 'a track is listed twice';
  const ssrcs = tracks.flatMap(({ layers }) => layers.flatMap(({ ssrc, rtx_ssrc }) => [ssrc, rtx_ssrc ?? []].flat()));
  if (new Set(ssrcs).size < ssrcs.length) return 'an ssrc is used twice';
  for (const { kind, codec, layers, scalability_mode: mode = 'L1T1' } of tracks) {
    if (!codec.mime_type.toLowerCase().startsWith(`${kind}/`)) return 'a codec is of another kind';
    if (codec.payload_type === codec.rtx_payload_type) return 'a payload type is used twice';
    if (kind === 'audio' && layers.length > 1) return 'a voice has layers';
    if (layers.length > 1 && !mode.startsWith('L1')) return 'layers within layers';
    if (codec.rtx_payload_type === undefined && layers.some(({ rtx_ssrc }) => rtx_ssrc !== undefined))
      return 'retransmissions have no payload type';
  }
  return undefined;
}

function contradictionOf(extensions: TrunkOffer['extensions']['audio']): string | undefined {
  const isTwice = (values: readonly unknown[]): boolean => new Set(values).size < values.length;
  return isTwice(extensions.map(({ id }) => id)) || isTwice(extensions.map(({ uri }) => uri))
    ? 'a header extension is listed twice'
    : undefined;
}

function knownOf({ uri, id }: Static<typeof Extension>): Static<typeof Extension> {
  return { uri, id };
}
