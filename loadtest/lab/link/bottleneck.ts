/** A queue in front of a sender of a fixed rate. It knows of bits and time, not of packets' fates. */

interface Waiting<T> {
  item: T;
  bits: number;
}

/** An item whose last bit has passed. */
export interface Passed<T> {
  item: T;
  atMs: number;
}

/** Times given to it never go back, and everything due by then was taken (takePassed) before anything else is asked. */
export class Bottleneck<T> {
  /** The first one is being sent. */
  readonly #queue: Waiting<T>[] = [];
  #bitsPerMs: number;
  /** When the last bit of the first one passes at the rate of now. A fixed time, so that asking often adds no rounding. */
  #firstPassesAt = 0;
  #bitsBehindFirst = 0;

  /** rateBps in bit/s; Infinity for no limit. */
  constructor(rateBps: number) {
    this.#bitsPerMs = rateBps / 1000;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** How long an item that came now would wait until its first bit is sent, ms. */
  waitMs(nowMs: number): number {
    if (this.#queue.length === 0) return 0;
    return this.#firstPassesAt - nowMs + this.#bitsBehindFirst / this.#bitsPerMs;
  }

  add(item: T, bits: number, nowMs: number): void {
    if (this.#queue.length === 0) this.#firstPassesAt = nowMs + bits / this.#bitsPerMs;
    else this.#bitsBehindFirst += bits;
    this.#queue.push({ item, bits });
  }

  /** The next one to pass if the rate stays as it is. */
  next(): Passed<T> | undefined {
    const [first] = this.#queue;
    return first && { item: first.item, atMs: this.#firstPassesAt };
  }

  /** Takes out the next item that has passed by nowMs. */
  takePassed(nowMs: number): Passed<T> | undefined {
    const next = this.next();
    if (next === undefined || next.atMs > nowMs) return undefined;
    this.#queue.shift();
    const [first] = this.#queue;
    if (first !== undefined) {
      this.#bitsBehindFirst -= first.bits;
      this.#firstPassesAt += first.bits / this.#bitsPerMs;
    }
    return next;
  }

  /** What is left of the queue goes on at the new rate, the item that is half sent too. */
  setRate(rateBps: number, nowMs: number): void {
    const bitsPerMs = rateBps / 1000;
    if (this.#queue.length > 0) {
      this.#firstPassesAt = nowMs + ((this.#firstPassesAt - nowMs) * this.#bitsPerMs) / bitsPerMs;
    }
    this.#bitsPerMs = bitsPerMs;
  }
}
