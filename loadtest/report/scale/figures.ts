/** What the report of scale tells in numbers. Pure. */
import { costOf, type Line } from '../../tester/figures.ts';
import type { RunResult } from '../../tester/result.ts';
import type { Forwarding, JoinCost, Range, ScaleResult, Soak, SoakSample } from './result.ts';

/** Below this a call is no load: what it costs is the cost of being there. */
const SLOPES_FROM = 10;

export interface Slopes {
  workerPct: Line | undefined;
  nodePct: Line | undefined;
  rssBytes: Line | undefined;
}

/** What each participant more costs, from 10 to the knee. */
export function slopesOf(run: RunResult): Slopes {
  return {
    workerPct: costOf(run, 'workerPct', SLOPES_FROM),
    nodePct: costOf(run, 'nodePct', SLOPES_FROM),
    rssBytes: costOf(run, 'rssBytes', SLOPES_FROM),
  };
}

export interface Growth {
  /** Means of both times, bytes. */
  first: number;
  last: number;
  /** Of the first, 0 to 100; less than 0 where it shrank. */
  pct: number;
  isWithinBound: boolean;
}

/** Undefined where one of the judged times has no sample. */
export function growthOf(soak: Soak, of: 'nodeRss' | 'workerRss'): Growth | undefined {
  const meanIn = ({ fromMs, toMs }: { fromMs: number; toMs: number }): number => {
    const inside = soak.samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return inside.reduce((sum, sample: SoakSample) => sum + sample[of], 0) / inside.length;
  };
  const [first, last] = [meanIn(soak.judged.first), meanIn(soak.judged.last)];
  if (!(first > 0) || Number.isNaN(last)) return undefined;
  const pct = (100 * (last - first)) / first;
  return { first, last, pct, isWithinBound: pct <= soak.mostGrowthPct };
}

export interface Handles {
  kind: string;
  before: number;
  after: number;
}

/** All kinds that were there before or after; what is left over first. */
export function handlesOf({ before, after }: Soak): Handles[] {
  const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return kinds
    .map(kind => ({ kind, before: before[kind] ?? 0, after: after[kind] ?? 0 }))
    .toSorted((a, b) => b.after - b.before - (a.after - a.before) || a.kind.localeCompare(b.kind));
}

/** Undefined of no joins. */
export function joinRange({ cpuMs }: JoinCost): Range | undefined {
  const sorted = cpuMs.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const [below = min, above = max] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { min, median: (below + above) / 2, max };
}

/** The point with most receivers of a kind, which is what an operator pays for. */
export function mostReceivers({ forwarding }: ScaleResult, kind: Forwarding['kind']): Forwarding | undefined {
  return forwarding.filter(point => point.kind === kind).toSorted((a, b) => b.receivers - a.receivers)[0];
}
