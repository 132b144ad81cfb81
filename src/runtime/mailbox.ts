/** A bounded queue with one reader. */
import type { Clock } from '../ports.ts';

/**
 * Hands everything that was posted to `drain` in one go, soon after the first post, never from within `post`.
 *
 * Bounded per sender, so that one flooding client never costs another a message: `post` returns false and drops the item
 * when `quota` items of that sender wait already; the poster decides what that means.
 */
export class Mailbox<T> {
  readonly #quota: number;
  readonly #clock: Clock;
  readonly #drain: (items: T[]) => void;
  readonly #waitingOf = new Map<string, number>();
  #items: T[] = [];
  #wake: { cancel(): void } | undefined;
  #closed = false;

  constructor(options: { quota: number; clock: Clock; drain: (items: T[]) => void }) {
    this.#quota = options.quota;
    this.#clock = options.clock;
    this.#drain = options.drain;
  }

  get depth(): number {
    return this.#items.length;
  }

  post(item: T, sender: string): boolean {
    const waiting = this.#waitingOf.get(sender) ?? 0;
    if (this.#closed || waiting >= this.#quota) return false;
    this.#waitingOf.set(sender, waiting + 1);
    this.#add(item);
    return true;
  }

  /** For what must not be lost: outcomes of the owner's own doing, bounded by what it asked for. */
  postAlways(item: T): void {
    if (!this.#closed) this.#add(item);
  }

  close(): void {
    this.#closed = true;
    this.#items = [];
    this.#waitingOf.clear();
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  #add(item: T): void {
    this.#items.push(item);
    this.#wake ??= this.#clock.after(0, () => {
      this.#wake = undefined;
      const items = this.#items;
      this.#items = [];
      this.#waitingOf.clear();
      this.#drain(items);
    });
  }
}
