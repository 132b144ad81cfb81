/** What a participant publishes: announced in metadata, proven by its session descriptions. */
import { WeirError } from '../../signalling/wire/errors.ts';
import { announcesTooMuch } from '../../signalling/wire/description.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { PublishedTrack } from '../ports.ts';
import { keyOfTrack } from '../session.ts';
import { note, tell } from './effects.ts';
import { noLayerYet } from './layers.ts';
import { isCopyOfAnothers, ownMetadata } from './metadata.ts';
import type { Effect } from './messages.ts';
import { type Conference, nextRevision as nextGeneration, type Participant, type Publication } from './state.ts';

/** New stream metadata of a participant. Streams of others are refused, the rest is told on. */
export function announce(
  conference: Conference,
  participant: Participant,
  announced: StreamMetadata,
  effects: Effect[],
): void {
  if (announcesTooMuch(announced)) {
    const error = new WeirError('WEIR_BAD_MESSAGE', 'sdp_stream_metadata: too many streams');
    effects.push(note(participant, error.code, error.message), tell(participant, { kind: 'error', error }));
    return;
  }
  const { metadata, taken } = ownMetadata(conference, participant, announced);
  if (taken.length > 0) {
    const error = new WeirError('WEIR_TRACK_TAKEN', 'another participant announces a stream of that id');
    effects.push(note(participant, error.code, error.message), tell(participant, { kind: 'error', error }));
  }
  if (JSON.stringify(metadata) === JSON.stringify(participant.metadata)) return;
  participant.metadata = metadata;
  if (participant.stage.kind === 'present') conference.metadataVersion++;
}

/** The tracks that its latest session description publishes, all of them. */
export function publish(
  conference: Conference,
  participant: Participant,
  tracks: readonly PublishedTrack[],
  now: number,
  effects: Effect[],
): void {
  const before = new Map([...participant.published].map(key => [key, conference.tracks.get(key)]));
  for (const key of participant.published) conference.tracks.delete(key);
  participant.published.clear();
  for (const track of tracks) {
    const key = keyOfTrack(track.ref);
    if (conference.tracks.has(key) || isCopyOfAnothers(conference, track.ref.streamId, participant.key)) {
      const error = new WeirError('WEIR_TRACK_TAKEN', 'another participant publishes a track of that id');
      effects.push(
        note(participant, error.code, error.message),
        tell(participant, { kind: 'error', error, tracks: [track.ref] }),
      );
      continue;
    }
    conference.tracks.set(key, continued(before.get(key), track) ?? begun(conference, participant, track, now));
    participant.published.add(key);
  }
  conference.streamsVersion++;
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
    toldWanted: undefined,
    toldWantedAt: now,
  };
}
