/** Single figures out of a run's samples: means of a time, shares, slopes. Pure. */
import { type HeldStep, type ProcessSample, type RunResult, type Sample, type Spread, UNHAPPINESS } from './result.ts';

/** Of the samples of a time; undefined where none of them tells. CPU in percent of one core, rates in bit/s. */
export interface MeanFigures {
  participants: number;
  cpuPct: number | undefined;
  nodePct: number | undefined;
  workerPct: number | undefined;
  rssBytes: number | undefined;
  homeserverPct: number | undefined;
  bitrateIn: number | undefined;
  bitrateOut: number | undefined;
  lostPct: number | undefined;
  /** The largest, not the mean. */
  unhappyPct: number | undefined;
}

/** Share of the receivers that are unhappy now, 0 to 100. Each counts once, by the first reason that holds. */
export function unhappyPct({ receivers, unhappy }: Pick<Sample, 'receivers' | 'unhappy'>): number {
  if (receivers === 0) return 0;
  const count = UNHAPPINESS.reduce((sum, reason) => sum + unhappy[reason], 0);
  return Math.min(100, (100 * count) / receivers);
}

/** A sample tells of the second before it. */
export function samplesIn(samples: readonly Sample[], { fromMs, toMs }: { fromMs: number; toMs: number }): Sample[] {
  return samples.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
}

export function meanFigures(samples: readonly Sample[], step: HeldStep): MeanFigures {
  const inside = samplesIn(samples, step);
  const focus = (of: (focus: ProcessSample) => number | undefined): number | undefined =>
    mean(inside.map(sample => sample.focus && of(sample.focus)));
  return {
    participants: step.participants,
    cpuPct: focus(({ cpuPct }) => cpuPct),
    nodePct: focus(({ nodePct }) => nodePct),
    workerPct: focus(({ workerPct }) => workerPct),
    rssBytes: focus(({ rssBytes }) => rssBytes),
    homeserverPct: mean(inside.map(({ homeserver }) => homeserver?.cpuPct)),
    bitrateIn: mean(inside.map(({ bitrateIn }) => bitrateIn)),
    bitrateOut: mean(inside.map(({ bitrateOut }) => bitrateOut)),
    lostPct: mean(inside.map(({ lostPct }) => lostPct)),
    unhappyPct: inside.length === 0 ? undefined : Math.max(...inside.map(unhappyPct)),
  };
}

/** The figures of each step that was held, up to the first that was not. */
export function heldFigures({ samples, steps }: RunResult): MeanFigures[] {
  const end = steps.findIndex(({ outcome }) => outcome !== 'held');
  return steps.slice(0, end === -1 ? undefined : end).map(step => meanFigures(samples, step));
}

/** Of those that say something. */
export function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

export interface Line {
  slope: number;
  /** At x = 0. */
  base: number;
}

/** The straight line next to the points (least squares); undefined of fewer than two different x. */
export function lineThrough(points: readonly { x: number; value: number }[]): Line | undefined {
  const meanX = mean(points.map(({ x }) => x)) ?? 0;
  const meanValue = mean(points.map(({ value }) => value)) ?? 0;
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) return undefined;
  const slope = points.reduce((sum, { x, value }) => sum + (x - meanX) * (value - meanValue), 0) / spread;
  return { slope, base: meanValue - slope * meanX };
}

/**
 * What one participant more costs in steps that were held.
 *
 * @param from participants below which a step does not count
 */
export function costOf(
  result: RunResult,
  figure: 'cpuPct' | 'nodePct' | 'workerPct' | 'rssBytes',
  from = 0,
): Line | undefined {
  return lineThrough(
    heldFigures(result).flatMap(({ participants, [figure]: value }) =>
      value === undefined || participants < from ? [] : [{ x: participants, value }],
    ),
  );
}

/** The newest of `samples` that tells of joins which came to their end. */
export function lastSpread(samples: readonly Sample[], of: 'joinMs' | 'firstMediaMs'): Spread | undefined {
  return samples.findLast(sample => sample[of] !== undefined)?.[of];
}
