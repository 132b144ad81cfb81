/** How many control messages one session may send: a token bucket. */
import type { Clock } from '../ports.ts';

const PER_SECOND = 100;
/** At once: a client that subscribes to a large call track by track. */
const BURST = 200;
/** ms between two complaints. */
const TELL_EVERY_MS = 1_000;
/** Messages dropped without a pause: who does not stop then is ended. */
const FLOOD = 5_000;

/** `dropped, tell`: and the client is to be told, as it is once a second. */
export type Verdict = 'taken' | 'dropped' | 'dropped, tell' | 'flood';

export class MessageRate {
  readonly #clock: Clock;
  #tokens = BURST;
  #at: number;
  #toldAt = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
  }

  take(): Verdict {
    const now = this.#clock.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#at) * PER_SECOND) / 1_000);
    this.#at = now;
    if (this.#tokens >= BURST - 1) this.#dropped = 0;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 'taken';
    }
    this.#dropped += 1;
    if (this.#dropped >= FLOOD) return 'flood';
    if (now - this.#toldAt < TELL_EVERY_MS) return 'dropped';
    this.#toldAt = now;
    return 'dropped, tell';
  }
}
