/** Fine enough for audio, coarse enough to cost a hundred sources little. */
const EVERY_MS = 5;

/** Is told the time, on the monotonic clock in ms, again and again. */
export interface Ticking {
  tick(now: number): void;
}

/** One timer for all sources of a process. It runs while anybody listens. */
export class Ticker {
  readonly #listeners = new Set<Ticking>();
  #timer: NodeJS.Timeout | undefined;

  add(listener: Ticking): void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const each of this.#listeners) each.tick(now);
    }, EVERY_MS);
  }

  remove(listener: Ticking): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** That of this process. */
export const mediaTicker = new Ticker();
