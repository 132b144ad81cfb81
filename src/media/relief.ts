import type { Clock } from '../ports.ts';

/** ms after the estimate fell in which the link's queue drains. */
const LASTS_MS = 2_500;
const EVERY_MS = 150;
/** ms in which the rules' answer to a fall comes. */
const ANSWER_WITHIN_MS = 500;

/**
 * What follows when a client's link becomes narrower: for a while nothing is sent again, and what is to shrink stops at once.
 */
export class Relief {
  readonly #clock: Clock;
  readonly #forget: () => void;
  #since = Number.NEGATIVE_INFINITY;
  #next: ReturnType<Clock['after']> | undefined;

  /** `forget`: makes the worker forget what it could send again. */
  constructor(clock: Clock, forget: () => void) {
    this.#clock = clock;
    this.#forget = forget;
  }

  get isUrgent(): boolean {
    return this.#clock.now() - this.#since < ANSWER_WITHIN_MS;
  }

  begin(): void {
    this.#since = this.#clock.now();
    if (this.#next === undefined) this.#turn();
  }

  close(): void {
    this.#next?.cancel();
  }

  #turn(): void {
    this.#forget();
    this.#next = this.#clock.after(EVERY_MS, () => {
      this.#next = undefined;
      if (this.#clock.now() - this.#since < LASTS_MS) this.#turn();
    });
  }
}
