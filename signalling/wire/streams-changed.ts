/**
 * Extension `org.weir.streams_changed`: what has changed of the others' streams, for clients that said in their invite that they
 * take it. What is said of a stream goes for its copies (`org.weir.copy_of`), too: those that there still are come with it.
 */
import { Type } from 'typebox';
import { readStreamMetadata } from './description.ts';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id, type StreamDescription, type StreamMetadata } from './stream-metadata.ts';

/** Capability of an invite, and type of the message. */
export const STREAMS_CHANGED = 'org.weir.streams_changed';

/** Most streams that one message may end. */
const MAX_GONE = 16_384;

export interface StreamsChanged {
  kind: 'streams_changed';
  /** Streams that are new, or not as they were; their copies among them. */
  changed: StreamMetadata;
  /** Ids of streams that are no more. */
  gone: readonly string[];
}

const parseGone = parserOf(STREAMS_CHANGED, Type.Object({ gone: Type.Array(Id, { maxItems: MAX_GONE }) }));

export function parseStreamsChanged(content: object): Parsed<StreamsChanged> {
  const gone = parseGone(content);
  if (gone.kind === 'bad') return gone;
  const changed = readStreamMetadata(Reflect.get(content, 'changed'));
  return changed.kind === 'bad'
    ? changed
    : ok({ kind: 'streams_changed', changed: changed.value, gone: gone.value.gone });
}

/** The streams as they are after the change. */
export function afterChange(before: StreamMetadata, { changed, gone }: Omit<StreamsChanged, 'kind'>): StreamMetadata {
  const replaced = new Set([...gone, ...Object.keys(changed)]);
  const kept = Object.entries(before).filter(
    ([streamId, stream]) => !replaced.has(streamId) && !copiedFrom(stream).some(source => replaced.has(source)),
  );
  return { ...Object.fromEntries(kept), ...changed };
}

/** Streams that its tracks are copies of. */
function copiedFrom({ tracks = {} }: StreamDescription): string[] {
  return Object.values(tracks).flatMap(({ 'org.weir.copy_of': copy }) => copy?.stream_id ?? []);
}
