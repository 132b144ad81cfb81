/** How much later than planned packets were sent: the measure of whether the machine kept up. Bounded memory. */

const BUCKETS_PER_MS = 10;
/** Up to half a second; the last bucket takes the rest. */
const BUCKETS = 5_000;

export interface LatenessReport {
  /** 99 of 100 packets were not later than this, ms, rounded up to 0.1; the maximum if that is beyond 500. 0 without packets. */
  p99: number;
  max: number;
  packets: number;
}

export class Lateness {
  readonly #counts = new Uint32Array(BUCKETS);
  #packets = 0;
  #max = 0;

  add(lateMs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(lateMs * BUCKETS_PER_MS)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#packets += 1;
    this.#max = Math.max(this.#max, lateMs);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#packets = 0;
    this.#max = 0;
  }

  report(): LatenessReport {
    return { p99: this.#percentile(0.99), max: this.#max, packets: this.#packets };
  }

  #percentile(share: number): number {
    let seen = 0;
    const bucket = this.#counts.findIndex(count => (seen += count) >= share * this.#packets);
    const reachesTo = bucket === BUCKETS - 1 ? Infinity : (bucket + 1) / BUCKETS_PER_MS;
    return Math.min(this.#max, reachesTo);
  }
}
