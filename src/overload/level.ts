/** How full one part of the focus is (a media worker, or the process that signals), and what follows from it. Pure. */

/** From which load on what happens; in the unit of the load. */
export interface Bounds {
  /** Newcomers are refused. */
  readonly refuseAt: number;
  /** Viewers get less video. Infinity for a part that video does not pass. */
  readonly shedAt: number;
}

export type Level =
  | { readonly kind: 'calm' }
  /** Newcomers are refused. */
  | {
      readonly kind: 'careful';
      /** Since when the load is low enough to be calm, ms; `undefined` while it is not. */
      readonly lowSince: number | undefined;
      /** Since when it is high enough to shed, ms; `undefined` while it is not. */
      readonly highSince: number | undefined;
    }
  /** Newcomers are refused, and each viewer gets a share of the video that it wants. Voices are not touched. */
  | {
      readonly kind: 'shedding';
      /** 0 to 1: with all of it back, it has to hold for a while before the next level. */
      readonly videoShare: number;
      /** ms. */
      readonly changedAt: number;
      /** What the last change was. */
      readonly last: 'cut' | 'rise';
      /** Since when the load is low enough for more, ms; `undefined` while it is not. */
      readonly lowSince: number | undefined;
      /** How long it has to be low before the next rise, ms. */
      readonly riseAfter: number;
    };

export const CALM: Level = { kind: 'calm' };

/** ms. A load is an average over some seconds already: so long it must be over the bound to be more than a peak. */
export const SHED_AFTER_MS = 2_000;
/** ms between two cuts: a cut shows in the load after so long. */
export const CUT_EVERY_MS = 3_000;
/** What a cut leaves; of a part that is full, which cannot tell how much too much it has. */
const CUT = 0.7;
const CUT_WHEN_FULL = 0.5;
/** A share below this is none: a picture of so little is none. */
const LEAST_SHARE = 0.04;

/** Below these shares of the bounds it is low enough: for newcomers, and for more video. */
const CALM_BELOW = 0.85;
const RISE_BELOW = 0.9;
/** ms that it has to be so. */
export const CALM_AFTER_MS = 10_000;
/** ms; twice as long each time that a rise is followed by a cut within `RISE_FAILS_WITHIN_MS`, half of it after one that holds. */
export const RISE_AFTER_MS = { first: 5_000, longest: 60_000 } as const;
const RISE_FAILS_WITHIN_MS = 8_000;
/** A rise makes the share a quarter larger, by this at least. */
const RISE = 1.25;
const LEAST_RISE = 0.05;

/** The share of video that a level leaves to viewers, 0 to 1. */
export function videoShareOf(level: Level): number {
  return level.kind === 'shedding' ? level.videoShare : 1;
}

/** The level at `now` (ms, never going back) for the load measured then. A load that is no number changes nothing. */
export function nextLevel(level: Level, load: number, bounds: Bounds, now: number): Level {
  if (Number.isNaN(load)) return level;
  switch (level.kind) {
    case 'calm':
      return load >= bounds.refuseAt ? nextLevel(CAREFUL, load, bounds, now) : level;
    case 'careful': {
      const highSince = since(load >= bounds.shedAt, level.highSince, now);
      if (highSince !== undefined && now - highSince >= SHED_AFTER_MS)
        return cut(1, RISE_AFTER_MS.first, load, bounds, now);
      const lowSince = since(load < bounds.refuseAt * CALM_BELOW, level.lowSince, now);
      return lowSince !== undefined && now - lowSince >= CALM_AFTER_MS
        ? CALM
        : { kind: 'careful', lowSince, highSince };
    }
    case 'shedding': {
      const lowSince = since(load < bounds.shedAt * RISE_BELOW, level.lowSince, now);
      if (load >= bounds.shedAt && now - level.changedAt >= CUT_EVERY_MS) {
        return cut(level.videoShare, riseAfterCut(level, now), load, bounds, now);
      }
      return lowSince !== undefined && now - Math.max(lowSince, level.changedAt) >= level.riseAfter
        ? rise(level, now)
        : { ...level, lowSince };
    }
  }
}

const CAREFUL: Level = { kind: 'careful', lowSince: undefined, highSince: undefined };

function since(holds: boolean, before: number | undefined, now: number): number | undefined {
  return holds ? (before ?? now) : undefined;
}

function cut(share: number, riseAfter: number, load: number, { shedAt }: Bounds, now: number): Level {
  const isFull = load >= (shedAt + 1) / 2;
  const left = share * (isFull ? CUT_WHEN_FULL : CUT);
  return {
    kind: 'shedding',
    videoShare: left < LEAST_SHARE ? 0 : left,
    changedAt: now,
    last: 'cut',
    lowSince: undefined,
    riseAfter,
  };
}

type Shedding = Extract<Level, { kind: 'shedding' }>;

/** A rise that had to be taken back was too early. */
function riseAfterCut({ last, changedAt, riseAfter }: Shedding, now: number): number {
  const failed = last === 'rise' && now - changedAt < RISE_FAILS_WITHIN_MS;
  return failed ? Math.min(riseAfter * 2, RISE_AFTER_MS.longest) : riseAfter;
}

function rise(level: Shedding, now: number): Level {
  if (level.videoShare === 1) return CAREFUL;
  const videoShare = Math.min(1, Math.max(level.videoShare * RISE, level.videoShare + LEAST_RISE));
  // The one before held for so long that this one could follow.
  const riseAfter = level.last === 'rise' ? Math.max(level.riseAfter / 2, RISE_AFTER_MS.first) : level.riseAfter;
  return { kind: 'shedding', videoShare, changedAt: now, last: 'rise', lowSince: undefined, riseAfter };
}
