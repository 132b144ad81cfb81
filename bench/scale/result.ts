/** The last line of stdout, and its bounds. Pure. */
import type { ScaleBench, ScalePart } from '../arguments.ts';
import { type ForwardingFigures, judgeForwarding, writeForwarding } from './forwarding-figures.ts';

export interface Measured {
  forwarding: ForwardingFigures[] | null;
}

export function nothingMeasured(): Measured {
  return { forwarding: null };
}

export interface Result {
  forwarding: Record<string, unknown>[] | null;
  /** Empty where all bounds were kept. */
  failures: string[];
}

const LEAST_ROUNDS = 7;

/** @param failures what broke while it was measured */
export function judge(measured: Measured, { parts }: ScaleBench, failures: readonly string[]): Result {
  const { forwarding } = measured;
  const missed: Record<ScalePart, () => string[]> = {
    forwarding: () => (forwarding === null ? ['forwarding was not measured'] : judgeForwarding(forwarding, LEAST_ROUNDS)),
    join: () => [],
    capacity: () => [],
    soak: () => [],
  };
  return {
    forwarding: forwarding?.map(writeForwarding) ?? null,
    failures: [...failures, ...parts.flatMap(part => missed[part]())],
  };
}
