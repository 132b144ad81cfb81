/** How often something may come: a token bucket. */

export interface Rate {
  readonly atOnce: number;
  /** ms until one more may. */
  readonly everyMs: number;
}

export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #at: number;

  /** @param now ms, here and below; never going back */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#left = rate.atOnce;
    this.#at = now;
  }

  /** Whether one more may come now. One that may not costs nothing. */
  take(now: number): boolean {
    this.#left = Math.min(this.#rate.atOnce, this.#left + (now - this.#at) / this.#rate.everyMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
