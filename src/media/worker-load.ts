import type { types } from 'mediasoup';
import type { Clock } from '../ports.ts';

const LOOK_EVERY_MS = 1_000;
/** Share of the newest look in the average: a second of much work is not load yet. */
const WEIGHT = 0.4;

/** How busy a worker is, by the CPU time that it has taken. */
export class WorkerLoad {
  readonly #worker: Pick<types.Worker, 'getResourceUsage'>;
  readonly #clock: Clock;
  #share = 0;
  #last: { at: number; cpuMs: number } | undefined;
  #timer: { cancel(): void } | undefined;
  #closed = false;

  constructor(worker: Pick<types.Worker, 'getResourceUsage'>, clock: Clock) {
    this.#worker = worker;
    this.#clock = clock;
    this.#lookLater();
  }

  /** Of one core, 0 to 1, averaged over some seconds. */
  get share(): number {
    return this.#share;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => {
      // One that does not answer is busy, or dies: both are noticed elsewhere.
      this.#look()
        .catch(() => undefined)
        .finally(() => this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    const { ru_utime, ru_stime } = await this.#worker.getResourceUsage();
    const now = { at: this.#clock.now(), cpuMs: ru_utime + ru_stime };
    if (this.#last !== undefined && now.at > this.#last.at) {
      const latest = Math.min(1, (now.cpuMs - this.#last.cpuMs) / (now.at - this.#last.at));
      this.#share += WEIGHT * (latest - this.#share);
    }
    this.#last = now;
  }
}
