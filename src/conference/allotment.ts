/** Which layer each viewer gets of what it wants: gathers what the allocation has to know, and keeps what it decided. */
import type { WantedTrack } from '../../signalling/wire/control.ts';
import { type Allocation, allocate } from '../allocation/allocate.ts';
import type { Want } from '../allocation/wants.ts';
import { keyOfTrack, type SessionKey, type SubscriptionKey } from '../session.ts';
import { canReceive } from './codecs.ts';
import { callOf } from './effects.ts';
import { idealLayer, layersOf } from './layers.ts';
import type { Effect } from './messages.ts';
import { captureOf } from './metadata.ts';
import { mayFlow } from './permissions.ts';
import { ranksOf, wantsOf } from './speakers.ts';
import { type Conference, type Participant, streamsVersionOf, type Viewing } from './state.ts';

/** An estimate of less than so many times what would be sent. */
const TIGHT = 1.3;
/** ms. Bitrates drift, and what was barred becomes free: looked at anew so often. */
const ANEW_EVERY_MS = 1_000;

/** A new estimate of what a viewer's link carries. What cannot be one changes nothing. */
export function estimated(viewer: Participant, available: number): void {
  if (!Number.isFinite(available) || available < 0) return;
  viewer.viewing.available = available;
  viewer.viewing.allocatedFor = undefined;
}

/** Allocates for those viewers for whom something has changed. */
export function allot(conference: Conference, now: number, effects: Effect[]): void {
  const version = streamsVersionOf(conference);
  let ranks: Map<SessionKey, number> | undefined;
  for (const viewer of conference.participants.values()) {
    const { viewing } = viewer;
    if (viewing.allocatedFor === version && now < nextLookAt(viewing)) continue;
    ranks ??= ranksOf(conference);
    const wants = gather(conference, viewer, ranks);
    const { allocation, memory } = allocate(wants, viewing.available, viewing.memory, now, conference.videoShare);
    const isTight = isTightFor(allocation, viewing.available);
    if (isTight !== viewing.isTight) effects.push({ kind: 'watch-link', call: callOf(viewer), closely: isTight });
    viewer.isDue = true;
    Object.assign(viewing, { allocation, memory, allocatedFor: version, allocatedAt: now, isTight });
  }
}

function isTightFor({ spent, demand, audio }: Allocation, available: number | undefined): boolean {
  return available !== undefined && demand > audio && available < Math.max(spent, demand) * TIGHT;
}

function nextLookAt({ allocatedAt, allocation: { lookAgainAt = Number.POSITIVE_INFINITY } }: Viewing): number {
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
  const publication = conference.tracks.get(keyOfTrack(wanted));
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
