/** What the viewers of each video get of it, counted: what is asked of a publisher is not gathered from a thousand viewers each time. */
import { type SubscriptionKey, type TrackKey, trackOfSubscription } from '../session.ts';
import type { Grant } from '../allocation/wants.ts';
import { canReceive } from './codecs.ts';
import { idealLayer } from './layers.ts';
import { isAllowed } from './permissions.ts';
import { wantsOf } from './speakers.ts';
import type { Conference, Participant, Publication, ViewerAsk } from './state.ts';
import type { Ask, Wish } from './viewing.ts';

const VOICE: Grant = { kind: 'layer', layer: 0 };

/** Counts what the viewer gets now in place of what it got before. */
export function askAnew(conference: Conference, viewer: Participant): void {
  const { asks } = viewer.viewing;
  const wants = wantsOf(conference, viewer);
  for (const [key, ask] of asks) {
    if (wants.has(key)) continue;
    withdraw(conference, ask);
    asks.delete(key);
  }
  for (const [key, wanted] of wants) {
    const track = trackOfSubscription(key, wanted);
    const ask = askOf(conference, viewer, key, wanted, track);
    const part = ask && partOf(ask);
    const before = asks.get(key);
    if (before?.part === part && before?.track === (ask && track)) continue;
    if (before !== undefined) withdraw(conference, before);
    if (ask === undefined || part === undefined) asks.delete(key);
    else {
      count(conference, track, part, ask);
      asks.set(key, { track, part });
    }
  }
}

/** The viewer is gone. */
export function withdrawAsks(conference: Conference, { viewing }: Participant): void {
  for (const ask of viewing.asks.values()) withdraw(conference, ask);
  viewing.asks.clear();
}

/** What is asked of a track, each part once. */
export function asksOf({ roster }: Conference, track: TrackKey): ViewerAsk[] {
  return [...(roster.asked.get(track)?.values() ?? [])].map(({ ask }) => ask);
}

function askOf(
  conference: Conference,
  viewer: Participant,
  key: SubscriptionKey,
  wanted: Wish,
  track: TrackKey,
): ViewerAsk | undefined {
  const publication = conference.tracks.get(track);
  const publisher = publication && conference.participants.get(publication.publisher);
  if (publication === undefined || publisher === undefined) return undefined;
  // Voices of clients are always wanted.
  if (publication.track.kind === 'audio' && publisher.kind === 'client') return undefined;
  const grant =
    viewer.viewing.allocation.grants.get(key) ??
    (waitsForTheFloor(conference, viewer, publisher, publication) ? VOICE : undefined);
  if (grant === undefined) return undefined;
  return { grant, ideal: idealLayer(publisher, publication, wanted), shown: viewer.viewing.shown.get(key) };
}

/** Asked for before its publisher has the floor: a hand-over is not to wait until the other focus has heard that it is wanted. */
function waitsForTheFloor(
  conference: Conference,
  viewer: Participant,
  publisher: Participant,
  publication: Publication,
): boolean {
  if (conference.floor === undefined || publication.track.kind !== 'audio') return false;
  return isAllowed(conference, publisher, publication) && canReceive(viewer, publication);
}

function partOf({ grant, ideal, shown }: ViewerAsk): string {
  return `${grant.kind === 'layer' ? grant.layer : grant.reason} ${ideal} ${shown}`;
}

function count({ roster, due }: Conference, track: TrackKey, part: string, ask: ViewerAsk): void {
  const parts = roster.asked.get(track) ?? new Map<string, { ask: ViewerAsk; viewers: number }>();
  const viewers = parts.get(part)?.viewers ?? 0;
  roster.asked.set(track, parts.set(part, { ask, viewers: viewers + 1 }));
  if (isAnotherPower(viewers, viewers + 1)) due.upstream.add(track);
}

/** Another focus is told how many want a layer in powers of two; of clients none and one differ. */
function isAnotherPower(before: number, after: number): boolean {
  return Math.clz32(before) !== Math.clz32(after);
}

function withdraw({ roster, due }: Conference, { track, part }: Ask): void {
  const parts = roster.asked.get(track);
  const counted = parts?.get(part);
  if (parts === undefined || counted === undefined) return;
  if (counted.viewers > 1) {
    parts.set(part, { ...counted, viewers: counted.viewers - 1 });
    if (isAnotherPower(counted.viewers, counted.viewers - 1)) due.upstream.add(track);
    return;
  }
  parts.delete(part);
  if (parts.size === 0) roster.asked.delete(track);
  due.upstream.add(track);
}
