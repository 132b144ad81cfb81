/** The way after the bottleneck: delay, jitter without overtaking, and the few that are held back and overtaken. */
import type { Passed } from './bottleneck.ts';
import { DEFAULT_REORDER_EXTRA_MS, type LinkProfile } from './script.ts';

/** What chance has in store for a packet: three numbers in [0, 1), drawn as it enters, whatever the profile. */
export interface Luck {
  loss: number;
  jitter: number;
  reorder: number;
}

export class Flight<T extends { luck: Luck }> {
  /** In the order in which they arrive. */
  readonly #flying: Passed<T>[] = [];
  #lastInOrderAt = -Infinity;

  get length(): number {
    return this.#flying.length;
  }

  launch(passed: Passed<T>, profile: LinkProfile): void {
    const inOrderAt = this.#inOrderAt(passed, profile);
    if (!isHeldBack(passed.item.luck, profile)) {
      this.#lastInOrderAt = inOrderAt;
      this.#insert({ item: passed.item, atMs: inOrderAt });
      return;
    }
    this.#insert({ item: passed.item, atMs: inOrderAt + (profile.reorderExtraMs ?? DEFAULT_REORDER_EXTRA_MS) });
  }

  /** No earlier than this will the packet, or one that passes the bottleneck after it, arrive under this profile. */
  earliest(passed: Passed<T>, profile: LinkProfile): number {
    // One that is held back binds nobody behind it.
    return isHeldBack(passed.item.luck, profile) ? passed.atMs : this.#inOrderAt(passed, profile);
  }

  nextAt(): number | undefined {
    return this.#flying[0]?.atMs;
  }

  /** Takes out the next one that has arrived by nowMs. */
  takeArrived(nowMs: number): Passed<T> | undefined {
    const [first] = this.#flying;
    return first !== undefined && first.atMs <= nowMs ? this.#flying.shift() : undefined;
  }

  #inOrderAt(passed: Passed<T>, { delayMs, jitterMs = 0 }: LinkProfile): number {
    const delay = Math.max(0, delayMs + (2 * passed.item.luck.jitter - 1) * jitterMs);
    return Math.max(this.#lastInOrderAt, passed.atMs + delay);
  }

  #insert(arrival: Passed<T>): void {
    const before = this.#flying.findLastIndex(other => other.atMs <= arrival.atMs);
    this.#flying.splice(before + 1, 0, arrival);
  }
}

function isHeldBack(luck: Luck, { reorderPct = 0 }: LinkProfile): boolean {
  return luck.reorder * 100 < reorderPct;
}
