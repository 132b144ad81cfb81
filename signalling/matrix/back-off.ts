import type { Clock } from '../../src/ports.ts';

/** Delays that double from `firstMs` to `mostMs`, each spread over its upper half so that many clients do not come at once. */
export class BackOff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
    this.#random = random;
  }

  /** ms to wait after one more failure. */
  next(): number {
    const full = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return full / 2 + (full / 2) * this.#random();
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** Resolves after `ms`, or at once when `signal` is aborted; the caller looks at the signal. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}
