/** Which layers a publisher is asked to send. Pure. */
import type { Grant } from './wants.ts';

/** ms that a layer stays on after nobody wants it: a viewer who only turns the page comes back to a running layer. */
export const LINGER_MS = 1_000;

/** Whether one layer is asked for. */
type LayerDemand =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  /** Nobody has wanted it since `since` (ms); it still runs. */
  | { readonly kind: 'lingering'; readonly since: number };

/** What one answer for a track leaves to its next, lowest layer first. */
export type UpstreamMemory = readonly LayerDemand[];

/** What the publisher is to send of a track. */
export interface Upstream {
  /** By layer, lowest first. None: the track is to be paused. */
  readonly wanted: readonly boolean[];
  readonly memory: UpstreamMemory;
  /** When the next layer can be switched off if nothing happens, ms: ask again then. Undefined if none lingers. */
  readonly lookAgainAt: number | undefined;
}

/**
 * The layers that anybody is granted, and the lowest available one while anybody sees the track at all, also one who has no
 * bandwidth for it: it is what all fall back to. On at once, off when nobody has wanted it for `lingerMs`.
 *
 * Viewers are granted layers that are off (they count as live, with the bitrate expected of them): so a layer is granted, and
 * wanted here, just when somebody's ideal is it and its bandwidth allows.
 *
 * @param viewers the grant of each viewer of the track.
 * @param available by layer, lowest first: false for one that the publisher took off itself. Such a layer is never wanted and
 *   does not linger; its viewers move when they are allocated with `live: false` for it, before this is asked.
 * @param before what the answer before returned for this track; undefined for the first.
 * @param now ms, on a clock that never goes back.
 * @param lingerMs that a layer stays on after nobody wants it.
 */
export function wantedLayers(
  viewers: Iterable<Grant>,
  available: readonly boolean[],
  before: UpstreamMemory | undefined,
  now: number,
  lingerMs = LINGER_MS,
): Upstream {
  const needed = neededLayers(viewers, available);
  const memory = available.map((isAvailable, layer) =>
    isAvailable
      ? nextDemand(needed.has(layer), before?.[layer] ?? { kind: 'off' }, now, lingerMs)
      : ({ kind: 'off' } as const),
  );
  const ends = memory.flatMap(demand => (demand.kind === 'lingering' ? [demand.since + lingerMs] : []));
  return {
    wanted: memory.map(({ kind }) => kind !== 'off'),
    memory,
    lookAgainAt: ends.length > 0 ? Math.min(...ends) : undefined,
  };
}

/** Whether the viewer sees the track, or would with more bandwidth. A focus that is short of itself asks for nothing in advance. */
export function isOnScreen(grant: Grant): boolean {
  return grant.kind === 'layer' || (grant.reason !== 'hidden' && grant.reason !== 'overload');
}

function neededLayers(viewers: Iterable<Grant>, available: readonly boolean[]): Set<number> {
  const needed = new Set<number>();
  for (const grant of viewers) {
    if (!isOnScreen(grant)) continue;
    needed.add(available.indexOf(true));
    if (grant.kind === 'layer') needed.add(grant.layer);
  }
  return needed;
}

function nextDemand(needed: boolean, before: LayerDemand, now: number, lingerMs: number): LayerDemand {
  if (needed) return { kind: 'on' };
  switch (before.kind) {
    case 'off':
      return before;
    case 'on':
      return { kind: 'lingering', since: now };
    case 'lingering':
      return now - before.since >= lingerMs ? { kind: 'off' } : before;
  }
}
