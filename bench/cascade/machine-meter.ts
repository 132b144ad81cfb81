import { availableParallelism } from 'node:os';
import { busyTimeMs } from '../../demo/check/process-figures.ts';

/** How busy the machine is, whoever keeps it so: a figure of a run's worth. */
export class MachineMeter {
  readonly #since = performance.now();
  readonly #busyBefore: number;

  static async start(): Promise<MachineMeter> {
    return new MachineMeter(await busyTimeMs());
  }

  private constructor(busyBefore: number) {
    this.#busyBefore = busyBefore;
  }

  /** Since the start, % of all cores. */
  async busyPct(): Promise<number> {
    const busy = (await busyTimeMs()) - this.#busyBefore;
    return Math.round((100 * busy) / ((performance.now() - this.#since) * availableParallelism()));
  }
}
