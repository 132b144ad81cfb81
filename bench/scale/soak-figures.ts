/** Whether a focus stays as it is while people come and go for long. Pure. */
import type { FocusMetrics } from './focus-metrics.ts';
import { growthPct } from './figures.ts';

/** Resident memory at a time, bytes. */
export interface ResidentSample {
  atMs: number;
  node: number;
  worker: number;
}

export interface Window {
  fromMs: number;
  toMs: number;
}

/** What is compared: minutes 5 to 8 with the last three; of a short run, its second and its last quarter. */
export function windowsOf(minutes: number): { earlier: Window; later: Window } {
  const minute = 60_000;
  if (minutes >= 11)
    return {
      earlier: { fromMs: 5 * minute, toMs: 8 * minute },
      later: { fromMs: (minutes - 3) * minute, toMs: minutes * minute },
    };
  const quarter = (minutes * minute) / 4;
  return { earlier: { fromMs: quarter, toMs: 2 * quarter }, later: { fromMs: 3 * quarter, toMs: 4 * quarter } };
}

export interface SoakFigures {
  minutes: number;
  joins: number;
  /** Of resident memory, from the earlier window to the later one. */
  nodeGrowthPct: number;
  workerGrowthPct: number;
  samples: readonly ResidentSample[];
  /** What has to be after everybody left as it was before, by the name of its metric. */
  before: Record<string, number>;
  after: Record<string, number>;
}

export function growthOf(
  minutes: number,
  samples: readonly ResidentSample[],
): Pick<SoakFigures, 'nodeGrowthPct' | 'workerGrowthPct'> | undefined {
  const { earlier, later } = windowsOf(minutes);
  const within = ({ fromMs, toMs }: Window, of: (sample: ResidentSample) => number): number[] =>
    samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(of);
  const growth = (of: (sample: ResidentSample) => number): number | undefined =>
    growthPct(within(earlier, of), within(later, of));
  const [nodeGrowthPct, workerGrowthPct] = [growth(({ node }) => node), growth(({ worker }) => worker)];
  if (nodeGrowthPct === undefined || workerGrowthPct === undefined) return undefined;
  return { nodeGrowthPct, workerGrowthPct };
}

/** Metrics that have to be after everybody left as they were before. */
const HANDLES =
  /^(?:weir_media_handles|nodejs_active_resources|weir_conferences|weir_participants|weir_subscriptions|weir_signal_lines)(?:\{|$)/;

export function handlesIn(metrics: FocusMetrics): Record<string, number> {
  return Object.fromEntries([...metrics].filter(([name]) => HANDLES.test(name)));
}

/** What there is more of afterwards, by the name of its metric. */
export function leakedIn({ before, after }: Pick<SoakFigures, 'before' | 'after'>): Record<string, number> {
  const more = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}

export function sumOf(leaked: Record<string, number>): number {
  return Object.values(leaked).reduce((sum, count) => sum + count, 0);
}

export const GROWTH_UNDER_PCT = 5;

/** Bounds that were missed, in words. */
export function judgeSoak(soak: SoakFigures): string[] {
  const { nodeGrowthPct, workerGrowthPct, joins } = soak;
  const leaked = leakedIn(soak);
  const missed: string[] = [];
  for (const [name, growth] of [
    ['Node', nodeGrowthPct],
    ['the worker', workerGrowthPct],
  ] as const) {
    if (growth >= GROWTH_UNDER_PCT)
      missed.push(
        `soak: memory of ${name} grew by ${growth.toFixed(1)} %, and has to by less than ${GROWTH_UNDER_PCT}`,
      );
  }
  if (sumOf(leaked) > 0) missed.push(`soak: left behind: ${JSON.stringify(leaked)}`);
  if (joins === 0) missed.push('soak: nobody joined');
  return missed;
}

/** As it stands in the last line of stdout. */
export function writeSoak(soak: SoakFigures): Record<string, unknown> {
  const leaked = leakedIn(soak);
  const round = (value: number): number => Number(value.toFixed(2));
  return {
    minutes: soak.minutes,
    joins: soak.joins,
    rss_growth_pct: round(Math.max(soak.nodeGrowthPct, soak.workerGrowthPct)),
    node_rss_growth_pct: round(soak.nodeGrowthPct),
    worker_rss_growth_pct: round(soak.workerGrowthPct),
    leaked: sumOf(leaked),
    left_behind: leaked,
  };
}
