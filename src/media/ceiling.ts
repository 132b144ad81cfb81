import type { Clock } from '../ports.ts';
import type { WorkerBounds } from './worker-bounds.ts';

/** ms after a fall in which the link's queue drains: nothing is tried. */
const DRAINS_WITHIN_MS = 2_500;
const NO_CEILING = 0;

/**
 * The most that the worker may take the client's link for. The worker tries a link, at its own ceiling and at twice that, whenever that
 * ceiling moves; it is 1.35 times what could be sent at most, so it moves with all that is paused and resumed. In a fall that would
 * fill the queue anew: one of ours is kept still then.
 */
export class Ceiling {
  readonly #bounds: WorkerBounds;
  readonly #clock: Clock;
  #turn: ReturnType<Clock['after']> | undefined;

  constructor(bounds: WorkerBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** The link has become narrower, to so many bit/s: for a while nothing more is tried. */
  lower(available: number): void {
    this.#bounds.setCeiling(available);
    this.#turn?.cancel();
    this.#turn = this.#clock.after(DRAINS_WITHIN_MS, () => this.#bounds.setCeiling(NO_CEILING));
  }

  close(): void {
    this.#turn?.cancel();
  }
}
