/** How many invites a user may send: a token bucket per user, bounded in users. */
import type { Clock } from '../ports.ts';

const MS_PER_MINUTE = 60_000;
/** Buckets that are kept; beyond, the one used longest ago is forgotten (and starts full again). */
const USERS = 10_000;

export class InviteRate {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }

  /** Takes one; false where the user has none left. */
  take(userId: string): boolean {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(userId) ?? { tokens: this.#perMinute, at: now };
    const tokens = Math.min(this.#perMinute, bucket.tokens + ((now - bucket.at) * this.#perMinute) / MS_PER_MINUTE);
    // Taken out and put back: the map stays in the order of use.
    this.#buckets.delete(userId);
    this.#buckets.set(userId, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > USERS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return tokens >= 1;
  }
}
