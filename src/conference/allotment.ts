/** Which layer each viewer gets of what it wants: gathers what the allocation has to know, and keeps what it decided. */
import type { WantedTrack } from '../../signalling/wire/control.ts';
import { allocate } from '../allocation/allocate.ts';
import type { Want } from '../allocation/wants.ts';
import { keyOfTrack, type SessionKey, type SubscriptionKey } from '../session.ts';
import { idealLayer, layersOf } from './layers.ts';
import { captureOf } from './metadata.ts';
import { ranksOf, wantsOf } from './speakers.ts';
import { type Conference, type Participant, streamsVersionOf, type Viewing } from './state.ts';

/** ms. Bitrates drift, and what was barred becomes free: looked at anew so often. */
const ANEW_EVERY_MS = 1_000;

/** A new estimate of what a viewer's link carries. What cannot be one changes nothing. */
export function estimated(viewer: Participant, available: number): void {
  if (!Number.isFinite(available) || available < 0) return;
  viewer.viewing.available = available;
  viewer.viewing.allocatedFor = undefined;
}

/** Allocates for those viewers for whom something has changed. */
export function allot(conference: Conference, now: number): void {
  const version = streamsVersionOf(conference);
  let ranks: Map<SessionKey, number> | undefined;
  for (const viewer of conference.participants.values()) {
    const { viewing } = viewer;
    if (viewing.allocatedFor === version && now < nextLookAt(viewing)) continue;
    ranks ??= ranksOf(conference);
    const wants = gather(conference, viewer, ranks, now);
    const { allocation, memory } = allocate(wants, viewing.available, viewing.memory, now);
    Object.assign(viewing, { allocation, memory, allocatedFor: version, allocatedAt: now });
  }
}

function nextLookAt({ allocatedAt, allocation: { lookAgainAt = Number.POSITIVE_INFINITY } }: Viewing): number {
  return Math.min(allocatedAt + ANEW_EVERY_MS, lookAgainAt);
}

function gather(
  conference: Conference,
  viewer: Participant,
  ranks: ReadonlyMap<SessionKey, number>,
  now: number,
): Want[] {
  const wants: Want[] = [];
  for (const [key, wanted] of wantsOf(conference, viewer)) {
    const want = wantOf(conference, key, wanted, ranks, now);
    if (want !== undefined) wants.push(want);
  }
  return wants;
}

function wantOf(
  conference: Conference,
  key: SubscriptionKey,
  wanted: WantedTrack,
  ranks: ReadonlyMap<SessionKey, number>,
  now: number,
): Want | undefined {
  const publication = conference.tracks.get(keyOfTrack(wanted));
  const publisher = publication && conference.participants.get(publication.publisher);
  if (publication === undefined || publisher?.stage.kind !== 'present') return undefined;
  const layers = layersOf(publisher, publication, now);
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
