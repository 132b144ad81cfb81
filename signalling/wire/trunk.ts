/** Trunks between foci: the hello by to-device message, the claims of their tokens, and the frames of their WebSocket. */
import { type Static, Type } from 'typebox';
import { bad, ok, type Parsed, parserOf } from './parse.ts';
import type { FocusRef } from './room-state.ts';
import { Id } from './stream-metadata.ts';
import type { ToDeviceEvent } from './to-device.ts';

/** To-device event with which a focus asks another one for a trunk. */
export const TRUNK_HELLO = 'org.weir.trunk.hello';
/** Path of the WebSocket, where the configuration names no other URL. */
export const TRUNK_PATH = '/v1/trunk';
/** Versions of the trunk protocol that this focus speaks, the best last. */
export const TRUNK_VERSIONS: readonly number[] = [1];
/** Longest text that a trunk carries in one frame, in characters. */
export const MAX_TRUNK_FRAME_LENGTH = 524_288;
/** Longest first frame, in characters: nobody has proven anything before it. */
export const MAX_TRUNK_OPENING_LENGTH = 8_192;

/** Subprotocol of the WebSocket (RFC 6455, section 1.9). */
export function trunkProtocol(version: number): string {
  return `weir.trunk.v${version}`;
}

/** The best version that both sides speak. */
export function commonTrunkVersion(own: readonly number[], far: readonly number[]): number | undefined {
  return own.toSorted((a, b) => b - a).find(version => far.includes(version));
}

/** What a focus says of its end of a trunk. */
export interface TrunkHello {
  /** Who says it: the user is the homeserver's word, the device its own. */
  from: FocusRef;
  roomId: string;
  confId: string;
  versions: readonly number[];
  /** Of this end: random, new with each start of the focus and each time that it wants the trunk anew. */
  epoch: string;
  /** X25519 (RFC 7748), base64url. One for each epoch. */
  publicKey: string;
  /** Where its WebSocket is. */
  url: string;
  /** Epochs of the other side whose hello it has. */
  answers: readonly string[];
}

const Epoch = Type.String({ pattern: '^[A-Za-z0-9_-]{16,64}$' });
const parseHelloWire = parserOf(
  TRUNK_HELLO,
  Type.Object({
    device_id: Id,
    room_id: Id,
    conf_id: Id,
    versions: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), { minItems: 1, maxItems: 32 }),
    epoch: Epoch,
    public_key: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
    url: Type.String({ minLength: 1, maxLength: 2_048, pattern: '^wss?://' }),
    answers: Type.Optional(Type.Array(Epoch, { maxItems: 16 })),
  }),
);

/** Reads the content of a hello. @param sender user id, vouched for by the homeserver */
export function parseTrunkHello(sender: string, content: unknown): Parsed<TrunkHello> {
  const parsed = parseHelloWire(content);
  if (parsed.kind === 'bad') return parsed;
  const { device_id: deviceId, room_id: roomId, conf_id: confId, public_key: publicKey, ...rest } = parsed.value;
  const { versions, epoch, url, answers = [] } = rest;
  return ok({ from: { userId: sender, deviceId }, roomId, confId, versions, epoch, publicKey, url, answers });
}

export function writeTrunkHello(hello: TrunkHello): ToDeviceEvent {
  const { from, roomId, confId, versions, epoch, publicKey, url, answers } = hello;
  return {
    type: TRUNK_HELLO,
    content: {
      device_id: from.deviceId,
      room_id: roomId,
      conf_id: confId,
      versions: [...versions],
      epoch,
      public_key: publicKey,
      url,
      ...(answers.length === 0 ? {} : { answers: [...answers] }),
    },
  };
}

export type TrunkClaims = Static<typeof TrunkClaims>;
/** Claims of a trunk's tokens (JWT, RFC 7519; HS256 under the secret of the two hellos). `iss` and `aud` are names of foci. */
const TrunkClaims = Type.Object({
  iss: Type.String({ minLength: 1, maxLength: 600 }),
  aud: Type.String({ minLength: 1, maxLength: 600 }),
  room_id: Id,
  conf_id: Id,
  version: Type.Integer({ minimum: 1, maximum: 65_535 }),
  /** Epochs of the issuer and of the audience. */
  epoch: Epoch,
  aud_epoch: Epoch,
  jti: Id,
  iat: Type.Integer({ minimum: 0 }),
  exp: Type.Integer({ minimum: 0 }),
  /** In the token of a welcome: the `jti` that it answers. */
  answers: Type.Optional(Id),
});

export const parseTrunkClaims = parserOf('claims', TrunkClaims);

/** How far a side has come in a run: a series of frames numbered from 1 in each direction. */
export interface TrunkPosition {
  run: number;
  /** Number of the last frame that it got. */
  received: number;
}

/** What comes over the WebSocket of a trunk. */
export type TrunkFrame =
  /** What the trunk carries: nothing of ours. */
  | { kind: 'carried'; number: number; text: string }
  /** The dialler's first frame. `resume`: it can go on from there. */
  | { kind: 'open'; resume: TrunkPosition | undefined }
  /** The answer. `received` counts where the run is resumed; a run that is not begins at 1 for both. */
  | { kind: 'welcome'; token: string; resumed: boolean; position: TrunkPosition }
  | { kind: 'ack'; received: number }
  /** This end is over: the last frame. `code`: one of ours, mostly. */
  | { kind: 'bye'; code: string };

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Position = Type.Object({ run: Count, received: Count });
const parseOwn = parserOf(
  'trunk frame',
  Type.Union([
    Type.Object({
      type: Type.Literal('org.weir.trunk.open'),
      content: Type.Object({ resume: Type.Optional(Position) }),
    }),
    Type.Object({
      type: Type.Literal('org.weir.trunk.welcome'),
      content: Type.Object({
        token: Type.String({ minLength: 1, maxLength: 4_096 }),
        resumed: Type.Boolean(),
        run: Count,
        received: Count,
      }),
    }),
    Type.Object({ type: Type.Literal('org.weir.trunk.ack'), content: Type.Object({ received: Count }) }),
    Type.Object({ type: Type.Literal('org.weir.trunk.bye'), content: Type.Object({ code: Id }) }),
  ]),
);
const CARRIED = /^(\d{1,15}) /;

/** Parses the text of one frame. Never throws. */
export function parseTrunkFrame(frame: string): Parsed<TrunkFrame> {
  const head = CARRIED.exec(frame);
  if (head !== null) {
    const text = frame.slice(head[0].length);
    if (text.length > MAX_TRUNK_FRAME_LENGTH) return bad('trunk frame: too long');
    return ok({ kind: 'carried', number: Number(head[1]), text });
  }
  if (frame.length > MAX_TRUNK_OPENING_LENGTH) return bad('trunk frame: too long');
  let json: unknown;
  try {
    json = JSON.parse(frame);
  } catch {
    return bad('trunk frame: not JSON');
  }
  const parsed = parseOwn(json);
  if (parsed.kind === 'bad') return parsed;
  const { type, content } = parsed.value;
  switch (type) {
    case 'org.weir.trunk.open':
      return ok({ kind: 'open', resume: content.resume });
    case 'org.weir.trunk.welcome': {
      const { token, resumed, run, received } = content;
      return ok({ kind: 'welcome', token, resumed, position: { run, received } });
    }
    case 'org.weir.trunk.ack':
      return ok({ kind: 'ack', received: content.received });
    case 'org.weir.trunk.bye':
      return ok({ kind: 'bye', code: content.code });
  }
}

/** The text of one frame. */
export function writeTrunkFrame(frame: TrunkFrame): string {
  switch (frame.kind) {
    case 'carried':
      return `${frame.number} ${frame.text}`;
    case 'open':
      return own('open', frame.resume === undefined ? {} : { resume: frame.resume });
    case 'welcome':
      return own('welcome', { token: frame.token, resumed: frame.resumed, ...frame.position });
    case 'ack':
      return own('ack', { received: frame.received });
    case 'bye':
      return own('bye', { code: frame.code });
  }
}

function own(kind: Exclude<TrunkFrame['kind'], 'carried'>, content: object): string {
  return JSON.stringify({ type: `org.weir.trunk.${kind}`, content });
}
