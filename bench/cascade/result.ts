/** The last line of stdout, and its bounds. Pure. */
import type { CascadePart } from '../arguments.ts';
import { type BytesFigures, judgeBytes, writeBytes } from './bytes-figures.ts';
import { type CallFigures, judgeCalls, writeCalls } from './call-figures.ts';
import { type Cuts, judgeCuts, writeCuts } from './cut-figures.ts';
import { type HopFigures, judgeHop, writeHop } from './hop-figures.ts';
import { judgeLayers, type LayerFigures, writeLayers } from './layer-figures.ts';
import { judgeRefused, type Refusals, writeRefused } from './refused/figures.ts';
import { judgeSqueezed, type Squeezed, writeSqueezed } from './squeezed-figures.ts';

/** undefined is what was not measured: a failure of a part that was asked for. */
export interface Measured {
  calls?: CallFigures;
  hop?: HopFigures;
  bytes?: BytesFigures;
  layers?: LayerFigures;
  squeezed?: Squeezed;
  cuts?: Cuts;
  refused?: Refusals;
  /** Of all cores, over the whole run, %. */
  machineBusyPct?: number;
}

/** What was not measured is left out. */
export type Result = { sites: 2 } & Partial<
  ReturnType<typeof writeCalls> &
    ReturnType<typeof writeBytes> &
    ReturnType<typeof writeLayers> &
    ReturnType<typeof writeCuts> & {
      hop_ms: ReturnType<typeof writeHop>;
      squeezed: ReturnType<typeof writeSqueezed>;
      refused: ReturnType<typeof writeRefused>;
      machine_busy_pct: number;
    }
> & {
    /** Each missed bound, and what could not be measured. */
    failures: string[];
  };

/** @param failures what broke while it was measured */
export function judge(measured: Measured, parts: readonly CascadePart[], failures: readonly string[]): Result {
  const { calls, hop, bytes, layers, squeezed, cuts, refused, machineBusyPct } = measured;
  return {
    sites: 2,
    ...(calls && writeCalls(calls)),
    ...(hop && { hop_ms: writeHop(hop) }),
    ...(bytes && writeBytes(bytes)),
    ...(layers && writeLayers(layers)),
    ...(squeezed && { squeezed: writeSqueezed(squeezed) }),
    ...(cuts && writeCuts(cuts)),
    ...(refused && { refused: writeRefused(refused) }),
    ...(machineBusyPct !== undefined && { machine_busy_pct: machineBusyPct }),
    failures: [...failures, ...parts.flatMap(part => MISSED[part](measured))],
  };
}

const MISSED: Record<CascadePart, (measured: Measured) => string[]> = {
  calls: ({ calls }) => (calls === undefined ? ['calls was not measured'] : judgeCalls(calls)),
  hop: ({ hop }) => (hop === undefined ? ['hop was not measured'] : judgeHop(hop)),
  bytes: ({ bytes }) => (bytes === undefined ? ['bytes was not measured'] : judgeBytes(bytes)),
  layers: ({ layers }) => (layers === undefined ? ['layers was not measured'] : judgeLayers(layers)),
  squeezed: ({ squeezed }) => (squeezed === undefined ? ['squeezed was not measured'] : judgeSqueezed(squeezed)),
  cuts: ({ cuts }) => (cuts === undefined ? ['cuts was not measured'] : judgeCuts(cuts)),
  refused: ({ refused }) => (refused === undefined ? ['refused was not measured'] : judgeRefused(refused)),
};
