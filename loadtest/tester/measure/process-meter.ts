import type { ProcessSample } from '../result.ts';
import { cpuTimeMs, residentBytes, treeOf } from './proc.ts';

/** Where a part of the deployment can be measured. */
export type MeasuredAt =
  /** A process of this machine, with all that it started. */
  | { kind: 'pid'; pid: number }
  /** Prometheus metrics of its process. */
  | { kind: 'metrics'; url: string };

/** What is measured of a part, since the last time. */
export interface PartMeter {
  take(): ProcessSample | undefined;
  close(): void;
}

/** By /proc. The process itself is the main one, those below it are its media processes. */
export class ProcessMeter implements PartMeter {
  readonly #pid: number;
  #at = performance.now();
  #times: Map<number, number>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#times = this.#read();
  }

  take(): ProcessSample | undefined {
    const now = performance.now();
    const times = this.#read();
    if (times.size === 0) return undefined;
    const pctOf = (pid: number): number => {
      const time = times.get(pid) ?? 0;
      return (Math.max(0, time - (this.#times.get(pid) ?? time)) * 100) / Math.max(1, now - this.#at);
    };
    const children = [...times.keys()].filter(pid => pid !== this.#pid).map(pctOf);
    const nodePct = pctOf(this.#pid);
    const sample: ProcessSample = {
      cpuPct: children.reduce((sum, pct) => sum + pct, nodePct),
      nodePct,
      ...(children.length === 0 ? {} : { workerPct: Math.max(...children) }),
      rssBytes: [...times.keys()].reduce((sum, pid) => sum + residentBytes(pid), 0),
    };
    this.#at = now;
    this.#times = times;
    return sample;
  }

  close(): void {}

  #read(): Map<number, number> {
    const times = [...treeOf([this.#pid])].map(pid => [pid, cpuTimeMs(pid)] as const);
    return new Map(times.filter(([, time]) => time > 0));
  }
}
