import type { Clock } from '../../src/ports.ts';

const STEP_MS = 40;

/**
 * For tests with real sockets: a clock that runs fast, in steps of 40 ms, at most one per turn of the event loop. On a busy
 * machine it slows down with everything else, where time-outs by the wall clock would go off.
 */
export class SteppingClock implements Clock {
  #now = 1_700_000_000_000;
  #timers: { at: number; fire: () => void }[] = [];
  readonly #steps = setInterval(() => this.#step(), 1);

  now(): number {
    return this.#now;
  }

  after(delayMs: number, fire: () => void): { cancel(): void } {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
  }

  stop(): void {
    clearInterval(this.#steps);
  }

  #step(): void {
    this.#now += STEP_MS;
    const due = this.#timers.filter(timer => timer.at <= this.#now);
    this.#timers = this.#timers.filter(timer => timer.at > this.#now);
    for (const timer of due) timer.fire();
  }
}
