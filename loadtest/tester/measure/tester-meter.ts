/** How busy the tester is on this machine: its threads, its loop, its sockets, and the machine beside it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ShareSample } from '../share/messages.ts';
import { droppedAtSockets, machineTimesMs, threadTimesMs, treeOf } from './proc.ts';

const LOOP_RESOLUTION_MS = 10;

type OwnFigures = Pick<
  ShareSample,
  'cpuPct' | 'busiestThreadPct' | 'loopLagMs' | 'dropped' | 'machinePct' | 'machineSharePct'
>;

export class TesterMeter {
  readonly #pids: readonly number[];
  readonly #others: readonly number[];
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  /** A process, with all that it started, whose threads say nothing about the peers: the canary's browser. */
  #apart: number | undefined;
  #at = performance.now();
  #threads = new Map<string, number>();
  #machine = machineTimesMs();
  #dropped = 0;

  /** `others`: what a process of the tester started and is not the tester, the focus that it loads, say. */
  constructor(pids: readonly number[], others: readonly number[] = []) {
    this.#pids = pids;
    this.#others = others;
    this.#loop.enable();
    this.take();
  }

  setApart(pid: number | undefined): void {
    this.#apart = pid;
  }

  /** Since the last time. */
  take(): OwnFigures {
    const now = performance.now();
    const elapsedMs = Math.max(1, now - this.#at);
    const apart = this.#apart === undefined ? [] : [this.#apart];
    const own = treeOf(this.#pids, [...apart, ...this.#others]);
    const threads = new Map([...own, ...treeOf(apart)].flatMap(pid => [...threadTimesMs(pid)]));
    let spentMs = 0;
    let busiestMs = 0;
    for (const [thread, time] of threads) {
      // What it spent before it was first seen is not of this time.
      const spent = Math.max(0, time - (this.#threads.get(thread) ?? time));
      spentMs += spent;
      if (own.has(Number(thread.split('/')[0]))) busiestMs = Math.max(busiestMs, spent);
    }
    const machine = machineTimesMs();
    // Linux's counters may go back a little (proc(5), "iowait").
    const busyMs = Math.max(0, machine.busy - this.#machine.busy);
    const allMs = Math.max(0, machine.all - this.#machine.all);
    const dropped = droppedAtSockets(own);
    const figures = {
      cpuPct: (spentMs * 100) / elapsedMs,
      busiestThreadPct: (busiestMs * 100) / elapsedMs,
      loopLagMs: Math.max(0, this.#loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS),
      dropped: Math.max(0, dropped - this.#dropped),
      machinePct: allMs > 0 ? (busyMs * 100) / allMs : 0,
      machineSharePct: busyMs > 0 ? Math.min(100, (spentMs * 100) / busyMs) : 0,
    };
    this.#loop.reset();
    this.#at = now;
    this.#threads = threads;
    this.#machine = machine;
    this.#dropped = dropped;
    return figures;
  }

  close(): void {
    this.#loop.disable();
  }
}
