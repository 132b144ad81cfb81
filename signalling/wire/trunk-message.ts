/** What a trunk carries: the control messages of clients, both ways, and of its own: where the media of an end is, and application data. */
import { Type } from 'typebox';
import { type ControlMessage, parseControl, writeControl } from './control.ts';
import { ok, type Parsed, parserOf } from './parse.ts';
import { readTrunkData, TRUNK_DATA, type TrunkDataMessage } from './trunk-data.ts';
import { readTrunkEnd, type TrunkEnd } from './trunk-description.ts';

/** The first message of each end. It holds a key: never to be logged. */
const TRUNK_MEDIA = 'org.weir.trunk.media';
/** Longest one, in characters. */
const MAX_MEDIA_LENGTH = 4_096;

export type TrunkMessage =
  | ControlMessage
  | { kind: 'trunk_media'; end: TrunkEnd }
  | { kind: 'trunk_data'; messages: TrunkDataMessage[] };

const parseMedia = parserOf(TRUNK_MEDIA, Type.Object({ type: Type.Literal(TRUNK_MEDIA), content: Type.Unknown() }));

/** Parses the text of one frame. Never throws. */
export function parseTrunkMessage(text: string): Parsed<TrunkMessage> {
  return ownMessage(text) ?? parseControl(text);
}

/** `undefined`: it is a control message, or none. A text that only mentions a message of ours is read twice: that is rare. */
function ownMessage(text: string): Parsed<TrunkMessage> | undefined {
  const mayBeMedia = text.length <= MAX_MEDIA_LENGTH && text.includes(TRUNK_MEDIA);
  if (!mayBeMedia && !text.includes(TRUNK_DATA)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  return (mayBeMedia ? readMedia(json) : undefined) ?? readData(json);
}

function readMedia(json: unknown): Parsed<TrunkMessage> | undefined {
  const parsed = parseMedia(json);
  if (parsed.kind === 'bad') return undefined;
  const end = readTrunkEnd(parsed.value.content);
  return end.kind === 'bad' ? end : ok({ kind: 'trunk_media', end: end.value });
}

function readData(json: unknown): Parsed<TrunkMessage> | undefined {
  if (Reflect.get(Object(json), 'type') !== TRUNK_DATA) return undefined;
  const parsed = readTrunkData(json);
  return parsed.kind === 'bad' ? parsed : ok({ kind: 'trunk_data', messages: parsed.value });
}

/** The text of one frame. */
export function writeTrunkMessage(message: Exclude<TrunkMessage, { kind: 'trunk_data' }>): string {
  if (message.kind !== 'trunk_media') return writeControl(message);
  return JSON.stringify({ type: TRUNK_MEDIA, content: message.end });
}
