/** Which counters of a key have come already (RFC 9605, section 9.3). Pure. */

/** How far a frame may come after a later one: some seconds of a picture in three sizes, a screen and a voice. */
export const WINDOW_FRAMES = 2_048;

export class ReplayWindow {
  readonly #seen = new Uint8Array(WINDOW_FRAMES);
  /** The highest that was accepted. */
  #highest: bigint;

  /** @param highest that others have accepted: what is so much older is not new here, either; -1 where there is none */
  constructor(highest = -1n) {
    this.#highest = highest;
  }

  /** False for one that came before, or is older than anybody remembers. Changes nothing. */
  isNew(counter: bigint): boolean {
    if (counter > this.#highest) return true;
    if (this.#highest - counter >= BigInt(WINDOW_FRAMES)) return false;
    return this.#seen[slotOf(counter)] === 0;
  }

  /** Notes one that proved authentic. False where it is not new: it may have come twice while it was decrypted. */
  accept(counter: bigint): boolean {
    if (!this.isNew(counter)) return false;
    if (counter > this.#highest) {
      const passed = counter - this.#highest;
      if (passed >= BigInt(WINDOW_FRAMES)) this.#seen.fill(0);
      else for (let between = this.#highest + 1n; between < counter; between += 1n) this.#seen[slotOf(between)] = 0;
      this.#highest = counter;
    }
    this.#seen[slotOf(counter)] = 1;
    return true;
  }
}

function slotOf(counter: bigint): number {
  return Number(counter % BigInt(WINDOW_FRAMES));
}
