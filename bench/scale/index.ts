/** `npm run bench -- scale`: what a packet and a join cost the focus, how many participants fit, and whether it stays so. */
import { tmpdir } from 'node:os';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Progress } from '../../demo/check/progress.ts';
import { NativeStack } from '../../loadtest/native-peer/native-stack.ts';
import { writeScaleReport } from '../../loadtest/report/scale/page.ts';
import { describeFailure } from '../../setup/failure.mjs';
import { prepare } from '../../setup/prepare.ts';
import type { ScaleBench, ScalePart } from '../arguments.ts';
import { findCapacity } from './capacity.ts';
import { CAPACITY_SCENARIOS } from './capacity-figures.ts';
import { Floor } from './floor/index.ts';
import { measureForwarding } from './forwarding.ts';
import { measureJoins } from './join.ts';
import { INITIAL_BITRATE, ScalePlace } from './place.ts';
import { SOAK_CONFIG, soak } from './soak.ts';
import { reportOf } from './report.ts';
import { judge, type Measured, nothingMeasured } from './result.ts';
import { thisMachine } from '../../loadtest/tester/machine.ts';

/** Where receivers are bound. */
const PEERS = { bindAddress: '127.0.0.1' };
/** What is measured is what things cost, not what a focus does where they cost too much. */
const NEVER_SHEDS = { enabled: false };
/** Debian packages that the floor is compiled with. */
const FLOOR_PACKAGES = ['gcc', 'libc6-dev', 'libssl-dev'];

interface Parts {
  stateDir: string;
  workerBin: string;
  synapsePython: string;
  /** Engine of the receivers. */
  loadPeer: string;
  progress: Progress;
  fail: (reason: string) => void;
  signal: AbortSignal;
}

/** Resolves to the exit code; stdout's last line is the result as JSON (see `Result`). */
export async function runScale(bench: ScaleBench, signal: AbortSignal): Promise<number> {
  const { worker, synapsePython, loadPeer } = await prepare({
    systemPackages: FLOOR_PACKAGES,
    loadPeers: true,
    signal,
  });
  if (loadPeer === undefined) throw new Error('there are no load peers');
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const progress = new Progress();
  const startedAt = new Date();
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
      const parts = {
        stateDir: join(stateDir, part),
        workerBin: worker,
        synapsePython,
        loadPeer,
        progress,
        fail,
        signal,
      };
      await WORK[part](bench, parts, measured);
    } catch (error) {
      signal.throwIfAborted();
      progress.complain(describeFailure(error));
      failures.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const result = judge(measured, bench, failures);
  for (const missed of result.failures.slice(failures.length)) progress.complain(missed);
  if (bench.report !== undefined) {
    const notes = {
      startedAt,
      durationMs: Date.now() - startedAt.getTime(),
      machine: thisMachine(),
      failures: result.failures,
    };
    await writeFile(bench.report, writeScaleReport(reportOf(measured, notes)));
    progress.tell(`The report: ${resolve(bench.report)}`);
  }
  console.log(JSON.stringify(result));
  if (failures.length === 0) await rm(stateDir, { recursive: true, force: true });
  else progress.complain(`Logs and state are kept in ${stateDir}.`);
  return result.failures.length === 0 ? 0 : 1;
}

/** Each starts a homeserver and a focus of its own: what one leaves behind would be in the figures of the next. */
const WORK: Record<ScalePart, (bench: ScaleBench, parts: Parts, measured: Measured) => Promise<void>> = {
  forwarding: async ({ receivers, quick }, parts, measured) => {
    const config = { media: { initial_bitrate: INITIAL_BITRATE }, overload: NEVER_SHEDS };
    await using place = await ScalePlace.start({ ...parts, config });
    await using owned = new AsyncDisposableStack();
    const stack = owned.adopt(await NativeStack.start(parts.loadPeer, PEERS), it => it.close());
    const floor = await Floor.build(parts.stateDir);
    measured.forwarding = [];
    for (const count of receivers) {
      const options = { ...parts, stack, receivers: count, rounds: 7, seconds: quick ? 2 : 3 };
      measured.forwarding.push(...(await measureForwarding(place, floor, options)));
      place.checkAlive();
    }
  },
  join: async ({ quick }, parts, measured) => {
    await using place = await ScalePlace.start({ ...parts, config: { overload: NEVER_SHEDS } });
    await using owned = new AsyncDisposableStack();
    const stack = owned.adopt(await NativeStack.start(parts.loadPeer, PEERS), it => it.close());
    const sizes = quick ? [10, 100] : [10, 500];
    measured.joins = await measureJoins(place, { ...parts, stack, sizes, residentAt: [100], joins: quick ? 20 : 50 });
    place.checkAlive();
  },
  capacity: async ({ quick }, parts, measured) => {
    measured.capacity = [];
    for (const name of CAPACITY_SCENARIOS) {
      parts.signal.throwIfAborted();
      try {
        measured.capacity.push(await findCapacity(name, { ...parts, quick }));
      } catch (error) {
        parts.signal.throwIfAborted();
        parts.fail(`capacity of ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  },
  soak: async ({ soakMinutes }, parts, measured) => {
    await using place = await ScalePlace.start({ ...parts, config: SOAK_CONFIG });
    await using owned = new AsyncDisposableStack();
    const stack = owned.adopt(await NativeStack.start(parts.loadPeer, PEERS), it => it.close());
    measured.soak = await soak(place, { ...parts, stack, minutes: soakMinutes });
  },
};
