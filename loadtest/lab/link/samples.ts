/** What a link did, in bins of 100 ms, for plots. */

export const BIN_MS = 100;

/** An hour. The oldest bins go first. */
const MOST_BINS = 36_000;

/** Bytes count with IP and UDP headers. */
export interface LinkSample {
  /** Start of the bin since the start of the link, ms. */
  atMs: number;
  /** What came to the link, before loss and queue. */
  enteredBytes: number;
  leftBytes: number;
  /** Packets that found the queue full. */
  queueDropped: number;
  /** Packets lost by chance or in a burst. */
  lost: number;
  /** The longest the next newcomer would have had to wait at the bottleneck, ms. One packet above the bound if full. */
  queueMs: number;
  /** At the start of the bin, bit/s; null: unlimited. */
  capacityBps: number | null;
}

export class SampleBins {
  readonly #zeroMs: number;
  readonly #bins: LinkSample[] = [];
  #opened = 0;

  constructor(zeroMs: number) {
    this.#zeroMs = zeroMs;
  }

  /** When the next bin is to be opened. */
  nextEdge(): number {
    return this.#zeroMs + this.#opened * BIN_MS;
  }

  open(queueMs: number, rateBps: number): void {
    this.#bins.push({
      atMs: this.#opened * BIN_MS,
      enteredBytes: 0,
      leftBytes: 0,
      queueDropped: 0,
      lost: 0,
      queueMs,
      capacityBps: Number.isFinite(rateBps) ? rateBps : null,
    });
    this.#opened += 1;
    if (this.#bins.length > MOST_BINS) this.#bins.shift();
  }

  /** The bin of that time; undefined before the start and for bins that are gone. */
  at(timeMs: number): LinkSample | undefined {
    const index = Math.floor((timeMs - this.#zeroMs) / BIN_MS);
    const gone = this.#opened - this.#bins.length;
    // A time just before an edge may round up to it.
    return this.#bins[Math.min(index, this.#opened - 1) - gone];
  }

  sawQueue(nowMs: number, queueMs: number): void {
    const bin = this.at(nowMs);
    if (bin !== undefined) bin.queueMs = Math.max(bin.queueMs, queueMs);
  }

  /** A copy, oldest first. The last bin may not be over yet. */
  all(): LinkSample[] {
    return this.#bins.map(bin => ({ ...bin }));
  }
}
