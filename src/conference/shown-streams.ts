/** What participants are told of each other's streams (MSC3077): all of them, and what has changed since when. Pure. */
import type { StreamDescription, StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { SessionKey } from '../session.ts';

/** Changes that are kept beside one for each stream; who has not been told for longer is told all. */
const CHANGES_KEPT = 1_000;

/** Who shows a stream: a participant. */
export interface ShownBy {
  readonly key: SessionKey;
  readonly kind: 'client' | 'focus';
}

/** A stream as it is from now on; `undefined`: it is gone. */
export interface StreamChange {
  readonly streamId: string;
  readonly by: ShownBy;
  readonly stream: StreamDescription | undefined;
}

export interface ShownStreams {
  /** By stream id, of all who are present, as far as they may publish. */
  readonly streams: Map<string, { by: ShownBy; stream: StreamDescription }>;
  /** The latest changes, the oldest first. */
  changes: StreamChange[];
  /** How many changes came before those. */
  dropped: number;
  /** Up to which change all were told who are there, and when (ms since 1970). */
  toldVersion: number;
  toldAt: number;
  /** A wake-up for the next time was asked for. */
  wakes: boolean;
}

export function nothingShown(): ShownStreams {
  return { streams: new Map(), changes: [], dropped: 0, toldVersion: 0, toldAt: 0, wakes: false };
}

/** The number of the latest change. */
export function shownVersion({ changes, dropped }: ShownStreams): number {
  return dropped + changes.length;
}

/** From now on `by` shows `after` where it showed `before`. */
export function showAnew(
  shown: ShownStreams,
  { key, kind }: ShownBy,
  before: StreamMetadata,
  after: StreamMetadata,
): void {
  const by: ShownBy = { key, kind };
  for (const streamId of Object.keys(before)) {
    if (Object.hasOwn(after, streamId)) continue;
    shown.streams.delete(streamId);
    shown.changes.push({ streamId, by, stream: undefined });
  }
  for (const [streamId, stream] of Object.entries(after)) {
    const known = Object.hasOwn(before, streamId) ? before[streamId] : undefined;
    if (known === stream || (known !== undefined && JSON.stringify(known) === JSON.stringify(stream))) continue;
    shown.streams.set(streamId, { by, stream });
    shown.changes.push({ streamId, by, stream });
  }
  const excess = shown.changes.length - shown.streams.size - CHANGES_KEPT;
  if (excess < CHANGES_KEPT) return;
  shown.changes = shown.changes.slice(excess);
  shown.dropped += excess;
}

/** What changed after a number; `undefined` where that is not known any more. */
export function changesSince(shown: ShownStreams, version: number): readonly StreamChange[] | undefined {
  return version < shown.dropped ? undefined : shown.changes.slice(version - shown.dropped);
}

/** Whether a participant is told of what another one shows: a focus of what came by no trunk (split horizon). */
export function isToldOf(viewer: ShownBy, by: ShownBy): boolean {
  return viewer.kind === 'focus' ? by.kind === 'client' : by.key !== viewer.key;
}

/** All streams of others that the viewer is told of. */
export function streamsFor(shown: ShownStreams, viewer: ShownBy): StreamMetadata {
  const all: StreamMetadata = {};
  for (const [streamId, { by, stream }] of shown.streams) if (isToldOf(viewer, by)) all[streamId] = stream;
  return all;
}
