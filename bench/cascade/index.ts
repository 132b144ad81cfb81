/** `npm run bench -- cascade`: a call over two foci of two operators, what crosses between them, and how fast. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Progress } from '../../demo/check/progress.ts';
import { describeFailure } from '../../setup/failure.mjs';
import { prepare } from '../../setup/prepare.ts';
import type { CascadeBench, CascadePart } from '../arguments.ts';
import { measureBytes } from './bytes.ts';
import { measureCalls } from './calls.ts';
import { measureHop } from './hop.ts';
import { playApart } from './lab/own-network.ts';
import { measureLayers } from './layers.ts';
import { MachineMeter } from './machine-meter.ts';
import type { Parts } from './place.ts';
import { judge, type Measured } from './result.ts';

/** Resolves to the exit code; stdout's last line is the result as JSON (see `Result`). */
export async function runCascade(bench: CascadeBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython, pageDir, loadPeer } = await prepare({
    systemPackages: ['chromium', 'iproute2'],
    loadPeers: true,
    signal,
  });
  if (loadPeer === undefined) throw new Error('there are no load peers');
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const progress = new Progress();
  const measured: Measured = {};
  const meter = await MachineMeter.start();
  const failures: string[] = [];
  const fail = (reason: string): void => {
    failures.push(reason);
    progress.complain(reason);
  };
  for (const part of bench.parts) {
    signal.throwIfAborted();
    progress.phase(part);
    try {
      await WORK[part](
        {
          stateDir: join(stateDir, part),
          workerBin: worker,
          synapsePython,
          pageDir,
          loadPeer,
          quick: bench.quick,
          progress,
          fail: reason => fail(`${part}: ${reason}`),
          signal,
        },
        measured,
      );
    } catch (error) {
      signal.throwIfAborted();
      progress.complain(describeFailure(error));
      failures.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  measured.machineBusyPct = await meter.busyPct();
  const result = judge(measured, bench.parts, failures);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  console.log(JSON.stringify(result));
  if (result.failures.length === 0) await rm(stateDir, { recursive: true, force: true });
  else progress.complain(`Logs and state are kept in ${stateDir}.`);
  return result.failures.length === 0 ? 0 : 1;
}

/** Each starts homeservers and foci of its own: what one leaves behind would be in the figures of the next. */
const WORK: Record<CascadePart, (parts: Parts, measured: Measured) => Promise<void>> = {
  calls: async (parts, measured) => {
    measured.calls = await measureCalls(parts);
  },
  hop: async (parts, measured) => {
    measured.hop = await measureHop(parts);
  },
  bytes: async (parts, measured) => {
    measured.bytes = await measureBytes(parts);
  },
  layers: async (parts, measured) => {
    measured.layers = await measureLayers(parts);
  },
  squeezed: async (parts, measured) => {
    measured.squeezed = await playApart('squeezed', parts);
  },
  cuts: async (parts, measured) => {
    measured.cuts = await playApart('cuts', parts);
  },
  refused: async (parts, measured) => {
    measured.refused = await playApart('refused', parts);
  },
};
