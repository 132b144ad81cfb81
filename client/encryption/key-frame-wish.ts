/** Key frames, asked for where frames are missing that those which come are made of. */

/** ms between two: the first needs a way there and back. */
export const ASKS_EVERY_MS = 500;

/** Asks the encoder, or whoever sends; does nothing where the browser gives no way. */
export type AskKeyFrame = () => Promise<unknown>;

export class KeyFrameWish {
  readonly #now: () => number;
  #missing = false;
  #asked: number | undefined;

  /** @param now ms, never going back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A frame did not go on. */
  lost(): void {
    this.#missing = true;
  }

  /** A frame goes on: asks where frames are missing before it, and it does not stand on its own. */
  goesOn(type: 'key' | 'delta' | 'empty' | undefined, ask: AskKeyFrame | undefined): void {
    if (type === 'key') this.#missing = false;
    const now = this.#now();
    if (!this.#missing || ask === undefined || (this.#asked !== undefined && now - this.#asked < ASKS_EVERY_MS)) return;
    this.#asked = now;
    // It fails where nothing is sent, or has ended: the next frame, if one comes, asks again.
    ask().catch(() => undefined);
  }
}
