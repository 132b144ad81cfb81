import type { Clock } from '../ports.ts';

/** ms. An encoder ignores a second request within about 300 ms, and it is asked again only after 1 s. */
const PAUSE_MS = 350;

/**
 * Lets what asks for a keyframe of one producer through in batches: the first at once, the next at least 350 ms later. A
 * newer switch of the same viewer replaces the one that waits.
 */
export class KeyframeGate {
  readonly #clock: Clock;
  readonly #waiting = new Map<object, () => void>();
  #timer: { cancel(): void } | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  pass(viewer: object, apply: () => void): void {
    if (this.#closed) return;
    if (this.#timer === undefined) {
      this.#pause();
      apply();
      return;
    }
    this.#waiting.set(viewer, apply);
  }

  forget(viewer: object): void {
    this.#waiting.delete(viewer);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #pause(): void {
    this.#timer = this.#clock.after(PAUSE_MS, () => {
      this.#timer = undefined;
      if (this.#waiting.size === 0) return;
      const batch = [...this.#waiting.values()];
      this.#waiting.clear();
      this.#pause();
      for (const apply of batch) apply();
    });
  }
}
