/** The key of our own frames, and their numbers. */
import { encryptFrame } from './frame.ts';
import { keyIdOf, type KeyStep, LAST_STEP } from './key-id.ts';
import { deriveKey, type FrameKey, ratchet } from './keys.ts';
import type { Bytes, Suite } from './suites.ts';

/** What the others need to read what we send from now on. */
export interface SharedKey extends KeyStep {
  readonly baseKey: Bytes;
}

export class SentKeys {
  readonly #suite: Suite;
  #shared: SharedKey;
  #frameKey: FrameKey;
  #counter = 0n;
  /** One after the other: two at a time would give one key its numbers twice. */
  #changes: Promise<unknown> = Promise.resolve();

  /** With a key that nobody has yet. */
  static async make(suite: Suite, generation = 0): Promise<SentKeys> {
    const shared = newKey(suite, generation);
    return new SentKeys(suite, shared, await deriveKey(suite, keyIdOf(shared), shared.baseKey));
  }

  private constructor(suite: Suite, shared: SharedKey, frameKey: FrameKey) {
    this.#suite = suite;
    this.#shared = shared;
    this.#frameKey = frameKey;
  }

  /** For whoever is to read what comes from now on. */
  get shared(): SharedKey {
    return this.#shared;
  }

  /** Takes the key a step forward: who has this one follows by itself, who gets the next cannot read what was before. */
  ratchet(): Promise<void> {
    return this.#change(async ({ generation, step, baseKey }) => {
      if (step === LAST_STEP) throw new RangeError(`Generation ${generation} is used up: replace it.`);
      return { generation, step: step + 1, baseKey: await ratchet(this.#suite, baseKey) };
    });
  }

  /** Makes the next key, which has nothing to do with this one; it is not used before `use`, so that the others can have it first. */
  next(): SharedKey {
    return newKey(this.#suite, this.#shared.generation + 1);
  }

  /** From now on. */
  use(key: SharedKey): Promise<void> {
    return this.#change(({ generation }) => {
      if (key.generation <= generation) throw new RangeError(`Generation ${key.generation} was used.`);
      return key;
    });
  }

  /** @param clear bytes that are sent beside it as they are */
  encrypt(clear: Uint8Array, frame: Bytes): Promise<Bytes> {
    // Taken at once: two frames at a time have two numbers.
    const counter = this.#counter;
    this.#counter += 1n;
    return encryptFrame(this.#frameKey, counter, clear, frame);
  }

  #change(nextOf: (shared: SharedKey) => SharedKey | Promise<SharedKey>): Promise<void> {
    const changed = this.#changes.then(async () => {
      const shared = await nextOf(this.#shared);
      const frameKey = await deriveKey(this.#suite, keyIdOf(shared), shared.baseKey);
      this.#shared = shared;
      this.#frameKey = frameKey;
      this.#counter = 0n;
    });
    // Whoever asked hears of a failure; the next change does not.
    this.#changes = changed.catch(() => undefined);
    return changed;
  }
}

function newKey({ hashBytes }: Suite, generation: number): SharedKey {
  return { generation, step: 0, baseKey: crypto.getRandomValues(new Uint8Array(hashBytes)) };
}
