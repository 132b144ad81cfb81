/** To-device messages between a client and a focus (MSC2746 as MSC3401 sends it): m.call.*. */
import { Type, type Static } from 'typebox';
import { type HangupReason, type WeirError, hangupReason } from './errors.ts';
import { STREAM_METADATA_KEYS, FOCUS_SESSION_ID, VOIP_VERSION } from './names.ts';
import { bad, firstOf, ok, type Parsed, parserOf } from './parse.ts';
import { Id, type StreamMetadata } from './stream-metadata.ts';
import { Description, knownOfDescription, readStreamMetadata } from './description.ts';

/** Where a message came from and which call it is about; the sender is the homeserver's word, the rest the client's. */
export interface Envelope {
  /** Full Matrix user id of the sender, as the homeserver gives it. */
  sender: string;
  deviceId: string;
  /** The client's session: new each time a device joins. */
  sessionId: string;
  callId: string;
  confId: string;
}

/** What a client says by to-device message. */
export type ClientToDevice =
  | {
      kind: 'invite';
      from: Envelope;
      sdp: string;
      metadata: StreamMetadata;
      /** How long the invite may be answered, in ms from its sending. */
      lifetimeMs: number;
      /** Extension `org.weir.room_id`: the room of the call, where the client says it; conf_ids are unique per room only. */
      roomId?: string;
      /** Extension `org.weir.early_offer`: the client takes an offer with the answer. */
      earlyOffer?: boolean;
    }
  | { kind: 'negotiate'; from: Envelope; description: Description; metadata: StreamMetadata | undefined }
  | { kind: 'answer'; from: Envelope; sdp: string }
  | { kind: 'candidates'; from: Envelope }
  | { kind: 'select_answer'; from: Envelope }
  | { kind: 'metadata_changed'; from: Envelope; metadata: StreamMetadata }
  | { kind: 'hangup'; from: Envelope; reason: string };

/** Capability of an invite, and key of the offer in its answer. */
const EARLY_OFFER = 'org.weir.early_offer';

const Common = Type.Object({
  call_id: Id,
  conf_id: Id,
  device_id: Id,
  sender_session_id: Id,
});

const SdpAnswer = Type.Object({ type: Type.Literal('answer'), sdp: Description.properties.sdp });

const parseCommon = parserOf('to-device message', Common);
const parseInvite = parserOf(
  'm.call.invite',
  Type.Object({
    lifetime: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    offer: Type.Object({ type: Type.Literal('offer'), sdp: Description.properties.sdp }),
    'org.weir.room_id': Type.Optional(Id),
    capabilities: Type.Optional(Type.Object({ [EARLY_OFFER]: Type.Optional(Type.Boolean()) })),
  }),
);
const parseNegotiate = parserOf('m.call.negotiate', Type.Object({ description: Description }));
const parseAnswer = parserOf('m.call.answer', Type.Object({ answer: SdpAnswer }));
const parseHangup = parserOf('m.call.hangup', Type.Object({ reason: Type.Optional(Type.String({ maxLength: 255 })) }));

const DEFAULT_LIFETIME_MS = 60_000;
const METADATA_CHANGED_UNSTABLE = 'org.matrix.call.sdp_stream_metadata_changed';

/** `undefined` for event types that are not a call's; they are none of our business. */
export function parseToDevice(type: string, sender: string, content: unknown): Parsed<ClientToDevice> | undefined {
  if (!type.startsWith('m.call.') && type !== METADATA_CHANGED_UNSTABLE) return undefined;
  const common = parseCommon(content);
  if (common.kind === 'bad') return common;
  const from: Envelope = {
    sender,
    deviceId: common.value.device_id,
    sessionId: common.value.sender_session_id,
    callId: common.value.call_id,
    confId: common.value.conf_id,
  };
  switch (type) {
    case 'm.call.invite': {
      const invite = parseInvite(content);
      if (invite.kind === 'bad') return invite;
      const metadata = readStreamMetadata(firstOf(common.value, STREAM_METADATA_KEYS) ?? {});
      if (metadata.kind === 'bad') return metadata;
      const roomId = invite.value['org.weir.room_id'];
      return ok({
        kind: 'invite',
        from,
        sdp: invite.value.offer.sdp,
        metadata: metadata.value,
        lifetimeMs: invite.value.lifetime ?? DEFAULT_LIFETIME_MS,
        ...(roomId === undefined ? {} : { roomId }),
        ...(invite.value.capabilities?.[EARLY_OFFER] === true ? { earlyOffer: true } : {}),
      });
    }
    case 'm.call.negotiate': {
      const negotiate = parseNegotiate(content);
      if (negotiate.kind === 'bad') return negotiate;
      const raw = firstOf(common.value, STREAM_METADATA_KEYS);
      const metadata = raw === undefined ? undefined : readStreamMetadata(raw);
      if (metadata?.kind === 'bad') return metadata;
      return ok({
        kind: 'negotiate',
        from,
        description: knownOfDescription(negotiate.value.description),
        metadata: metadata?.value,
      });
    }
    case 'm.call.answer': {
      const answer = parseAnswer(content);
      return answer.kind === 'bad' ? answer : ok({ kind: 'answer', from, sdp: answer.value.answer.sdp });
    }
    case 'm.call.candidates':
      return ok({ kind: 'candidates', from });
    case 'm.call.select_answer':
      return ok({ kind: 'select_answer', from });
    case 'm.call.sdp_stream_metadata_changed':
    case METADATA_CHANGED_UNSTABLE: {
      const metadata = readStreamMetadata(firstOf(common.value, STREAM_METADATA_KEYS));
      return metadata.kind === 'bad' ? metadata : ok({ kind: 'metadata_changed', from, metadata: metadata.value });
    }
    case 'm.call.hangup': {
      const hangup = parseHangup(content);
      return hangup.kind === 'bad'
        ? hangup
        : ok({ kind: 'hangup', from, reason: hangup.value.reason ?? 'user_hangup' });
    }
    default:
      return bad(`${type.slice(0, 64)}: not a message that a focus knows`);
  }
}

/**
 * The envelope of an m.call.invite that is otherwise broken, so that its sender can be told; `undefined` where even the
 * address is missing.
 */
export function addressOf(sender: string, content: unknown): Envelope | undefined {
  const common = parseCommon(content);
  if (common.kind === 'bad') return undefined;
  const { call_id: callId, conf_id: confId, device_id: deviceId, sender_session_id: sessionId } = common.value;
  return { sender, deviceId, sessionId, callId, confId };
}

/** The client session that the focus speaks to. */
export interface ClientAddress {
  userId: string;
  deviceId: string;
  sessionId: string;
  callId: string;
  confId: string;
}

/** The focus's own device, as its messages name it. */
export interface FocusIdentity {
  userId: string;
  deviceId: string;
}

function common(focus: FocusIdentity, to: ClientAddress): Record<string, unknown> {
  // No `seq`: a client that sees one waits for every number before it.
  return {
    call_id: to.callId,
    conf_id: to.confId,
    party_id: focus.deviceId,
    version: VOIP_VERSION,
    device_id: focus.deviceId,
    sender_session_id: FOCUS_SESSION_ID,
    dest_session_id: to.sessionId,
  };
}

/** An event type with its content, ready for PUT /sendToDevice. */
export interface ToDeviceEvent {
  type: string;
  content: Record<string, unknown>;
}

export function writeAnswer(
  focus: FocusIdentity,
  to: ClientAddress,
  { sdp, metadata, earlyOffer }: { sdp: string; metadata: StreamMetadata; earlyOffer: string | undefined },
): ToDeviceEvent {
  return {
    type: 'm.call.answer',
    content: {
      ...common(focus, to),
      answer: { type: 'answer', sdp },
      ...(earlyOffer === undefined ? {} : { [EARLY_OFFER]: { type: 'offer', sdp: earlyOffer } }),
      [STREAM_METADATA_KEYS[0]]: metadata,
    },
  };
}

/** An answer (or offer) within a running call, for a client whose control channel is not up. */
export function writeNegotiate(
  focus: FocusIdentity,
  to: ClientAddress,
  description: Description,
  metadata: StreamMetadata,
): ToDeviceEvent {
  return {
    type: 'm.call.negotiate',
    content: { ...common(focus, to), description, [STREAM_METADATA_KEYS[0]]: metadata },
  };
}

/** `error` rides along as `org.weir.error`, for clients that can tell a person more than `reason` does. */
export function writeHangup(focus: FocusIdentity, to: ClientAddress, error: WeirError): ToDeviceEvent {
  const reason: HangupReason = hangupReason(error.code);
  return {
    type: 'm.call.hangup',
    content: {
      ...common(focus, to),
      reason,
      'org.weir.error': {
        code: error.code,
        message: error.message,
        remedy: error.remedy,
        ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: error.retryAfterMs }),
      },
    },
  };
}

export type WeirErrorBody = Static<typeof WeirErrorBody>;
/** `org.weir.error` in a hangup. */
export const WeirErrorBody = Type.Object({
  code: Id,
  message: Type.String(),
  remedy: Type.Optional(Type.String()),
  /** When it may go better, in ms from now. */
  retry_after_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
});

/** What a focus says by to-device message, as a client reads it. */
export type FocusToDevice =
  | {
      kind: 'answer';
      callId: string;
      destSessionId: string;
      sdp: string;
      metadata: StreamMetadata;
      /** Extension `org.weir.early_offer`: to be applied after the answer. */
      earlyOffer?: string;
    }
  | {
      kind: 'negotiate';
      callId: string;
      destSessionId: string;
      description: Description;
      metadata: StreamMetadata | undefined;
    }
  | { kind: 'candidates'; callId: string; destSessionId: string; candidates: RemoteCandidate[] }
  | { kind: 'hangup'; callId: string; destSessionId: string; reason: string; error: WeirErrorBody | undefined };

/** A trickled candidate; an empty `candidate` is the end of them. */
export interface RemoteCandidate {
  candidate: string;
  sdpMid?: string;
  sdpMLineIndex?: number;
}

const parseFocusCommon = parserOf('focus message', Type.Object({ call_id: Id, dest_session_id: Id }));
const parseFocusAnswer = parserOf(
  'm.call.answer',
  Type.Object({
    answer: SdpAnswer,
    [EARLY_OFFER]: Type.Optional(Type.Object({ type: Type.Literal('offer'), sdp: Description.properties.sdp })),
  }),
);
const parseFocusCandidates = parserOf(
  'm.call.candidates',
  Type.Object({
    candidates: Type.Array(
      Type.Object({
        candidate: Type.String({ maxLength: 1024 }),
        sdpMid: Type.Optional(Type.String({ maxLength: 255 })),
        sdpMLineIndex: Type.Optional(Type.Integer({ minimum: 0, maximum: 4096 })),
      }),
      { maxItems: 64 },
    ),
  }),
);
const parseFocusError = parserOf('org.weir.error', WeirErrorBody);

/** A client's (or a load peer's) reading of what a focus sent; `undefined` for types that a focus does not send. */
export function parseFocusToDevice(type: string, content: unknown): Parsed<FocusToDevice> | undefined {
  if (!['m.call.answer', 'm.call.negotiate', 'm.call.candidates', 'm.call.hangup'].includes(type)) return undefined;
  const address = parseFocusCommon(content);
  if (address.kind === 'bad') return address;
  const { call_id: callId, dest_session_id: destSessionId } = address.value;
  const raw = firstOf(address.value, STREAM_METADATA_KEYS);
  const metadata = raw === undefined ? undefined : readStreamMetadata(raw);
  if (metadata?.kind === 'bad') return metadata;
  switch (type) {
    case 'm.call.answer': {
      const answer = parseFocusAnswer(content);
      if (answer.kind === 'bad') return answer;
      const earlyOffer = answer.value[EARLY_OFFER]?.sdp;
      return ok({
        kind: 'answer',
        callId,
        destSessionId,
        sdp: answer.value.answer.sdp,
        metadata: metadata?.value ?? {},
        ...(earlyOffer === undefined ? {} : { earlyOffer }),
      });
    }
    case 'm.call.negotiate': {
      const negotiate = parseNegotiate(content);
      if (negotiate.kind === 'bad') return negotiate;
      return ok({
        kind: 'negotiate',
        callId,
        destSessionId,
        description: knownOfDescription(negotiate.value.description),
        metadata: metadata?.value,
      });
    }
    case 'm.call.candidates': {
      const candidates = parseFocusCandidates(content);
      if (candidates.kind === 'bad') return candidates;
      return ok({
        kind: 'candidates',
        callId,
        destSessionId,
        candidates: candidates.value.candidates.map(knownOfCandidate),
      });
    }
    default: {
      const hangup = parseHangup(content);
      if (hangup.kind === 'bad') return hangup;
      const error = parseFocusError(firstOf(address.value, ['org.weir.error']));
      return ok({
        kind: 'hangup',
        callId,
        destSessionId,
        reason: hangup.value.reason ?? 'user_hangup',
        error: error.kind === 'ok' ? knownOfError(error.value) : undefined,
      });
    }
  }
}

function knownOfCandidate({ candidate, sdpMid, sdpMLineIndex }: RemoteCandidate): RemoteCandidate {
  return {
    candidate,
    ...(sdpMid === undefined ? {} : { sdpMid }),
    ...(sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
  };
}

function knownOfError({ code, message, remedy, retry_after_ms: retryAfterMs }: WeirErrorBody): WeirErrorBody {
  return {
    code,
    message,
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}
