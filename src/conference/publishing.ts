/** What a participant publishes: announced in metadata, proven by its session descriptions. */
import { WeirError } from '../../signalling/wire/errors.ts';
import { announcesTooMuch } from '../../signalling/wire/description.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { PublishedTrack } from '../ports.ts';
import { keyOfTrack, type TrackRef } from '../session.ts';
import { trackChanged } from './due.ts';
import { note, tell } from './effects.ts';
import { noLayerYet } from './layers.ts';
import { isCopyOfAnothers, ownMetadata } from './metadata.ts';
import type { Effect } from './messages.ts';
import { setMetadata, showStreams } from './roster.ts';
import {
  type Client,
  type Conference,
  nextRevision as nextGeneration,
  type Participant,
  type Publication,
} from './state.ts';
import { giveWay } from './trunk/giving-way.ts';

/** New stream metadata of a participant. Streams of others are refused, the rest is told on. */
export function announce(
  conference: Conference,
  participant: Client,
  announced: StreamMetadata,
  effects: Effect[],
): void {
  if (announcesTooMuch(announced)) {
    const error = new WeirError('WEIR_BAD_MESSAGE', 'sdp_stream_metadata: too many streams');
    effects.push(note(participant, error.code, error.message), tell(participant, { kind: 'error', error }));
    return;
  }
  giveWay(conference, Object.keys(announced));
  const { metadata, taken } = ownMetadata(conference, participant, announced);
  if (taken.length > 0) {
    const error = new WeirError('WEIR_TRACK_TAKEN', 'another participant announces a stream of that id');
    effects.push(note(participant, error.code, error.message), tell(participant, { kind: 'error', error }));
  }
  describe(conference, participant, metadata);
}

/** Shows streams as they are described now, and serves those anew whom that concerns. */
export function describe(conference: Conference, participant: Participant, metadata: StreamMetadata): void {
  const before = participant.metadata;
  if (JSON.stringify(metadata) === JSON.stringify(before)) return;
  setMetadata(conference, participant, metadata);
  showStreams(conference, participant);
  // What is muted is for people to know: nobody is sent anything else for it.
  for (const key of participant.published) {
    const ref = conference.tracks.get(key)?.track.ref;
    if (ref !== undefined && describedAs(before, ref) !== describedAs(metadata, ref)) trackChanged(conference, key);
  }
}

/** What of its description decides how a track is sent, as text. */
function describedAs(metadata: StreamMetadata, { streamId, trackId }: TrackRef): string {
  const stream = metadata[streamId];
  return JSON.stringify([stream?.purpose, stream?.['org.weir.encryption'], stream?.tracks?.[trackId]]);
}

/** The tracks that its latest session description publishes, all of them. */
export function publish(
  conference: Conference,
  participant: Participant,
  tracks: readonly PublishedTrack[],
  now: number,
  effects: Effect[],
): void {
  if (participant.kind === 'client')
    giveWay(
      conference,
      tracks.map(({ ref }) => ref.streamId),
    );
  const before = new Map([...participant.published].map(key => [key, conference.tracks.get(key)]));
  for (const key of participant.published) conference.tracks.delete(key);
  participant.published.clear();
  for (const track of tracks) {
    const key = keyOfTrack(track.ref);
    if (conference.tracks.has(key) || isCopyOfAnothers(conference, track.ref.streamId, participant.key)) {
      // A focus was told when it announced the stream.
      if (participant.kind === 'focus') continue;
      const error = new WeirError('WEIR_TRACK_TAKEN', 'another participant publishes a track of that id');
      effects.push(
        note(participant, error.code, error.message),
        tell(participant, { kind: 'error', error, tracks: [track.ref] }),
      );
      continue;
    }
    const publication = continued(before.get(key), track) ?? begun(conference, participant, track, now);
    conference.tracks.set(key, publication);
    participant.published.add(key);
  }
  if (participant.published.size > 0) conference.roster.publishers.add(participant);
  else conference.roster.publishers.delete(participant);
  for (const key of new Set([...before.keys(), ...participant.published]))
    if (!isAsBefore(before.get(key), conference.tracks.get(key))) trackChanged(conference, key);
}

function isAsBefore(before: Publication | undefined, after: Publication | undefined): boolean {
  return (
    before?.publisher === after?.publisher &&
    before?.generation === after?.generation &&
    JSON.stringify(before?.track) === JSON.stringify(after?.track)
  );
}

/** What was published before and still is; with other layers, or in another codec, it is another track to its viewers' media, but not to them. */
function continued(before: Publication | undefined, track: PublishedTrack): Publication | undefined {
  const isSame = before?.layers.length === track.layers.length && before.track.codec === track.codec;
  return isSame ? { ...before, track } : undefined;
}

function begun(conference: Conference, participant: Participant, track: PublishedTrack, now: number): Publication {
  return {
    publisher: participant.key,
    track,
    generation: nextGeneration(conference),
    since: now,
    layers: track.layers.map(() => noLayerYet(now)),
    upstream: undefined,
    // Another focus sends nothing that it was not asked for.
    toldWanted: participant.kind === 'focus' ? track.layers.map(() => false) : undefined,
    toldWantedAt: now,
    toldViewers: [],
    owesAnswer: false,
    steerAt: undefined,
  };
}
