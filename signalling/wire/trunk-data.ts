/** Application data on a trunk: messages of data channels in a text frame, many at a time. */
import { Type } from 'typebox';
import { bad, ok, type Parsed, parserOf } from './parse.ts';

export const TRUNK_DATA = 'org.weir.trunk.data';
/** bytes. Longest message that a trunk carries: the longest that any client may send. */
const MAX_MESSAGE_BYTES = 262_144;
/** Messages in one frame. */
export const MAX_MESSAGES_IN_FRAME = 2_048;

/** A message of a data channel. */
export interface TrunkDataMessage {
  /** Of the focus on whose side the publisher is, as it named the channel. */
  channelId: number;
  /** SCTP payload protocol identifier: text, bytes, or either of them empty (RFC 8831 section 8). */
  ppid: 51 | 53 | 56 | 57;
  payload: Buffer;
}

/** Whether it is that of an application's message: those that open channels do not cross. */
export function isApplicationPpid(ppid: number): ppid is TrunkDataMessage['ppid'] {
  return ppid === 51 || ppid === 53 || ppid === 56 || ppid === 57;
}

const MAX_PAYLOAD_LENGTH = Math.ceil(MAX_MESSAGE_BYTES / 3) * 4;

const parseFrame = parserOf(
  TRUNK_DATA,
  Type.Object({
    type: Type.Literal(TRUNK_DATA),
    content: Type.Object({ messages: Type.Array(Type.Unknown(), { maxItems: MAX_MESSAGES_IN_FRAME }) }),
  }),
);

/** Parses the JSON of a frame. Payloads are base64; what is none in them is left out. */
export function readTrunkData(json: unknown): Parsed<TrunkDataMessage[]> {
  const parsed = parseFrame(json);
  if (parsed.kind === 'bad') return parsed;
  const messages: TrunkDataMessage[] = [];
  for (const message of parsed.value.content.messages) {
    const read = readMessage(message);
    if (read === undefined) return bad(`${TRUNK_DATA}: no message at ${messages.length}`);
    messages.push(read);
  }
  return ok(messages);
}

/** By hand: thousands come in a second, and to say where each of thousands is wrong takes seconds. */
function readMessage(message: unknown): TrunkDataMessage | undefined {
  if (!Array.isArray(message) || message.length !== 3) return undefined;
  const parts: unknown[] = message;
  const [channelId, ppid, payload] = parts;
  if (typeof channelId !== 'number' || !Number.isSafeInteger(channelId) || channelId < 0) return undefined;
  if (typeof ppid !== 'number' || !isApplicationPpid(ppid)) return undefined;
  if (typeof payload !== 'string' || payload.length > MAX_PAYLOAD_LENGTH) return undefined;
  return { channelId, ppid, payload: Buffer.from(payload, 'base64') };
}

/** One message as part of a frame. */
export function writeTrunkDataMessage({ channelId, ppid, payload }: TrunkDataMessage): string {
  // Nothing in it has to be escaped.
  return `[${channelId},${ppid},"${payload.toString('base64')}"]`;
}

/** The text of a frame. @param messages as `writeTrunkDataMessage` wrote them, MAX_MESSAGES_IN_FRAME at most */
export function writeTrunkData(messages: readonly string[]): string {
  return `{"type":"${TRUNK_DATA}","content":{"messages":[${messages.join(',')}]}}`;
}
