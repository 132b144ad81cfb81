/** Who can decode what. A track is sent on in the codec that it is published in: who has not got that is told, and not sent it. */
import { WeirError } from '../../signalling/wire/errors.ts';
import { keyOfTrack, type TrackRef } from '../session.ts';
import { note, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import type { Client, Conference, Participant, Publication } from './state.ts';

/** A focus is sent all: those behind it differ. */
export function canReceive(viewer: Participant, { track }: Pick<Publication, 'track'>): boolean {
  return viewer.kind === 'focus' || (viewer.receives?.has(track.codec) ?? true);
}

/** The codecs that its latest offer takes. */
export function nowReceives(viewer: Client, codecs: readonly string[] | undefined): void {
  viewer.receives = codecs === undefined ? undefined : new Set(codecs);
  viewer.viewing.isStale = true;
  viewer.viewing.choice = undefined;
}

/** Tells a viewer, once for each track, what of that which it asked for it cannot be shown. */
export function tellUndecodable(conference: Conference, viewer: Participant, effects: Effect[]): void {
  if (viewer.kind === 'focus' || viewer.control.kind !== 'open' || viewer.receives === undefined) return;
  const { undecodable } = viewer.telling;
  for (const key of undecodable.keys()) if (!conference.tracks.has(key)) undecodable.delete(key);
  const byCodec = new Map<string, TrackRef[]>();
  for (const ref of askedFor(conference, viewer)) {
    const key = keyOfTrack(ref);
    const publication = conference.tracks.get(key);
    if (publication === undefined || publication.publisher === viewer.key || canReceive(viewer, publication)) continue;
    if (undecodable.get(key) === publication.generation) continue;
    undecodable.set(key, publication.generation);
    const { codec } = publication.track;
    byCodec.set(codec, [...(byCodec.get(codec) ?? []), publication.track.ref]);
  }
  for (const [codec, tracks] of byCodec) {
    const error = new WeirError('WEIR_NO_COMMON_CODEC', `sent in ${codec}, which the client does not receive`);
    effects.push(note(viewer, error.code, error.message));
    effects.push(tell(viewer, { kind: 'error', error, inReplyTo: 'm.call.track_subscription', tracks, codec }));
  }
}

/** In "auto" everything may be meant. */
function askedFor(conference: Conference, viewer: Client): Iterable<TrackRef> {
  if (viewer.auto === undefined) return viewer.wanted.values();
  return [...viewer.wanted.values(), ...[...conference.tracks.values()].map(({ track }) => track.ref)];
}
