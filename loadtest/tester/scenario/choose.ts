/** Which tracks a participant of a role subscribes to, and how large it draws them. Pure. */
import type { WantedTrack } from '../../../signalling/wire/control.ts';
import type { StreamDescription, StreamMetadata } from '../../../signalling/wire/stream-metadata.ts';
import type { Role } from './schema.ts';

/** `self` is a user id. */
export function chooseTracks(subscribes: Role['subscribes'], self: string, metadata: StreamMetadata): WantedTrack[] {
  const streams = Object.entries(metadata)
    .filter(([, { user_id: userId }]) => userId !== self)
    .toSorted(([one, a], [other, b]) => compare(a, b, one, other));
  // Everybody begins with another neighbour, so that no publisher is large for all.
  const next = streams.findIndex(([, { user_id: userId = '' }]) => userId > self);
  const round = next === -1 ? streams : [...streams.slice(next), ...streams.slice(0, next)];
  const ordered =
    subscribes.order === 'speakers' ? [...round.filter(isLoud), ...round.filter(stream => !isLoud(stream))] : round;

  const audio = subscribes.audio ? ordered.flatMap(stream => tracksOf(stream, 'audio')) : [];
  const videos = ordered.flatMap(stream => tracksOf(stream, 'video'));
  let from = 0;
  const sized = subscribes.video.flatMap(({ most = videos.length, width, height }) => {
    const tiles = videos.slice(from, from + most);
    from += tiles.length;
    return tiles.map(track => ({ ...track, width, height }));
  });
  return [...audio, ...sized];
}

type Stream = [streamId: string, description: StreamDescription];

function compare(a: StreamDescription, b: StreamDescription, one: string, other: string): number {
  const [first, second] = [`${a.user_id ?? ''} ${one}`, `${b.user_id ?? ''} ${other}`];
  return first < second ? -1 : first > second ? 1 : 0;
}

function isLoud([, { audio_muted: muted }]: Stream): boolean {
  return muted !== true;
}

function tracksOf([streamId, { tracks = {} }]: Stream, kind: 'audio' | 'video'): WantedTrack[] {
  return Object.entries(tracks).flatMap(([trackId, track]) => (track.kind === kind ? [{ streamId, trackId }] : []));
}
