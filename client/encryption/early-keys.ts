/** Keys that come before the room says that their sender is in the call: the two go different ways. */
import type { MediaKeyMessage } from '../../signalling/wire/media-keys.ts';
import type { SenderId } from './sender-id.ts';

/** ms */
export const KEEPS_EARLY_MS = 10_000;
export const MOST_EARLY = 64;
export const MOST_EARLY_OF_ONE = 4;

interface Early {
  readonly from: SenderId;
  readonly message: MediaKeyMessage;
  readonly until: number;
}

export class EarlyKeys {
  /** In the order in which they came. */
  #kept: Early[] = [];

  /** Whether it could be kept: what is there has the right of way. @param now ms */
  keep(from: SenderId, message: MediaKeyMessage, now: number): 'kept' | 'too_many' | 'too_many_of_one' {
    this.#forgetOld(now);
    if (this.#kept.filter(early => early.from === from).length >= MOST_EARLY_OF_ONE) return 'too_many_of_one';
    if (this.#kept.length >= MOST_EARLY) return 'too_many';
    this.#kept.push({ from, message, until: now + KEEPS_EARLY_MS });
    return 'kept';
  }

  /** Takes out what a sender sent. */
  takeOf(from: SenderId, now: number): MediaKeyMessage[] {
    this.#forgetOld(now);
    const found = this.#kept.filter(early => early.from === from);
    if (found.length > 0) this.#kept = this.#kept.filter(early => early.from !== from);
    return found.map(({ message }) => message);
  }

  clear(): void {
    this.#kept = [];
  }

  #forgetOld(now: number): void {
    this.#kept = this.#kept.filter(({ until }) => until > now);
  }
}
