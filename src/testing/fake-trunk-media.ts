/** Descriptions of a trunk's media where there is none: an offer lists its tracks, an answer takes them all. */
import type { Conference } from '../conference/state.ts';
import type { AnsweredOffer, OfferedTrack, PublishedTrack } from '../ports.ts';
import { keyOfTrack, type TrackKey } from '../session.ts';

/** The offer of these tracks, a layer of a video each. */
export function offerAcross({ tracks }: Conference, offered: readonly OfferedTrack[]): string {
  const published = new Map<TrackKey, PublishedTrack>();
  for (const { source } of offered) {
    const track = tracks.get(keyOfTrack(source))?.track;
    if (track === undefined) continue;
    const layers = track.layers.map(() => ({ rid: undefined }));
    published.set(keyOfTrack(source), { ref: source, kind: track.kind, codec: track.codec, layers });
  }
  return JSON.stringify([...published.values()]);
}

/** What the media engine makes of such an offer. */
export function answerAcross(offer: string): AnsweredOffer {
  const published = JSON.parse(offer) as PublishedTrack[];
  return { sdp: 'all of it', published, refused: [] };
}
