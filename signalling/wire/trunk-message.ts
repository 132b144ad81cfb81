/** What a trunk carries: the control messages of clients, both ways, and one of its own: where the media of an end is. */
import { Type } from 'typebox';
import { type ControlMessage, parseControl, writeControl } from './control.ts';
import { ok, type Parsed, parserOf } from './parse.ts';
import { readTrunkEnd, type TrunkEnd } from './trunk-description.ts';

/** The first message of each end. It holds a key: never to be logged. */
const TRUNK_MEDIA = 'org.weir.trunk.media';
/** Longest one, in characters. */
const MAX_MEDIA_LENGTH = 4_096;

export type TrunkMessage = ControlMessage | { kind: 'trunk_media'; end: TrunkEnd };

const parseMedia = parserOf(TRUNK_MEDIA, Type.Object({ type: Type.Literal(TRUNK_MEDIA), content: Type.Unknown() }));

/** Parses the text of one frame. Never throws. */
export function parseTrunkMessage(text: string): Parsed<TrunkMessage> {
  const media = text.length <= MAX_MEDIA_LENGTH && text.includes(TRUNK_MEDIA) ? readMedia(text) : undefined;
  if (media === undefined) return parseControl(text);
  return media.kind === 'bad' ? media : ok({ kind: 'trunk_media', end: media.value });
}

/** `undefined`: it is another message. */
function readMedia(text: string): Parsed<TrunkEnd> | undefined {
  try {
    const parsed = parseMedia(JSON.parse(text));
    return parsed.kind === 'bad' ? undefined : readTrunkEnd(parsed.value.content);
  } catch {
    return undefined;
  }
}

/** The text of one frame. */
export function writeTrunkMessage(message: TrunkMessage): string {
  if (message.kind !== 'trunk_media') return writeControl(message);
  return JSON.stringify({ type: TRUNK_MEDIA, content: message.end });
}
