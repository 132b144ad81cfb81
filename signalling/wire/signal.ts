/** Frames of fast signalling, `{type, content}` as JSON text over a WebSocket: an opening of its own, then the other messages. */
import { Type } from 'typebox';
import { MAX_CONTROL_MESSAGE_BYTES } from './control.ts';
import { bad, ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** Subprotocol of the WebSocket (RFC 6455, section 1.9). */
export const SIGNAL_PROTOCOL = 'weir.v1';
/** The client's first frame. */
export const HELLO = 'org.weir.hello';
/** The focus's answer to it. */
export const WELCOME = 'org.weir.welcome';
/** What could not be done; the socket stays. */
export const ERROR = 'org.weir.error';

/** Longest frame that is read, in characters: a control message with the ids of a call around it. */
export const MAX_SIGNAL_FRAME_LENGTH = MAX_CONTROL_MESSAGE_BYTES + 4_096;

/** Who the client is, by a token of the focus, and which open session it takes up. */
export interface Hello {
  token: string;
  resume?: { callId: string; sessionId: string };
}

export interface Welcome {
  /** The session of the hello goes on over this socket. */
  resumed: boolean;
  /** The focus. */
  userId: string;
  deviceId: string;
}

export interface SignalFrame {
  type: string;
  content: Record<string, unknown>;
}

const parseJsonFrame = parserOf(
  'frame',
  Type.Object({ type: Type.String({ maxLength: 255 }), content: Type.Record(Type.String(), Type.Unknown()) }),
);
const parseWelcomeWire = parserOf(WELCOME, Type.Object({ resumed: Type.Boolean(), user_id: Id, device_id: Id }));

/** Parses the text of one frame. Never throws. */
export function parseSignalFrame(text: string): Parsed<SignalFrame> {
  if (text.length > MAX_SIGNAL_FRAME_LENGTH) return bad('frame: too long');
  try {
    return parseJsonFrame(JSON.parse(text));
  } catch {
    return bad('frame: not JSON');
  }
}

/** The text of one frame. */
export function writeSignalFrame(type: string, content: object): string {
  return JSON.stringify({ type, content });
}

export function writeHello({ token, resume }: Hello): string {
  return writeSignalFrame(HELLO, {
    token,
    ...(resume === undefined ? {} : { resume: { call_id: resume.callId, sender_session_id: resume.sessionId } }),
  });
}

/** Reads the content of a welcome. */
export function parseWelcome(content: object): Parsed<Welcome> {
  const parsed = parseWelcomeWire(content);
  if (parsed.kind === 'bad') return parsed;
  const { resumed, user_id: userId, device_id: deviceId } = parsed.value;
  return ok({ resumed, userId, deviceId });
}
