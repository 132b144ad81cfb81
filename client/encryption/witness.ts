/** What a check may be told of each frame: which number it has, and what it was before it was encrypted. */
import type { SenderId } from './sender-id.ts';
import type { Bytes } from '../sframe/suites.ts';
import type { MediaKind } from './encoded-frame.ts';
import type { FrameNumber } from './frame-format.ts';

export interface WitnessRecord {
  readonly direction: 'send' | 'receive';
  readonly kind: MediaKind;
  /** Whose it is; `undefined` for our own. */
  readonly from: SenderId | undefined;
  /** Decimal, as is the counter: they have up to 64 bits. */
  readonly keyId: string;
  readonly counter: string;
  /** The first 8 bytes of SHA-256 of the clear frame, in hexadecimal. */
  readonly digest: string;
  /** When it was encrypted, or decrypted, ms since 1970. */
  readonly at: number;
}

const DIGEST_BYTES = 8;
const MOST_AT_ONCE = 256;
/** ms */
const AT_LEAST_EVERY_MS = 200;

export type WitnessedFrame = Pick<WitnessRecord, 'direction' | 'kind' | 'from'> & {
  readonly number: FrameNumber;
  readonly clear: Bytes;
};

export class Witness {
  readonly #told: (records: WitnessRecord[]) => void;
  #records: WitnessRecord[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param told some at a time */
  constructor(told: (records: WitnessRecord[]) => void) {
    this.#told = told;
  }

  async note({ number, clear, ...about }: WitnessedFrame): Promise<void> {
    const at = Date.now();
    const whole = new Uint8Array(await crypto.subtle.digest('SHA-256', clear));
    const digest = Array.from(whole.subarray(0, DIGEST_BYTES), byte => byte.toString(16).padStart(2, '0')).join('');
    this.#records.push({ ...about, keyId: String(number.keyId), counter: String(number.counter), digest, at });
    if (this.#records.length >= MOST_AT_ONCE) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), AT_LEAST_EVERY_MS);
  }

  /** Tells what it has; also the end of its timer. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = this.#records;
    this.#records = [];
    if (records.length > 0) this.#told(records);
  }
}
