import type { Clock } from '../ports.ts';
import type { Seen } from './estimate.ts';

/** Of the estimate before: less is a dip; */
const DIP = 0.94;
/** and less than this is no dip, but a link that has become narrower. */
const DEEPEST_DIP = 0.7;
/** bit/s; of less, little is left to lose. */
const WORTH_IT = 150_000;
/** Share of packets lost from which on a dip is believed. */
const LOST = 0.01;
/** Of the dip: an estimate below falls on. */
const FALLS_ON = 0.98;
/** ms in which a fall that is real goes on: GCC takes 15 % every 150 to 200 ms. */
const DOUBTED_FOR_MS = 280;
/** ms that the worker needs to hear of a floor, and to go on from there by itself. */
const FLOOR_FOR_MS = 1_200;
/** After a dip was undone, ms: the next one in this time is believed. */
const BELIEVED_FOR_MS = 3_000;
const NO_FLOOR = 0;

type State =
  | { readonly kind: 'steady'; readonly estimate: number }
  /** One fall, of which is not known yet whether it goes on. */
  | { readonly kind: 'doubted'; readonly before: number; readonly dip: number }
  /** The worker is held at what it took the link for before. */
  | { readonly kind: 'undone'; readonly floor: number };

/**
 * A keyframe that fills the queue of a link for a moment looks to the worker like a link that has become narrower: it takes off 15 %,
 * and needs ten seconds to find back. So one fall that does not go on, with nothing lost, is undone: the worker is given a floor for a
 * moment, from which it goes on.
 */
export class Dips {
  readonly #setFloor: (bitrate: number) => void;
  readonly #clock: Clock;
  #state: State = { kind: 'steady', estimate: 0 };
  #undoneAt = Number.NEGATIVE_INFINITY;
  #turn: ReturnType<Clock['after']> | undefined;

  /** `setFloor`: bit/s below which the worker does not take the link to be, 0 for none. */
  constructor(setFloor: (bitrate: number) => void, clock: Clock) {
    this.#setFloor = setFloor;
    this.#clock = clock;
  }

  /** Takes a new estimate, in bit/s; gives the one to go by: that before a dip while it is doubted. */
  sift(estimate: number, { lost }: Seen): number {
    const state = this.#state;
    switch (state.kind) {
      case 'steady':
        return this.#mayDoubt(state.estimate, estimate, lost) ? state.estimate : this.#believe(estimate);
      case 'doubted':
        if (lost > LOST || estimate < state.dip * FALLS_ON || estimate >= state.before) return this.#believe(estimate);
        return state.before;
      case 'undone':
        if (lost <= LOST) return Math.max(estimate, state.floor);
        this.#lift(state.floor);
        return estimate;
    }
  }

  close(): void {
    this.#turn?.cancel();
  }

  #mayDoubt(before: number, estimate: number, lost: number): boolean {
    const now = this.#clock.now();
    const isDip = before >= WORTH_IT && estimate < before * DIP && estimate >= before * DEEPEST_DIP;
    if (!isDip || lost > LOST || now - this.#undoneAt < BELIEVED_FOR_MS) return false;
    this.#state = { kind: 'doubted', before, dip: estimate };
    this.#turn = this.#clock.after(DOUBTED_FOR_MS, () => this.#undo(before));
    return true;
  }

  #believe(estimate: number): number {
    this.#turn?.cancel();
    this.#state = { kind: 'steady', estimate };
    return estimate;
  }

  #undo(floor: number): void {
    this.#state = { kind: 'undone', floor };
    this.#undoneAt = this.#clock.now();
    this.#setFloor(floor);
    this.#turn = this.#clock.after(FLOOR_FOR_MS, () => this.#lift(floor));
  }

  #lift(floor: number): void {
    this.#turn?.cancel();
    this.#state = { kind: 'steady', estimate: floor };
    this.#setFloor(NO_FLOOR);
  }
}
