/** Keys of encrypted media (extension): what the clients of a call tell each other by to-device message. No focus gets one. */
import { Type } from 'typebox';
import { MEDIA_KEY_REQUEST_TYPE, MEDIA_KEY_TYPE } from './names.ts';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** Whose word it is, and for which call. The device is the sender's claim: Olm proves it, or does not. */
interface FromMember {
  readonly roomId: string;
  readonly confId: string;
  readonly deviceId: string;
}

/** `org.weir.call.media_key`, encrypted with Olm: what the sender's frames are encrypted with from now on. */
export interface MediaKeyMessage extends FromMember {
  readonly kind: 'media_key';
  /** Name of the frame format. */
  readonly format: string;
  /** Cipher suite, by its number in the format's registry, where the format has several. */
  readonly suite?: number;
  /** Made up once for each join of the sender: keys of another stay have nothing to do with these. */
  readonly stay: string;
  /** When the stay began, in ms since 1970 by the clock of the sender: the later one counts. */
  readonly since: number;
  /** How often the sender has made a new key in this stay, and how often it took that one forward. */
  readonly generation: number;
  readonly step: number;
  /** Base64 without padding. Secret. */
  readonly key: string;
}

/** `org.weir.call.media_key_request`, encrypted or not: its sender is in the call and lacks the key of whom it asks. */
export interface MediaKeyRequest extends FromMember {
  readonly kind: 'media_key_request';
}

export type ClientToClient = MediaKeyMessage | MediaKeyRequest;

/** Far more than any cipher takes. */
const MAX_KEY_LENGTH = 512;

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Request = Type.Object({ room_id: Id, conf_id: Id, device_id: Id });
const parseRequest = parserOf(MEDIA_KEY_REQUEST_TYPE, Request);
const parseKey = parserOf(
  MEDIA_KEY_TYPE,
  Type.Object({
    ...Request.properties,
    format: Id,
    suite: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    stay: Id,
    since: Count,
    generation: Count,
    step: Count,
    key: Type.String({ minLength: 1, maxLength: MAX_KEY_LENGTH, pattern: '^[A-Za-z0-9+/]+$' }),
  }),
);

/** `undefined` for types that clients of a call do not say to each other. */
export function parseClientToClient(type: string, content: unknown): Parsed<ClientToClient> | undefined {
  switch (type) {
    case MEDIA_KEY_TYPE: {
      const parsed = parseKey(content);
      if (parsed.kind === 'bad') return parsed;
      const { format, suite, stay, since, generation, step, key } = parsed.value;
      return ok({
        kind: 'media_key',
        ...readFrom(parsed.value),
        format,
        ...(suite === undefined ? {} : { suite }),
        stay,
        since,
        generation,
        step,
        key,
      });
    }
    case MEDIA_KEY_REQUEST_TYPE: {
      const parsed = parseRequest(content);
      return parsed.kind === 'bad' ? parsed : ok({ kind: 'media_key_request', ...readFrom(parsed.value) });
    }
    default:
      return undefined;
  }
}

/** Type and content of a message of this room. */
export function writeClientToClient(message: ClientToClient): { type: string; content: Record<string, unknown> } {
  const from = { room_id: message.roomId, conf_id: message.confId, device_id: message.deviceId };
  switch (message.kind) {
    case 'media_key': {
      const { format, suite, stay, since, generation, step, key } = message;
      return {
        type: MEDIA_KEY_TYPE,
        content: {
          ...from,
          format,
          ...(suite === undefined ? {} : { suite }),
          stay,
          since,
          generation,
          step,
          key,
        },
      };
    }
    case 'media_key_request':
      return { type: MEDIA_KEY_REQUEST_TYPE, content: from };
  }
}

function readFrom(content: { room_id: string; conf_id: string; device_id: string }): FromMember {
  return { roomId: content.room_id, confId: content.conf_id, deviceId: content.device_id };
}
