import { availableParallelism } from 'node:os';
import { busyTimeMs, cpuTimeMs, residentMb } from './process-figures.ts';
import type { Load } from './report.ts';

/** What a window of time cost. */
export interface Cost {
  /** Of one core. */
  cpuPercent: Load;
  rssMb: Load;
  /** For people: who else used the machine. */
  machine: string;
}

export interface MeteredProcesses {
  nodes: readonly number[];
  workers: readonly number[];
  browser: readonly { pid: number; kind: string }[];
}

/** Measures processes from now until it is read. */
export class Meter {
  readonly #processes: MeteredProcesses;
  readonly #startedAt: number;
  readonly #before: Map<number, number>;
  readonly #busyBefore: number;

  private constructor(processes: MeteredProcesses, before: Map<number, number>, busyBefore: number) {
    this.#processes = processes;
    this.#startedAt = performance.now();
    this.#before = before;
    this.#busyBefore = busyBefore;
  }

  static async start(processes: MeteredProcesses): Promise<Meter> {
    const pids = [...processes.nodes, ...processes.workers, ...processes.browser.map(({ pid }) => pid)];
    const times = await Promise.all(pids.map(async pid => [pid, await cpuTimeMs(pid)] as const));
    return new Meter(processes, new Map(times), await busyTimeMs());
  }

  async read(): Promise<Cost> {
    const { nodes, workers, browser } = this.#processes;
    const elapsed = performance.now() - this.#startedAt;
    const percent = (usedMs: number): number => tenth((usedMs / elapsed) * 100);
    const used = async (pid: number): Promise<number> => (await cpuTimeMs(pid)) - (this.#before.get(pid) ?? 0);
    const usedByAll = async (pids: readonly number[]): Promise<number> => sum(await Promise.all(pids.map(used)));
    const busy = percent((await busyTimeMs()) - this.#busyBefore);
    const kinds = new Set(browser.map(({ kind }) => kind));
    const parts: string[] = [];
    for (const kind of kinds) {
      const share = percent(await usedByAll(browser.filter(process => process.kind === kind).map(({ pid }) => pid)));
      if (share >= 1) parts.push(`${kind.replace(/^.*[.]/, '')} ${share}`);
    }
    const ofBrowser = percent(await usedByAll(browser.map(({ pid }) => pid)));
    return {
      cpuPercent: { node: percent(await usedByAll(nodes)), worker: percent(await usedByAll(workers)) },
      rssMb: { node: await residentOf(nodes), worker: await residentOf(workers) },
      machine: `the machine is busy for ${busy} % of ${availableParallelism() * 100}, the browser for ${ofBrowser} (${parts.join(', ')})`,
    };
  }
}

async function residentOf(pids: readonly number[]): Promise<number> {
  return tenth(sum(await Promise.all(pids.map(residentMb))));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
