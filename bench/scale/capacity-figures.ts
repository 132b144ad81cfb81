/** How many participants a scenario holds, and what each more of them costs. Pure. */
import type { HeldStep, RunResult, Sample } from '../../loadtest/tester/result.ts';
import { type Point, slopeOf } from './figures.ts';

export const CAPACITY_SCENARIOS = ['webinar', 'meeting', 'audio-room'] as const;
export type CapacityScenario = (typeof CAPACITY_SCENARIOS)[number];

/** What each more participant takes of the focus, over the steps that were held. */
export interface CostSlopes {
  /** Of a core, in percent. */
  workerPct: number | undefined;
  nodePct: number | undefined;
  /** Resident memory, bytes. */
  rssBytes: number | undefined;
}

export function slopesOf({ steps, samples }: Pick<RunResult, 'steps' | 'samples'>): CostSlopes {
  const held = steps.filter(({ outcome }) => outcome === 'held');
  const slope = (of: (sample: Sample) => number | undefined): number | undefined =>
    slopeOf(held.flatMap(step => meanDuring(step, samples, of) ?? []));
  return {
    workerPct: slope(({ focus }) => focus?.workerPct),
    nodePct: slope(({ focus }) => focus?.nodePct),
    rssBytes: slope(({ focus }) => focus?.rssBytes),
  };
}

function meanDuring(
  { fromMs, toMs, participants }: HeldStep,
  samples: readonly Sample[],
  of: (sample: Sample) => number | undefined,
): Point | undefined {
  const values = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).flatMap(sample => of(sample) ?? []);
  if (values.length === 0) return undefined;
  return { x: participants, y: values.reduce((sum, value) => sum + value, 0) / values.length };
}

/** Why a run says nothing of the capacity, in words. */
export function judgeCapacity(runs: readonly RunResult[]): string[] {
  return runs.flatMap(({ scenario: { name }, capacity }) => {
    switch (capacity?.kind) {
      case undefined:
        return [`capacity of ${name}: no step came to its end`];
      case 'void':
        return [`capacity of ${name}: ${capacity.reason}`];
      case 'at-least':
        return [`capacity of ${name}: all ${capacity.held} were held, so the most is not known`];
      case 'found':
        return capacity.held > 0 ? [] : [`capacity of ${name}: not even ${capacity.failedAt} were held`];
    }
  });
}

/** As it stands in the last line of stdout; by the names of the scenarios. */
export function writeCapacity(runs: readonly RunResult[]): Record<string, unknown> {
  return Object.fromEntries(runs.map(run => [run.scenario.name.replaceAll('-', '_'), writeRun(run)]));
}

function writeRun(run: RunResult): Record<string, unknown> {
  const { workerPct, nodePct, rssBytes } = slopesOf(run);
  const each = {
    worker_pct: rounded(workerPct, 3),
    node_pct: rounded(nodePct, 3),
    rss_kb: rounded(rssBytes === undefined ? undefined : rssBytes / 1_024, 0),
  };
  return { ...writeHeld(run), each };
}

function writeHeld({ capacity, steps }: RunResult): Record<string, unknown> {
  switch (capacity?.kind) {
    case 'found':
      return { held: capacity.held, failed_at: capacity.failedAt, limit: capacity.limit };
    case 'at-least':
      return { held: capacity.held, failed_at: null, limit: null };
    case 'void':
    case undefined: {
      const held = steps.filter(({ outcome }) => outcome === 'held').at(-1)?.participants ?? 0;
      return { held, failed_at: null, limit: capacity?.limit ?? null };
    }
  }
}

function rounded(value: number | undefined, digits: number): number | null {
  return value === undefined ? null : Number(value.toFixed(digits));
}
