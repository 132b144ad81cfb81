/** `npm run bench -- scale`: what a packet and a join cost the focus, how many participants fit, and whether it stays so. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Progress } from '../../demo/check/progress.ts';
import { describeFailure } from '../../setup/failure.mjs';
import { prepare } from '../../setup/prepare.ts';
import type { ScaleBench, ScalePart } from '../arguments.ts';
import { Floor } from './floor/index.ts';
import { measureForwarding } from './forwarding.ts';
import { measureJoins } from './join.ts';
import { DatachannelStack, type ReceiverStack } from './load/stack.ts';
import { NativeStack } from './load/native-stack.ts';
import { INITIAL_BITRATE, ScalePlace } from './place.ts';
import { SOAK_CONFIG, soak } from './soak.ts';
import { judge, type Measured, nothingMeasured } from './result.ts';

/** Debian packages that the floor is compiled with. */
const FLOOR_PACKAGES = ['gcc', 'libc6-dev', 'libssl-dev'];

interface Parts {
  stateDir: string;
  workerBin: string;
  synapsePython: string;
  progress: Progress;
  fail: (reason: string) => void;
  signal: AbortSignal;
}

/** Resolves to the exit code; stdout's last line is the result as JSON (see `Result`). */
export async function runScale(bench: ScaleBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython } = await prepare({ systemPackages: FLOOR_PACKAGES, signal });
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const progress = new Progress();
  const measured = nothingMeasured();
  const failures: string[] = [];
  const fail = (reason: string): void => {
    failures.push(reason);
    progress.complain(reason);
  };
  for (const part of bench.parts) {
    signal.throwIfAborted();
    progress.phase(part);
    try {
      const parts = { stateDir: join(stateDir, part), workerBin: worker, synapsePython, progress, fail, signal };
      await WORK[part](bench, parts, measured);
    } catch (error) {
      signal.throwIfAborted();
      progress.complain(describeFailure(error));
      failures.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const result = judge(measured, bench, failures);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  console.log(JSON.stringify(result));
  if (failures.length === 0) await rm(stateDir, { recursive: true, force: true });
  else progress.complain(`Logs and state are kept in ${stateDir}.`);
  return result.failures.length === 0 ? 0 : 1;
}

/** Each starts a homeserver and a focus of its own: what one leaves behind would be in the figures of the next. */
const WORK: Record<ScalePart, (bench: ScaleBench, parts: Parts, measured: Measured) => Promise<void>> = {
  forwarding: async ({ receivers, quick }, parts, measured) => {
    await using place = await ScalePlace.start({ ...parts, config: { media: { initial_bitrate: INITIAL_BITRATE } } });
    await using stack = await openStack();
    const floor = await Floor.build(parts.stateDir);
    measured.forwarding = [];
    for (const count of receivers) {
      const options = { ...parts, stack, receivers: count, rounds: 7, seconds: quick ? 2 : 3 };
      measured.forwarding.push(...(await measureForwarding(place, floor, options)));
      place.checkAlive();
    }
  },
  join: async ({ quick }, parts, measured) => {
    await using place = await ScalePlace.start(parts);
    await using stack = await openStack();
    const sizes = quick ? [10, 100] : [10, 500];
    measured.joins = await measureJoins(place, { ...parts, stack, sizes, residentAt: [100], joins: quick ? 20 : 50 });
    place.checkAlive();
  },
  capacity: () => Promise.reject(new Error('not yet')),
  soak: async ({ soakMinutes }, parts, measured) => {
    await using place = await ScalePlace.start({ ...parts, config: SOAK_CONFIG });
    await using stack = await openStack();
    measured.soak = await soak(place, { ...parts, stack, minutes: soakMinutes });
  },
};

function openStack(): Promise<ReceiverStack> {
  const dev = process.env['DEV_ENGINE'];
  if (dev) return NativeStack.start(dev);
  return Promise.resolve(new DatachannelStack());
}
