/** Browsers refuse higher ones. */
const HIGHEST = 1_023;

/**
 * Ids of the streams that the focus opens: one parity, the other is the client's (RFC 8832 section 6). One that was given back is
 * used again as late as can be: both ends have to reset it first.
 */
export class StreamIds {
  readonly #used = new Set<number>();
  #next = 3;

  /** They are all even from now on, or all odd. */
  useParity(parity: 0 | 1): void {
    if (this.#next % 2 !== parity) this.#next += 1;
  }

  /** `undefined` where all are in use. */
  take(): number | undefined {
    const first = this.#next;
    do {
      const id = this.#next;
      // The lowest two are the control channel's, of either parity.
      this.#next = id + 2 <= HIGHEST ? id + 2 : 2 + (id % 2);
      if (!this.#used.has(id)) {
        this.#used.add(id);
        return id;
      }
    } while (this.#next !== first);
    return undefined;
  }

  giveBack(id: number): void {
    this.#used.delete(id);
  }
}
