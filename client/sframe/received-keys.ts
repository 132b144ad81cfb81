/** The keys of one sender, as those who receive it hold them. */
import { keyIdOf, keyStepOf } from './key-id.ts';
import { deriveKey, type FrameKey, ratchet } from './keys.ts';
import type { SharedKey } from './sent-keys.ts';
import type { Bytes, Suite } from './suites.ts';

/** A key that a frame may have been encrypted with. */
export interface Candidate {
  readonly key: FrameKey;
  /** The highest counter of all frames that proved authentic with it, on whatever track; -1 where none did. */
  readonly highest: bigint;
  /** To be called when a frame proved authentic with it. */
  proven(counter: bigint): void;
}

/** ms. Frames of an earlier key are on their way for so long. */
export const KEEPS_EARLIER_MS = 5_000;
/** ms between two tries to follow a sender forward: whoever makes up key ids must not keep us busy. */
export const FOLLOWS_EVERY_MS = 100;
/** Generations whose frames have not come yet. */
const MOST_WAITING = 4;

/** The newest step that is known of a generation. */
interface Latest {
  readonly step: number;
  readonly baseKey: Bytes;
}

interface Derived {
  readonly key: FrameKey;
  /** When a later one was proven, ms; `undefined` while there is none. */
  readonly supersededAt: number | undefined;
  /** Counter; -1 before the first frame. */
  readonly highest: bigint;
}

export class ReceivedKeys {
  readonly #suite: Suite;
  readonly #now: () => number;
  readonly #latest = new Map<number, Latest>();
  readonly #derived = new Map<bigint, Derived>();
  #following: { keyId: bigint; since: number; found: Promise<Candidate> } | undefined;

  /** @param now ms, never going back */
  constructor(suite: Suite, now: () => number = () => performance.now()) {
    this.#suite = suite;
    this.#now = now;
  }

  /** Takes a key that the sender shared. One that is known, or older than what is known of its generation, changes nothing. */
  async add({ generation, step, baseKey }: SharedKey): Promise<void> {
    const keyId = keyIdOf({ generation, step });
    const key = await deriveKey(this.#suite, keyId, baseKey);
    // Looked at only now: another may have come meanwhile.
    const known = this.#latest.get(generation);
    if (known !== undefined && known.step >= step) return;
    this.#latest.set(generation, { step, baseKey });
    this.#derived.set(keyId, { key, supersededAt: undefined, highest: -1n });
    const [oldest] = [...this.#latest.keys()].sort((one, other) => one - other);
    if (this.#latest.size > MOST_WAITING && oldest !== undefined) this.#forgetGeneration(oldest);
  }

  /** `undefined` where the sender shared none that leads to it, or it is too old. */
  async candidate(keyId: bigint): Promise<Candidate | undefined> {
    this.#forgetEarlier();
    const derived = this.#derived.get(keyId);
    if (derived !== undefined) {
      const { key, highest } = derived;
      return { key, highest, proven: counter => this.#proven(keyId, counter) };
    }
    const wanted = keyStepOf(keyId);
    const latest = wanted && this.#latest.get(wanted.generation);
    if (wanted === undefined || latest === undefined || wanted.step <= latest.step) return undefined;
    if (this.#following?.keyId !== keyId) {
      if (this.#following !== undefined && this.#now() - this.#following.since < FOLLOWS_EVERY_MS) return undefined;
      const found = this.#follow(wanted.generation, latest, wanted.step);
      this.#following = { keyId, since: this.#now(), found };
    }
    return this.#following.found;
  }

  /** What is ahead is ours only when a frame has proven it: anybody can write a key id. */
  async #follow(generation: number, from: Latest, to: number): Promise<Candidate> {
    let { baseKey } = from;
    for (let { step } = from; step < to; step += 1) baseKey = await ratchet(this.#suite, baseKey);
    const keyId = keyIdOf({ generation, step: to });
    const key = await deriveKey(this.#suite, keyId, baseKey);
    const proven = (counter: bigint): void => {
      const latest = this.#latest.get(generation);
      if (latest !== undefined && latest.step < to) {
        this.#latest.set(generation, { step: to, baseKey });
        this.#derived.set(keyId, { key, supersededAt: undefined, highest: -1n });
      }
      this.#proven(keyId, counter);
    };
    return { key, highest: -1n, proven };
  }

  #proven(keyId: bigint, counter: bigint): void {
    const derived = this.#derived.get(keyId);
    if (derived !== undefined && counter > derived.highest) this.#derived.set(keyId, { ...derived, highest: counter });
    this.#supersede(keyId);
  }

  /** Whatever is before this one is not used any more. */
  #supersede(keyId: bigint): void {
    const now = this.#now();
    for (const [earlier, derived] of this.#derived)
      if (earlier < keyId && derived.supersededAt === undefined)
        this.#derived.set(earlier, { ...derived, supersededAt: now });
  }

  #forgetEarlier(): void {
    const now = this.#now();
    for (const [keyId, { supersededAt }] of this.#derived) {
      if (supersededAt === undefined || now - supersededAt < KEEPS_EARLIER_MS) continue;
      this.#derived.delete(keyId);
      const generation = keyStepOf(keyId)?.generation;
      const stillUsed = [...this.#derived.keys()].some(id => keyStepOf(id)?.generation === generation);
      if (generation !== undefined && !stillUsed) this.#latest.delete(generation);
    }
  }

  #forgetGeneration(generation: number): void {
    this.#latest.delete(generation);
    for (const keyId of this.#derived.keys())
      if (keyStepOf(keyId)?.generation === generation) this.#derived.delete(keyId);
  }
}
