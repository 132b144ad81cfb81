import { expect, it } from 'vitest';
import type { types } from 'mediasoup';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { WorkerLoad } from './worker-load.ts';

/** A worker that has taken so much CPU time, ms. */
function busyWorker(clock: VirtualClock, share: () => number): Pick<types.Worker, 'getResourceUsage'> {
  let cpuMs = 0;
  let at = clock.now();
  return {
    getResourceUsage: async () => {
      cpuMs += (clock.now() - at) * share();
      at = clock.now();
      const nothing = {
        ru_maxrss: 0,
        ru_ixrss: 0,
        ru_idrss: 0,
        ru_isrss: 0,
        ru_minflt: 0,
        ru_majflt: 0,
        ru_nswap: 0,
        ru_inblock: 0,
        ru_oublock: 0,
        ru_msgsnd: 0,
        ru_msgrcv: 0,
        ru_nsignals: 0,
        ru_nvcsw: 0,
        ru_nivcsw: 0,
      };
      return { ...nothing, ru_utime: cpuMs / 2, ru_stime: cpuMs / 2 };
    },
  };
}

it('follows what the worker takes within seconds, and forgets a peak', async () => {
  const clock = new VirtualClock();
  let share = 0.6;
  const load = new WorkerLoad(
    busyWorker(clock, () => share),
    clock,
  );
  await clock.pass(10_000);
  expect(load.share).toBeCloseTo(0.6, 1);
  share = 0;
  await clock.pass(10_000);
  expect(load.share).toBeCloseTo(0, 1);
});

it('asks a closed worker nothing more', async () => {
  const clock = new VirtualClock();
  const load = new WorkerLoad(
    busyWorker(clock, () => 1),
    clock,
  );
  load.close();
  await clock.pass(5_000);
  expect([load.share, clock.pending]).toEqual([0, 0]);
});
