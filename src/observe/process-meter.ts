/** How busy this process is, as Node itself measures it. */
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { ProcessLoad, ProcessMeter } from '../ports.ts';

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** Until it is closed a timer of the process is measured. */
export class EventLoopMeter implements ProcessMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #last: EventLoopUtilization = performance.eventLoopUtilization();

  constructor() {
    this.#delay.enable();
  }

  read(): ProcessLoad {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    // What is measured holds the pause between two looks.
    const lagMs = this.#delay.count === 0 ? 0 : this.#delay.percentile(99) / NS_PER_MS - RESOLUTION_MS;
    this.#delay.reset();
    return { utilization, lagMs: Math.max(0, lagMs) };
  }

  close(): void {
    this.#delay.disable();
  }
}
