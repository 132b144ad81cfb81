/** For checks: which frames passed, and with which keys. Off unless somebody asks for it, since it holds every key of the call. */
import type { OwnKeys, SenderId, SharedKey, WitnessRecord } from '../encryption/index.ts';

/** A key as it was held here. */
export interface WitnessedKey {
  /** `undefined`: our own. */
  readonly from: SenderId | undefined;
  readonly stay: string;
  readonly generation: number;
  readonly step: number;
  /** Base64. A secret. */
  readonly baseKey: string;
  /** When it came, or was made, in ms since 1970. */
  readonly at: number;
}

/** More are dropped, the oldest first. */
const MOST_RECORDS = 200_000;

export class KeyWitness {
  #records: WitnessRecord[] = [];
  readonly #keys: WitnessedKey[] = [];

  get keys(): readonly WitnessedKey[] {
    return this.#keys;
  }

  /** What was seen since it was asked for the last time. */
  drain(): WitnessRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  saw(records: readonly WitnessRecord[]): void {
    this.#records.push(...records);
    if (this.#records.length > MOST_RECORDS) this.#records = this.#records.slice(-MOST_RECORDS);
  }

  got(from: SenderId, stay: string, key: SharedKey): void {
    this.#note(from, stay, key);
  }

  /**
   * The same keys, each noted.
   *
   * @param stay ours, asked when a key is made
   */
  ofOwn(keys: OwnKeys, stay: () => string): OwnKeys {
    const noted = async (made: Promise<SharedKey>): Promise<SharedKey> => {
      const key = await made;
      this.#note(undefined, stay(), key);
      return key;
    };
    return {
      ratchet: () => noted(keys.ratchet()),
      next: () => noted(keys.next()),
      use: key => keys.use(key),
    };
  }

  #note(from: SenderId | undefined, stay: string, { generation, step, baseKey }: SharedKey): void {
    const text = btoa(String.fromCharCode(...baseKey));
    this.#keys.push({ from, stay, generation, step, baseKey: text, at: Date.now() });
  }
}
