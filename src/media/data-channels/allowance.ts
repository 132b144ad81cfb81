/** How much application data a participant may send. */

/** Bounds of one participant's application data. */
export interface DataRates {
  /** Bytes of one message. */
  messageBytes: number;
  messagesPerSecond: number;
  bytesPerSecond: number;
}

export const DEFAULT_DATA_RATES: DataRates = {
  messageBytes: 65_536,
  messagesPerSecond: 300,
  bytesPerSecond: 250_000,
};

export type Verdict = 'taken' | 'too large' | 'too fast';

/** Two token buckets, of a second each: messages and bytes. A message always fits a full one. */
export class Allowance {
  readonly #rates: DataRates;
  readonly #burstBytes: number;
  #messages: number;
  #bytes: number;
  #at: number;

  /** `now` in ms. */
  constructor(rates: DataRates, now: number) {
    this.#rates = rates;
    this.#burstBytes = Math.max(rates.bytesPerSecond, rates.messageBytes);
    this.#messages = rates.messagesPerSecond;
    this.#bytes = this.#burstBytes;
    this.#at = now;
  }

  get messagesPerSecond(): number {
    return this.#rates.messagesPerSecond;
  }

  take(bytes: number, now: number): Verdict {
    const { messageBytes, messagesPerSecond, bytesPerSecond } = this.#rates;
    const seconds = Math.max(0, now - this.#at) / 1_000;
    this.#at = now;
    this.#messages = Math.min(messagesPerSecond, this.#messages + seconds * messagesPerSecond);
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + seconds * bytesPerSecond);
    if (bytes > messageBytes) return 'too large';
    if (this.#messages < 1 || this.#bytes < bytes) return 'too fast';
    this.#messages -= 1;
    this.#bytes -= bytes;
    return 'taken';
  }
}
