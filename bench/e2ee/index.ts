/** `npm run bench -- e2ee`: an encrypted call, who can read it, and what that costs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Progress } from '../../demo/check/progress.ts';
import { describeFailure } from '../../setup/failure.mjs';
import { prepare } from '../../setup/prepare.ts';
import type { E2eeBench, E2eePart } from '../arguments.ts';
import { measureCall } from './parts/call.ts';
import { measureCost } from './parts/cost.ts';
import type { Parts } from './parts/place.ts';
import { takeScreenshots } from './parts/screenshots.ts';
import { measureTrunk } from './parts/trunk.ts';
import { judge, type Measured } from './result.ts';
import { missedVectors } from './vectors.ts';

/** Resolves to the exit code; stdout's last line is the result as JSON (see `Result`). */
export async function runE2ee(bench: E2eeBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython, pageDir, loadPeer } = await prepare({
    systemPackages: ['chromium', 'firefox-esr'],
    loadPeers: true,
    signal,
  });
  if (loadPeer === undefined) throw new Error('there are no load peers');
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const progress = new Progress();
  const measured: Measured = {};
  const failures: string[] = [];
  /** Plays one part; one that breaks takes nothing of the others with it. */
  const play = async (name: string, work: (parts: Parts) => Promise<void>): Promise<void> => {
    signal.throwIfAborted();
    progress.phase(name);
    const fail = (reason: string): void => {
      failures.push(`${name}: ${reason}`);
      progress.complain(reason);
    };
    try {
      await work({
        stateDir: join(stateDir, name),
        workerBin: worker,
        synapsePython,
        pageDir,
        loadPeer,
        rounds: bench.rounds,
        progress,
        fail,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      progress.complain(describeFailure(error));
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (const part of bench.parts) await play(part, parts => WORK[part](parts, measured));
  const { screenshots } = bench;
  if (screenshots !== undefined) await play('screenshots', parts => takeScreenshots(parts, resolve(screenshots)));
  const result = judge(measured, bench.parts, failures);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  console.log(JSON.stringify(result));
  if (result.failures.length === 0) await rm(stateDir, { recursive: true, force: true });
  else progress.complain(`Logs, state and the recording are kept in ${stateDir}.`);
  return result.failures.length === 0 ? 0 : 1;
}

/** Each starts a homeserver and a focus of its own. */
const WORK: Record<E2eePart, (parts: Parts, measured: Measured) => Promise<void>> = {
  vectors: async (_parts, measured) => {
    measured.vectors = await missedVectors();
  },
  call: async (parts, measured) => {
    measured.call = await measureCall(parts);
  },
  cost: async (parts, measured) => {
    measured.cost = await measureCost(parts);
  },
  trunk: async (parts, measured) => {
    measured.trunk = await measureTrunk(parts);
  },
};
