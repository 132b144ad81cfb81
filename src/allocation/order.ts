/** Who comes first when not all fit. */
import type { VideoWant } from './wants.ts';

/** Ranks rise to their ideal one after the other, within a rank round by round. */
export type Rank = 'pinned' | 'screen' | 'lowest' | 'speaker' | 'other';

/** Best first. */
export const RANKS: readonly Rank[] = ['pinned', 'screen', 'lowest', 'speaker', 'other'];

/** A video at its place in the order. */
export interface Ranked {
  readonly want: VideoWant;
  readonly rank: Rank;
}

/**
 * The order of one viewer's videos: pinned, then screens, then by who spoke last, then by larger area, then by key. `speaker`
 * is the rank of one: the camera whose participant spoke last, of those that are visible and not pinned.
 *
 * On a trunk each layer is a want: the lowest ones come first, whoever's they are, then those of more viewers. `lowest` is their rank.
 */
export function inOrder(wants: readonly VideoWant[]): Ranked[] {
  let speakerFound = false;
  return wants.toSorted(compare).map(want => {
    if (want.shared !== undefined) return { want, rank: want.shared.layer === 0 ? 'lowest' : 'other' };
    if (want.pinned) return { want, rank: 'pinned' };
    if (want.purpose === 'screen') return { want, rank: 'screen' };
    // They are sorted by who spoke last: the first one that did is the latest.
    if (speakerFound || !want.visible || speakingOf(want) === Infinity) return { want, rank: 'other' };
    speakerFound = true;
    return { want, rank: 'speaker' };
  });
}

/**
 * The worker's consumer priority for a rank, 1 to 255. The worker gives each consumer one step, then as many at a time as
 * its priority says, highest first: so 1 makes equals rise round by round there as they do here.
 */
export function workerPriority(rank: Rank): number {
  switch (rank) {
    case 'pinned':
      return 255;
    case 'screen':
      return 254;
    case 'lowest':
    case 'speaker':
      return 253;
    case 'other':
      return 1;
  }
}

function compare(a: VideoWant, b: VideoWant): number {
  return (
    Number(isAboveLowest(a)) - Number(isAboveLowest(b)) ||
    smallerFirst(b.shared?.viewers ?? 0, a.shared?.viewers ?? 0) ||
    smallerFirst(a.shared?.layer ?? 0, b.shared?.layer ?? 0) ||
    Number(b.pinned) - Number(a.pinned) ||
    Number(b.purpose === 'screen') - Number(a.purpose === 'screen') ||
    smallerFirst(speakingOf(a), speakingOf(b)) ||
    smallerFirst(areaOf(b), areaOf(a)) ||
    smallerFirst(a.key, b.key)
  );
}

function isAboveLowest({ shared }: VideoWant): boolean {
  return shared !== undefined && shared.layer > 0;
}

function smallerFirst<T extends number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

// NaN compares with nothing, and would leave the order to chance.
function speakingOf(want: VideoWant): number {
  return want.speaking === undefined || Number.isNaN(want.speaking) ? Infinity : want.speaking;
}

function areaOf(want: VideoWant): number {
  return want.area > 0 ? want.area : 0;
}
