/** Tells participants of each other's streams: of all, or to who asked for that, of what has changed (`org.weir.streams_changed`). */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import { tell } from './effects.ts';
import type { Effect, News } from './messages.ts';
import { copiesFor, metadataFor } from './metadata.ts';
import { changesSince, isToldOf, shownVersion, type StreamChange } from './shown-streams.ts';
import type { Conference, Participant } from './state.ts';

/** In larger conferences changes that follow on each other are told together, so many ms apart at most. */
const LARGE_CONFERENCE = 50;
const TOGETHER_MS = 200;

/** Characters of streams in one message: with three bytes each they stay below what clients take at least (65,536 bytes). */
const PART_LENGTH = 20_000;
/** The same to another focus, which reads longer ones: what it is told first is all that it believes there is. */
const TRUNK_PART_LENGTH = 200_000;

type StreamNews = Extract<News, { kind: 'metadata' | 'streams_changed' }>;

/** The same messages for all who know the same: by what they know. */
type Shared = Map<number, readonly StreamNews[]>;

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
  for (const news of newsFor(conference, participant, shared)) effects.push(tell(participant, news));
  participant.toldVersion = version;
}

/** What has to stand beside a description that is about to go: nothing where the client knows of all streams, as it does after this. */
export function metadataBeside(
  conference: Conference,
  participant: Participant,
  effects: Effect[],
): StreamMetadata | undefined {
  const { control, toldVersion } = participant;
  if (!takesChanges(participant) || control.kind !== 'open' || toldVersion < 0)
    return metadataFor(conference, participant);
  tellOfStreams(conference, participant, effects);
  return undefined;
}

/**
 * What stands in the answer to an invite: homeservers bound its length. Who takes changes is told the rest when its channel
 * opens; those streams come first of which it is offered tracks.
 */
export function firstMetadata(conference: Conference, newcomer: Participant): StreamMetadata {
  const all = metadataFor(conference, newcomer);
  if (!takesChanges(newcomer)) return all;
  const offered = new Set([...newcomer.offered.values()].map(({ source }) => source.streamId));
  const streams = Object.entries(all).toSorted(
    ([one], [other]) => Number(offered.has(other)) - Number(offered.has(one)),
  );
  const [first = {}] = partsOf(streams.map(([id, stream]) => ({ [id]: stream })));
  return first;
}

/** Nothing where nothing changed but what is its own. */
function newsFor(conference: Conference, participant: Participant, shared: Shared): readonly StreamNews[] {
  const { toldVersion } = participant;
  const changes = toldVersion < 0 ? undefined : changesSince(conference.shown, toldVersion);
  const isKeptFromIt = ({ by }: StreamChange): boolean => !isToldOf(participant, by);
  if (changes?.every(isKeptFromIt) === true) return [];
  const seesAll = participant.kind === 'client' && Object.keys(participant.shown).length === 0;
  const isShared = seesAll && !hasCopies(participant);
  if (changes === undefined || !takesChanges(participant)) {
    const known = takesChanges(participant) ? NOTHING_IN_PARTS : NOTHING;
    return isShared ? once(shared, known, () => wholeFor(conference, participant)) : wholeFor(conference, participant);
  }
  if (participant.kind === 'focus' || hasCopies(participant) || changes.some(isKeptFromIt))
    return changesFor(conference, participant, changes);
  return once(shared, toldVersion, () => changesFor(conference, participant, changes));
}

/** What is known by who knows nothing: it takes the rest as changes, or only all at once. */
const NOTHING_IN_PARTS = -1;
const NOTHING = -2;

function once(shared: Shared, known: number, make: () => readonly StreamNews[]): readonly StreamNews[] {
  const news = shared.get(known) ?? make();
  shared.set(known, news);
  return news;
}

function wholeFor(conference: Conference, participant: Participant): StreamNews[] {
  const all = metadataFor(conference, participant);
  if (!takesChanges(participant)) return [{ kind: 'metadata', metadata: all }];
  // Copies come after what they are copies of.
  const streams = Object.entries(all).map(([id, stream]) => ({ [id]: stream }));
  const [first = {}, ...others] = partsOf(streams, participant.kind === 'focus' ? TRUNK_PART_LENGTH : PART_LENGTH);
  return [
    { kind: 'metadata', metadata: first },
    ...others.map(changed => ({ kind: 'streams_changed' as const, changed, gone: [] })),
  ];
}

/** What is said of a stream goes for its copies, too: those that there still are come with it. */
function changesFor({ shown }: Conference, participant: Participant, changes: readonly StreamChange[]): StreamNews[] {
  const changed: StreamMetadata = {};
  const gone = new Set<string>();
  for (const { streamId, by } of changes) {
    if (!isToldOf(participant, by)) continue;
    const stream = shown.streams.get(streamId);
    // A stream of that id may have become its own, or that of another focus.
    if (stream !== undefined && isToldOf(participant, stream.by)) changed[streamId] = stream.stream;
    else if (stream?.by.key !== participant.key) gone.add(streamId);
  }
  const streams = Object.entries(changed).map(([id, stream]) => ({ [id]: stream }));
  const withCopies = streams.map(one => ({ ...one, ...copiesFor(participant, one) }));
  const [first = {}, ...others] = partsOf(withCopies);
  return [first, ...others].map((part, index) => ({
    kind: 'streams_changed',
    changed: part,
    gone: index === 0 ? [...gone] : [],
  }));
}

/** What fits into a message each; what comes together stays together. */
function partsOf(streams: readonly StreamMetadata[], most = PART_LENGTH): StreamMetadata[] {
  const parts: StreamMetadata[] = [];
  let length = most;
  for (const one of streams) {
    const added = JSON.stringify(one).length;
    if (length + added > most) length = 0;
    if (length === 0) parts.push({});
    length += added;
    Object.assign(parts.at(-1) ?? {}, one);
  }
  return parts;
}

function takesChanges(participant: Participant): boolean {
  return participant.kind === 'focus' || participant.takesChanges;
}

function hasCopies({ wanted }: Participant): boolean {
  for (const { variant } of wanted.values()) if (variant !== undefined) return true;
  return false;
}
