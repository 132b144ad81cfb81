/** What was measured, as the report takes it. Pure. */
import type { Range, ScaleResult } from '../../loadtest/report/scale/result.ts';
import type { RunResult } from '../../loadtest/tester/result.ts';
import type { Spread } from './figures.ts';
import type { Measured } from './result.ts';
import { GROWTH_UNDER_PCT, windowsOf } from './soak-figures.ts';

export interface RunNotes {
  startedAt: Date;
  durationMs: number;
  machine: RunResult['machine'];
  failures: readonly string[];
}

export function reportOf(measured: Measured, { startedAt, durationMs, machine, failures }: RunNotes): ScaleResult {
  return {
    schema: 1,
    startedAt: startedAt.toISOString(),
    durationMs,
    machine,
    forwarding: (measured.forwarding ?? [])
      // The report knows one way of pacing a frame.
      .filter(({ burst }) => burst !== '10')
      .map(({ receivers, kind, worker, node, bare, floor }) => ({
        receivers,
        kind,
        worker: rangeOf(worker),
        node: rangeOf(node),
        bare: rangeOf(bare),
        floor: rangeOf(floor),
      })),
    capacity: measured.capacity ?? [],
    joinCost: (measured.joins?.costs ?? []).map(({ participants, eachMs }) => ({ participants, cpuMs: eachMs })),
    soak: soakOf(measured),
    failures: [...failures],
  };
}

function rangeOf({ median, min, max }: Spread): Range {
  return { median, min, max };
}

function soakOf({ soak }: Measured): ScaleResult['soak'] {
  if (soak === null) return undefined;
  const { earlier, later } = windowsOf(soak.minutes);
  return {
    description: `${soak.joins} joins in ${soak.minutes} minutes into three calls that begin and end; one of four viewers goes without a word`,
    samples: soak.samples.map(({ atMs, node, worker }) => ({ atMs, nodeRss: node, workerRss: worker })),
    judged: { first: earlier, last: later },
    mostGrowthPct: GROWTH_UNDER_PCT,
    before: soak.before,
    after: soak.after,
  };
}
