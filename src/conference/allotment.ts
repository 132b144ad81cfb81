/** Which layer each viewer gets of what it wants: gathers what the allocation has to know, and keeps what it decided. */
import { type Allocation, allocate } from '../allocation/allocate.ts';
import type { Grant, Layer, Want } from '../allocation/wants.ts';
import { type SubscriptionKey, type TrackKey, trackOfSubscription } from '../session.ts';
import { canReceive } from './codecs.ts';
import { lookAgain } from './due.ts';
import { callOf } from './effects.ts';
import { idealLayer, layersOf } from './layers.ts';
import type { Effect } from './messages.ts';
import { captureOf } from './metadata.ts';
import { mayFlow } from './permissions.ts';
import { type OwnerKey, ownerOf, ranksOf, wantsOf } from './speakers.ts';
import type { Conference, Participant } from './state.ts';
import type { Viewing, Wish } from './viewing.ts';

/** An estimate of less than so many times what would be sent. */
const TIGHT = 1.3;
/** ms. Bitrates drift, and what was barred becomes free: looked at anew so often. */
const ANEW_EVERY_MS = 1_000;
/** ms. The same for a viewer that has all it wants and a link to spare: large changes of bitrate are looked at at once. */
const CALM_ANEW_EVERY_MS = 5_000;

/** A new estimate of what a viewer's link carries. What cannot be one changes nothing. */
export function estimated(conference: Conference, viewer: Participant, available: number): void {
  if (!Number.isFinite(available) || available < 0) return;
  const { viewing, telling } = viewer;
  viewing.available = available;
  const isEnough = isCalm(viewing) && !isTightFor(viewing.allocation, available);
  if (isEnough && !telling.asked.has('allocation')) return;
  lookAgain(conference, viewer);
}

/** It has all that it wants, of a link that carries more: there was nothing to decide. */
function isCalm({ allocation: { state, lookAgainAt }, memory, isTight }: Viewing): boolean {
  return state === 'STABLE' && !isTight && lookAgainAt === undefined && memory.estimated;
}

/** Allocates for those viewers for whom something has changed. */
export function allot(conference: Conference, now: number, effects: Effect[]): void {
  let ranks: Map<OwnerKey, number> | undefined;
  const { due } = conference;
  for (const viewer of new Set([...due.participants, ...due.looks])) {
    const { viewing } = viewer;
    if (!viewing.isStale && now < nextLookAt(viewer)) continue;
    ranks ??= ranksOf(conference);
    const wants = gather(conference, viewer, ranks);
    const { allocation, memory } = allocate(wants, viewing.available, viewing.memory, now, conference.videoShare);
    const isTight = isTightFor(allocation, viewing.available);
    if (isTight !== viewing.isTight) effects.push({ kind: 'watch-link', call: callOf(viewer), closely: isTight });
    if (!grantsTheSame(viewing.allocation, allocation)) due.participants.add(viewer);
    Object.assign(viewing, { allocation, memory, isStale: false, allocatedAt: now, isTight });
  }
}

/** Nobody has to be served anew for it. */
function grantsTheSame(before: Allocation, after: Allocation): boolean {
  if (before.grants.size !== after.grants.size) return false;
  for (const [key, grant] of after.grants) {
    const had = before.grants.get(key);
    if (had === undefined || !isSameGrant(had, grant)) return false;
    if (before.priorities.get(key) !== after.priorities.get(key)) return false;
  }
  return true;
}

function isSameGrant(one: Grant, other: Grant): boolean {
  if (one.kind === 'layer') return other.kind === 'layer' && one.layer === other.layer;
  return other.kind === 'paused' && one.reason === other.reason;
}

function isTightFor({ spent, demand, audio }: Allocation, available: number | undefined): boolean {
  return available !== undefined && demand > audio && available < Math.max(spent, demand) * TIGHT;
}

/** When it has to be allocated for again, whatever happens (ms since 1970). */
export function nextLookAt({ viewing, telling }: Participant): number {
  const isUntold = telling.asked.has('allocation') && telling.toldOf !== viewing.allocation;
  if (isCalm(viewing) && !isUntold) return viewing.allocatedAt + CALM_ANEW_EVERY_MS;
  return Math.min(viewing.allocatedAt + ANEW_EVERY_MS, viewing.allocation.lookAgainAt ?? Number.POSITIVE_INFINITY);
}

function gather(conference: Conference, viewer: Participant, ranks: ReadonlyMap<OwnerKey, number>): Want[] {
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
  wanted: Wish,
  ranks: ReadonlyMap<OwnerKey, number>,
): Want | undefined {
  const track = trackOfSubscription(key, wanted);
  const publication = conference.tracks.get(track);
  const publisher = publication && conference.participants.get(publication.publisher);
  if (publication === undefined || publisher === undefined || !mayFlow(conference, publisher, publication))
    return undefined;
  if (!canReceive(viewer, publication)) return undefined;
  const layers = onlyOf(wanted, layersOf(publisher, publication));
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
    speaking: rankOf(conference, track, ranks),
    layers,
    ideal: idealLayer(publisher, publication, wanted),
    ...(wanted.only === undefined ? {} : { shared: wanted.only }),
  };
}

function rankOf(conference: Conference, track: TrackKey, ranks: ReadonlyMap<OwnerKey, number>): number | undefined {
  const owner = ranks.size === 0 ? undefined : ownerOf(conference, track);
  return owner && ranks.get(owner);
}

/** A want of one layer takes no other. */
function onlyOf({ only }: Wish, layers: Layer[]): Layer[] {
  return only === undefined
    ? layers
    : layers.map((layer, index) => (index === only.layer ? layer : { ...layer, live: false }));
}
