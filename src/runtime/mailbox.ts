/** A bounded queue with one reader. */
import type { Clock } from '../ports.ts';

/**
 * Hands everything that was posted to `drain` in one go, soon after the first post, never from within `post`.
 * Bounded: `post` returns false and drops the item when `capacity` wait already; the poster decides what that means.
 */
export class Mailbox<T> {
  readonly #capacity: number;
  readonly #clock: Clock;
  readonly #drain: (items: T[]) => void;
  #items: T[] = [];
  #wake: { cancel(): void } | undefined;
  #closed = false;

  constructor(options: { capacity: number; clock: Clock; drain: (items: T[]) => void }) {
    this.#capacity = options.capacity;
    this.#clock = options.clock;
    this.#drain = options.drain;
  }

  get depth(): number {
    return this.#items.length;
  }

  post(item: T): boolean {
    if (this.#closed || this.#items.length >= this.#capacity) return false;
    this.#items.push(item);
    this.#schedule();
    return true;
  }

  /** For what must not be lost (outcomes of the owner's own doing, bounded by what it asked for). */
  postAlways(item: T): void {
    if (this.#closed) return;
    this.#items.push(item);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#items = [];
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  #schedule(): void {
    this.#wake ??= this.#clock.after(0, () => {
      this.#wake = undefined;
      const items = this.#items;
      this.#items = [];
      this.#drain(items);
    });
  }
}
