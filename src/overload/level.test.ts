/** What the focus does about its load, and how it comes back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bounds,
  CALM,
  CALM_AFTER_MS,
  CUT_EVERY_MS,
  type Level,
  nextLevel,
  RISE_AFTER_MS,
  SHED_AFTER_MS,
  videoShareOf,
} from './level.ts';

fc.configureGlobal({ seed: 20_261_128 });

const BOUNDS: Bounds = { refuseAt: 0.8, shedAt: 0.92 };
const LOOK_MS = 1_000;

/** Looks once a second at such loads; the level after each. */
function levelsFor(loads: readonly number[], from: Level = CALM): Level[] {
  let level = from;
  return loads.map((load, look) => (level = nextLevel(level, load, BOUNDS, look * LOOK_MS)));
}

/** A worker that takes `base`, and `video` for all of the video; it cannot take more than a core. */
function playedOut(base: number, video: number, seconds: number, from: Level = CALM, at = 0): Level[] {
  const levels: Level[] = [];
  let level = from;
  let shown = Math.min(1, base + video * videoShareOf(level));
  for (let second = 0; second < seconds; second += 1) {
    // A load is an average: it follows within seconds.
    shown += 0.4 * (Math.min(1, base + video * videoShareOf(level)) - shown);
    level = nextLevel(level, shown, BOUNDS, at + second * LOOK_MS);
    levels.push(level);
  }
  return levels;
}

function repeat(load: number, seconds: number): number[] {
  return Array.from({ length: seconds }, () => load);
}

/** The larger the graver. */
function gravity(level: Level): number {
  switch (level.kind) {
    case 'calm':
      return 0;
    case 'careful':
      return 1;
    case 'shedding':
      return 3 - level.videoShare;
  }
}

function changesIn(levels: readonly Level[]): number {
  return levels.filter((level, index) => {
    const before = levels[index - 1] ?? level;
    return before.kind !== level.kind || videoShareOf(before) !== videoShareOf(level);
  }).length;
}

describe('the way up', () => {
  it('refuses newcomers at once, before anybody gets less', () => {
    expect(levelsFor([0.79, 0.8, 0.9]).map(({ kind }) => kind)).toEqual(['calm', 'careful', 'careful']);
  });

  it('sheds where it lasts, not at a peak', () => {
    expect(levelsFor([0.95, 0.95, 0.85, 0.95, 0.95]).every(({ kind }) => kind === 'careful')).toBe(true);
    const [last] = levelsFor(repeat(0.93, 1 + SHED_AFTER_MS / LOOK_MS)).slice(-1);
    expect(last).toMatchObject({ kind: 'shedding', videoShare: 0.7 });
  });

  it('cuts further where that was not enough, and no sooner than a cut shows', () => {
    const shares = levelsFor(repeat(0.93, 12)).map(videoShareOf);
    const steps = shares.flatMap((share, second) => (share === shares[second - 1] ? [] : [second]));
    expect(steps.slice(2).every((second, index) => (second - (steps[index + 1] ?? 0)) * LOOK_MS >= CUT_EVERY_MS)).toBe(
      true,
    );
    expect(shares.at(-1)).toBeLessThan(0.25);
  });

  it('cuts more of a worker that is full: it cannot tell how much too much it has', () => {
    expect(videoShareOf(levelsFor(repeat(1, 3)).at(-1) ?? CALM)).toBe(0.5);
  });

  it('ends without any video where nothing else helps', () => {
    expect(videoShareOf(levelsFor(repeat(1, 60)).at(-1) ?? CALM)).toBe(0);
  });

  it('never sheds where video is not what the part has to do', () => {
    let level: Level = CALM;
    for (let now = 0; now < 60_000; now += LOOK_MS) {
      level = nextLevel(level, 50, { refuseAt: 1, shedAt: Number.POSITIVE_INFINITY }, now);
    }
    expect(level.kind).toBe('careful');
  });
});

describe('the way back', () => {
  it('lets newcomers in again once it has been low for a while', () => {
    const seconds = CALM_AFTER_MS / LOOK_MS;
    const levels = levelsFor([0.8, ...repeat(0.6, seconds + 1)]);
    expect(levels.slice(0, -1).every(({ kind }) => kind === 'careful')).toBe(true);
    expect(levels.at(-1)).toBe(CALM);
  });

  it('does not, where it is hardly lower', () => {
    expect(levelsFor([0.8, ...repeat(0.75, 120)]).at(-1)?.kind).toBe('careful');
  });

  it('gives video back in steps, one by one', () => {
    const shed = levelsFor(repeat(1, 20)).at(-1) ?? CALM;
    const levels = playedOut(0.1, 0, 200, shed, 20_000);
    const shares = levels.map(videoShareOf);
    expect(shares.every((share, second) => share >= (shares[second - 1] ?? 0))).toBe(true);
    expect(shares.every((share, second) => second === 0 || share - (shares[second - 1] ?? 0) <= 0.25)).toBe(true);
    expect(new Set(shares).size).toBeGreaterThan(5);
    expect(levels.at(-1)).toBe(CALM);
  });

  it('waits the longer the more often it was too early', () => {
    const levels = playedOut(0.3, 1, 900);
    const rises = levels.flatMap((level, second) =>
      videoShareOf(level) > videoShareOf(levels[second - 1] ?? level) ? [second] : [],
    );
    const pauses = rises.map((second, index) => second - (rises[index - 1] ?? second)).slice(1);
    expect(Math.max(...pauses) * LOOK_MS).toBeGreaterThanOrEqual(RISE_AFTER_MS.first * 2);
  });
});

describe('whatever the load', () => {
  const load = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.68, 0.8, 0.83, 0.92, 0.96, 1));
  const loads = fc.array(load, { maxLength: 120 });

  it('more of it never leads to less care', () => {
    fc.assert(
      fc.property(loads, load, load, (before, one, other) => {
        const level = levelsFor(before).at(-1) ?? CALM;
        const now = before.length * LOOK_MS;
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(gravity(nextLevel(level, more, BOUNDS, now))).toBeGreaterThanOrEqual(
          gravity(nextLevel(level, less, BOUNDS, now)),
        );
      }),
    );
  });

  it('newcomers are refused before anybody gets less, and the share stays a share', () => {
    fc.assert(
      fc.property(loads, all => {
        const levels = [CALM, ...levelsFor(all)];
        for (const [index, level] of levels.entries()) {
          const before = levels[index - 1];
          if (level.kind === 'shedding') expect(before?.kind).not.toBe('calm');
          expect(videoShareOf(level)).toBeGreaterThanOrEqual(0);
          expect(videoShareOf(level)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('it ends calm, with all video, within five minutes after it is over', () => {
    fc.assert(
      fc.property(loads, all => {
        const worst = levelsFor(all).at(-1) ?? CALM;
        const start = all.length * LOOK_MS;
        expect(playedOut(0.1, 0.2, 300, worst, start).at(-1)).toBe(CALM);
      }),
    );
  });

  it('it settles: what is too much is cut until it fits, and then changes seldom', () => {
    const base = fc.double({ min: 0.05, max: 0.7, noNaN: true });
    const video = fc.double({ min: 0.05, max: 4, noNaN: true });
    fc.assert(
      fc.property(base, video, (takes, wants) => {
        const levels = playedOut(takes, wants, 1_200);
        const settled = levels.slice(-600);
        // Ten minutes: a look for more each minute, and what it costs to take it back.
        expect(changesIn(settled)).toBeLessThanOrEqual(45);
        const tooMuch = settled.filter(level => takes + wants * videoShareOf(level) >= BOUNDS.shedAt);
        expect(tooMuch.length).toBeLessThan(settled.length / 4);
      }),
    );
  });

  it('a load that is no number changes nothing', () => {
    for (const level of levelsFor([0.5, 0.85, 0.95, 0.95, 0.95])) {
      expect(nextLevel(level, Number.NaN, BOUNDS, 99_000)).toBe(level);
    }
  });
});
