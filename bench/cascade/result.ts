/** The last line of stdout, and its bounds. Pure. */
import type { CascadePart } from '../arguments.ts';
import { type BytesFigures, judgeBytes, writeBytes } from './bytes-figures.ts';
import { type CallFigures, judgeCalls, writeCalls } from './call-figures.ts';
import { type HopFigures, judgeHop, writeHop } from './hop-figures.ts';
import { judgeLayers, type LayerFigures, writeLayers } from './layer-figures.ts';

/** undefined is what was not measured: a failure of a part that was asked for. */
export interface Measured {
  calls?: CallFigures;
  hop?: HopFigures;
  bytes?: BytesFigures;
  layers?: LayerFigures;
}

/** What was not measured is left out. */
export type Result = { sites: 2 } & Partial<
  ReturnType<typeof writeCalls> &
    ReturnType<typeof writeBytes> &
    ReturnType<typeof writeLayers> & { hop_ms: ReturnType<typeof writeHop> }
> & {
    /** Each missed bound, and what could not be measured. */
    failures: string[];
  };

/** @param failures what broke while it was measured */
export function judge(measured: Measured, parts: readonly CascadePart[], failures: readonly string[]): Result {
  const { calls, hop, bytes, layers } = measured;
  return {
    sites: 2,
    ...(calls && writeCalls(calls)),
    ...(hop && { hop_ms: writeHop(hop) }),
    ...(bytes && writeBytes(bytes)),
    ...(layers && writeLayers(layers)),
    failures: [...failures, ...parts.flatMap(part => MISSED[part](measured))],
  };
}

const MISSED: Record<CascadePart, (measured: Measured) => string[]> = {
  calls: ({ calls }) => (calls === undefined ? ['calls was not measured'] : judgeCalls(calls)),
  hop: ({ hop }) => (hop === undefined ? ['hop was not measured'] : judgeHop(hop)),
  bytes: ({ bytes }) => (bytes === undefined ? ['bytes was not measured'] : judgeBytes(bytes)),
  layers: ({ layers }) => (layers === undefined ? ['layers was not measured'] : judgeLayers(layers)),
};
