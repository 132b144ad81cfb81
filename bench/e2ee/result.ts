/** The last line of stdout. Pure. */
import type { E2eePart } from '../arguments.ts';
import {
  type CallFigures,
  type CostRound,
  judgeCall,
  judgeCost,
  judgeTrunk,
  type TrunkFigures,
  writeCall,
  writeCost,
  type WrittenReplay,
} from './figures.ts';

/** undefined is what was not measured: a failure of a part that was asked for. */
export interface Measured {
  /** What does not come out as the RFC has it. */
  vectors?: readonly string[];
  call?: CallFigures;
  cost?: readonly CostRound[];
  trunk?: TrunkFigures;
}

/** null is what was not measured. */
export interface Result {
  participants: number | null;
  pairs: number | null;
  decoded: number | null;
  frames_identical_pct: number | null;
  replayed: WrittenReplay[];
  rekey_ms: number | null;
  rekey_gap_ms: number | null;
  cpu_ratio: number | null;
  bytes_ratio: number | null;
  rfc9605_vectors: 'pass' | 'fail' | null;
  across_trunk: TrunkFigures | null;
  /** Each missed bound, and what could not be measured. */
  failures: string[];
}

/** @param failures what broke while it was measured */
export function judge(measured: Measured, parts: readonly E2eePart[], failures: readonly string[]): Result {
  const { vectors, call, cost, trunk } = measured;
  const written = call && writeCall(call);
  return {
    participants: written?.participants ?? null,
    pairs: written?.pairs ?? null,
    decoded: written?.decoded ?? null,
    frames_identical_pct: written?.frames_identical_pct ?? null,
    replayed: written?.replayed ?? [],
    rekey_ms: written?.rekey_ms ?? null,
    rekey_gap_ms: written?.rekey_gap_ms ?? null,
    cpu_ratio: cost === undefined ? null : writeCost(cost),
    bytes_ratio: written?.bytes_ratio ?? null,
    rfc9605_vectors: vectors === undefined ? null : vectors.length === 0 ? 'pass' : 'fail',
    across_trunk: trunk === undefined ? null : { pairs: trunk.pairs, decoded: trunk.decoded },
    failures: [...failures, ...parts.flatMap(part => MISSED[part](measured))],
  };
}

const MISSED: Record<E2eePart, (measured: Measured) => string[]> = {
  vectors: ({ vectors }) => vectors?.map(missed => `RFC 9605: ${missed}`) ?? ['vectors was not measured'],
  call: ({ call }) => (call === undefined ? ['call was not measured'] : judgeCall(call)),
  cost: ({ cost }) => (cost === undefined ? ['cost was not measured'] : judgeCost(cost)),
  trunk: ({ trunk }) => (trunk === undefined ? ['trunk was not measured'] : judgeTrunk(trunk)),
};
