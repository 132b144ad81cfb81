/** Tells participants of each other's streams: of all, or to who asked for that, of what has changed (`org.weir.streams_changed`). */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { SessionKey } from '../session.ts';
import { tell } from './effects.ts';
import type { Effect, News } from './messages.ts';
import { copiesFor, metadataFor } from './metadata.ts';
import { changesSince, shownVersion, streamsOfOthers } from './shown-streams.ts';
import type { Conference, Participant } from './state.ts';

/** In larger conferences changes that follow on each other are told together, so many ms apart at most. */
const LARGE_CONFERENCE = 50;
const TOGETHER_MS = 200;

type StreamNews = Extract<News, { kind: 'metadata' | 'streams_changed' }>;

/** The same message for all who know the same: by what they know. */
type Shared = Map<number, StreamNews>;

/** Tells everybody what has changed; in a large conference once in a while. */
export function tellAllOfStreams(conference: Conference, now: number, effects: Effect[]): void {
  const { shown, due, participants } = conference;
  const shared: Shared = new Map();
  // Who knows nothing yet does not wait.
  for (const participant of due.participants)
    if (participant.toldVersion < 0) tellOfStreams(conference, participant, effects, shared);
  const version = shownVersion(shown);
  if (shown.toldVersion === version) return;
  const waits = participants.size > LARGE_CONFERENCE ? shown.toldAt + TOGETHER_MS - now : 0;
  if (waits > 0) {
    if (!shown.wakes) effects.push({ kind: 'wake', afterMs: waits });
    shown.wakes = true;
    return;
  }
  Object.assign(shown, { toldVersion: version, toldAt: now, wakes: false });
  for (const participant of participants.values()) tellOfStreams(conference, participant, effects, shared);
}

/** Tells one participant what it does not know. */
function tellOfStreams(
  conference: Conference,
  participant: Participant,
  effects: Effect[],
  shared: Shared = new Map(),
): void {
  const version = shownVersion(conference.shown);
  if (participant.control.kind !== 'open' || participant.toldVersion === version) return;
  const news = newsFor(conference, participant, shared);
  participant.toldVersion = version;
  if (news !== undefined) effects.push(tell(participant, news));
}

/** What has to stand beside a description that is about to go: nothing where the client knows of all streams, as it does after this. */
export function metadataBeside(
  conference: Conference,
  participant: Participant,
  effects: Effect[],
): StreamMetadata | undefined {
  const { takesChanges, control, toldVersion } = participant;
  if (!takesChanges || control.kind !== 'open' || toldVersion < 0) return metadataFor(conference, participant);
  tellOfStreams(conference, participant, effects);
  return undefined;
}

/** `undefined` where nothing changed but what is its own. */
function newsFor(conference: Conference, participant: Participant, shared: Shared): StreamNews | undefined {
  const { toldVersion, takesChanges, key } = participant;
  const changes = toldVersion < 0 ? undefined : changesSince(conference.shown, toldVersion);
  if (changes === undefined) return wholeFor(conference, participant, shared);
  const isItsOwn = ({ by }: { by: SessionKey }): boolean => by === key;
  if (changes.every(isItsOwn)) return undefined;
  if (!takesChanges) return wholeFor(conference, participant, shared);
  if (hasCopies(participant) || changes.some(isItsOwn)) return changesFor(conference, participant, changes);
  const news = shared.get(toldVersion) ?? changesFor(conference, participant, changes);
  shared.set(toldVersion, news);
  return news;
}

const WHOLE = -1;

function wholeFor(conference: Conference, participant: Participant, shared: Shared): StreamNews {
  if (hasCopies(participant) || Object.keys(participant.shown).length > 0)
    return { kind: 'metadata', metadata: metadataFor(conference, participant) };
  const news = shared.get(WHOLE) ?? {
    kind: 'metadata' as const,
    metadata: streamsOfOthers(conference.shown, participant.key),
  };
  shared.set(WHOLE, news);
  return news;
}

/** What is said of a stream goes for its copies, too: those that there still are come with it. */
function changesFor(
  { shown }: Conference,
  participant: Participant,
  changes: NonNullable<ReturnType<typeof changesSince>>,
): StreamNews {
  const changed: StreamMetadata = {};
  const gone = new Set<string>();
  for (const { streamId, by } of changes) {
    if (by === participant.key) continue;
    const stream = shown.streams.get(streamId);
    if (stream === undefined) gone.add(streamId);
    // A stream of that id may have become its own.
    else if (stream.by !== participant.key) changed[streamId] = stream.stream;
  }
  return { kind: 'streams_changed', changed: { ...changed, ...copiesFor(participant, changed) }, gone: [...gone] };
}

function hasCopies({ wanted }: Participant): boolean {
  for (const { variant } of wanted.values()) if (variant !== undefined) return true;
  return false;
}
