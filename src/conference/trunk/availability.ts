/**
 * Which layers the other focus can have. Before one is taken away it is told, moves its viewers, and says that it does not want
 * the layer any more: a layer that stops under its viewers freezes them.
 */
import type { TrackLayers } from '../../../signalling/wire/streams.ts';
import { isForShortage } from '../../allocation/wants.ts';
import { keyOfTrack, type TrackKey } from '../../session.ts';
import { tell } from '../effects.ts';
import type { Effect } from '../messages.ts';
import type { Conference, Publication, RemoteFocus } from '../state.ts';
import { keysAcross } from './layer-keys.ts';

/** ms. The other focus moves its viewers within some tenths of a second; the link may be too narrow for more patience. */
const LEAVES_WITHIN_MS = 600;

/** Whether a layer goes on although it is taken away: the other focus has not moved its viewers yet. */
export function isLeaving({ withheld }: RemoteFocus, track: TrackKey, layer: number, now: number): boolean {
  const told = withheld.get(track);
  // It is about to be told.
  if (told?.available[layer] !== false) return true;
  return !told.left.has(layer) && now - told.at < LEAVES_WITHIN_MS;
}

/** Tells the focus which layers it can have, where that changed. */
export function tellAvailability(conference: Conference, focus: RemoteFocus, now: number, effects: Effect[]): void {
  for (const track of focus.withheld.keys()) if (!conference.tracks.has(track)) focus.withheld.delete(track);
  const changed: TrackLayers[] = [];
  for (const publication of conference.tracks.values()) {
    const { kind, ref } = publication.track;
    const keys = keysAcross(publication);
    if (kind === 'audio' || !keys.some(key => focus.offered.has(key))) continue;
    const key = keyOfTrack(ref);
    const available = availableTo(focus, publication);
    const before = focus.withheld.get(key)?.available;
    if (available.every((one, layer) => one === (before?.[layer] ?? true))) continue;
    if (available.every(Boolean)) focus.withheld.delete(key);
    else focus.withheld.set(key, { available, at: now, left: new Set() });
    changed.push({ ...ref, layers: available.map(active => ({ active })) });
  }
  if (changed.length === 0) return;
  effects.push(tell(focus, { kind: 'streams', message: { kind: 'layers_available', tracks: changed } }));
}

function availableTo(focus: RemoteFocus, publication: Publication): boolean[] {
  const { grants } = focus.viewing.allocation;
  return keysAcross(publication).map((key, index) => {
    const layer = publication.layers[index];
    const grant = grants.get(key);
    const fits = grant === undefined || !isForShortage(grant);
    return layer !== undefined && layer.offered && !layer.missed && fits;
  });
}
