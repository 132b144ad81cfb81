/** The last line of stdout, and its bounds. Pure. */
import type { ScaleBench, ScalePart } from '../arguments.ts';
import type { RunResult } from '../../loadtest/tester/result.ts';
import { judgeCapacity, writeCapacity } from './capacity-figures.ts';
import { type ForwardingFigures, judgeForwarding, writeForwarding } from './forwarding-figures.ts';
import { type Joins, judgeJoins, residentPerParticipant, writeJoins } from './join-figures.ts';
import { judgeSoak, type SoakFigures, writeSoak } from './soak-figures.ts';

export interface Measured {
  forwarding: ForwardingFigures[] | null;
  joins: Joins | null;
  soak: SoakFigures | null;
  capacity: RunResult[] | null;
}

export function nothingMeasured(): Measured {
  return { forwarding: null, joins: null, soak: null, capacity: null };
}

/** null is what was not measured: a failure of a part that was asked for. */
export interface Result {
  forwarding: Record<string, unknown>[] | null;
  capacity: Record<string, unknown> | null;
  join: Record<string, unknown> | null;
  rss_kb_per_participant: number | null;
  loop_lag_p99_ms: number | null;
  soak: Record<string, unknown> | null;
  /** Empty where all bounds were kept. */
  failures: string[];
}

const LEAST_ROUNDS = 7;

/** @param failures what broke while it was measured */
export function judge(measured: Measured, { parts }: Pick<ScaleBench, 'parts'>, failures: readonly string[]): Result {
  const { forwarding, joins, soak, capacity } = measured;
  const missed: Record<ScalePart, () => string[]> = {
    forwarding: () =>
      forwarding === null ? ['forwarding was not measured'] : judgeForwarding(forwarding, LEAST_ROUNDS),
    join: () => (joins === null ? ['join was not measured'] : judgeJoins(joins)),
    capacity: () => (capacity === null ? ['capacity was not measured'] : judgeCapacity(capacity)),
    soak: () => (soak === null ? ['soak was not measured'] : judgeSoak(soak)),
  };
  const resident = joins === null ? undefined : residentPerParticipant(joins.resident);
  return {
    forwarding: forwarding?.map(writeForwarding) ?? null,
    capacity: capacity === null ? null : writeCapacity(capacity),
    join: joins === null ? null : writeJoins(joins),
    rss_kb_per_participant: resident === undefined ? null : Math.round(resident / 1_024),
    loop_lag_p99_ms: joins?.loopLagMs === undefined ? null : Number(joins.loopLagMs.toFixed(1)),
    soak: soak === null ? null : writeSoak(soak),
    failures: [...failures, ...parts.flatMap(part => missed[part]())],
  };
}
