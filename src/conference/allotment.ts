/** Which layer each viewer gets of what it wants: gathers what the allocation has to know, and keeps what it decided. */
import type { WantedTrack } from '../../signalling/wire/control.ts';
import { type Allocation, allocate } from '../allocation/allocate.ts';
import type { Want } from '../allocation/wants.ts';
import { type SessionKey, type SubscriptionKey, trackOfSubscription } from '../session.ts';
import { canReceive } from './codecs.ts';
import { reallocate } from './due.ts';
import { callOf } from './effects.ts';
import { idealLayer, layersOf } from './layers.ts';
import type { Effect } from './messages.ts';
import { captureOf } from './metadata.ts';
import { mayFlow } from './permissions.ts';
import { ranksOf, wantsOf } from './speakers.ts';
import type { Conference, Participant } from './state.ts';
import type { Viewing } from './viewing.ts';

/** An estimate of less than so many times what would be sent. */
const TIGHT = 1.3;
/** ms. Bitrates drift, and what was barred becomes free: looked at anew so often. */
const ANEW_EVERY_MS = 1_000;

/** A new estimate of what a viewer's link carries. What cannot be one changes nothing. */
export function estimated(conference: Conference, viewer: Participant, available: number): void {
  if (!Number.isFinite(available) || available < 0) return;
  viewer.viewing.available = available;
  reallocate(conference, viewer);
}

/** Allocates for those viewers for whom something has changed. */
export function allot(conference: Conference, now: number, effects: Effect[]): void {
  let ranks: Map<SessionKey, number> | undefined;
  for (const viewer of conference.due.participants) {
    const { viewing } = viewer;
    if (!viewing.isStale && now < nextLookAt(viewing)) continue;
    ranks ??= ranksOf(conference);
    const wants = gather(conference, viewer, ranks);
    const { allocation, memory } = allocate(wants, viewing.available, viewing.memory, now);
    const isTight = isTightFor(allocation, viewing.available);
    if (isTight !== viewing.isTight) effects.push({ kind: 'watch-link', call: callOf(viewer), closely: isTight });
    Object.assign(viewing, { allocation, memory, isStale: false, allocatedAt: now, isTight });
  }
}

function isTightFor({ spent, demand, audio }: Allocation, available: number | undefined): boolean {
  return available !== undefined && demand > audio && available < Math.max(spent, demand) * TIGHT;
}

/** When it has to be allocated for again, whatever happens (ms since 1970). */
export function nextLookAt({ allocatedAt, allocation: { lookAgainAt = Number.POSITIVE_INFINITY } }: Viewing): number {
  return Math.min(allocatedAt + ANEW_EVERY_MS, lookAgainAt);
}

function gather(conference: Conference, viewer: Participant, ranks: ReadonlyMap<SessionKey, number>): Want[] {
  const wants: Want[] = [];
  for (const [key, wanted] of wantsOf(conference, viewer)) {
    const want = wantOf(conference, viewer, key, wanted, ranks);
    if (want !== undefined) wants.push(want);
  }
  return wants;
}

function wantOf(
  conference: Conference,
  viewer: Participant,
  key: SubscriptionKey,
  wanted: WantedTrack,
  ranks: ReadonlyMap<SessionKey, number>,
): Want | undefined {
  const publication = conference.tracks.get(trackOfSubscription(key, wanted));
  const publisher = publication && conference.participants.get(publication.publisher);
  if (publication === undefined || publisher === undefined || !mayFlow(conference, publisher, publication))
    return undefined;
  if (!canReceive(viewer, publication)) return undefined;
  const layers = layersOf(publisher, publication);
  if (publication.track.kind === 'audio') return { kind: 'audio', key, layers };
  const { size, purpose } = captureOf(publisher, publication.track.ref);
  const width = wanted.width ?? size?.width ?? 1;
  const height = wanted.height ?? size?.height ?? 1;
  return {
    kind: 'video',
    key,
    purpose,
    area: width * height,
    visible: width > 0 && height > 0,
    pinned: wanted.pinned ?? false,
    speaking: ranks.get(publisher.key),
    layers,
    ideal: idealLayer(publisher, publication, wanted),
  };
}
