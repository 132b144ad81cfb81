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

/** Two token buckets, of a second each unless it is said otherwise: messages and bytes. A message always fits a full one. */
export class Allowance {
  readonly #rates: DataRates;
  readonly #burstMessages: number;
  readonly #burstBytes: number;
  #messages: number;
  #bytes: number;
  #at: number;

  /** `now` in ms. @param burstS what may come at once, in s of what may come in the long run */
  constructor(rates: DataRates, now: number, burstS = 1) {
    this.#rates = rates;
    this.#burstMessages = burstS * rates.messagesPerSecond;
    this.#burstBytes = Math.max(burstS * rates.bytesPerSecond, rates.messageBytes);
    this.#messages = this.#burstMessages;
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
    this.#messages = Math.min(this.#burstMessages, this.#messages + seconds * messagesPerSecond);
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + seconds * bytesPerSecond);
    if (bytes > messageBytes) return 'too large';
    if (this.#messages < 1 || this.#bytes < bytes) return 'too fast';
    this.#messages -= 1;
    this.#bytes -= bytes;
    return 'taken';
  }
}
