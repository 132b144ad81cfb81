/** Our keys without cryptography: a test can tell which are in use, and since when. */
import type { KeyStep } from '../../sframe/key-id.ts';
import type { SharedKey } from '../../sframe/sent-keys.ts';
import { type Bytes, SUITES } from '../../sframe/suites.ts';
import type { Clock } from '../clock.ts';
import type { OwnKeys } from '../own-keys.ts';

export const SUITE = SUITES.AES_256_GCM_SHA512_128;

/** A key that differs from all of other numbers. */
export function keyNumbered(generation: number, step = 0): SharedKey {
  const baseKey: Bytes = new Uint8Array(SUITE.hashBytes);
  const view = new DataView(baseKey.buffer);
  view.setFloat64(0, generation);
  view.setUint8(8, step);
  return { generation, step, baseKey };
}

export const nameOf = ({ generation, step }: KeyStep): string => `${generation}.${step}`;

export class FakeOwnKeys implements OwnKeys {
  /** ms that each change takes, where it is not 0. */
  latencyMs = 0;
  /** Step that generations begin with. */
  firstStep = 0;
  broken: Error | undefined;
  current = keyNumbered(0);
  /** What was used so far: when the first frame may have been encrypted with it. */
  readonly used = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async ratchet(): Promise<SharedKey> {
    await this.#delay();
    this.#take(keyNumbered(this.current.generation, this.current.step + 1));
    await this.#delay();
    return this.current;
  }

  async next(): Promise<SharedKey> {
    await this.#delay();
    return keyNumbered(this.current.generation + 1, this.firstStep);
  }

  async use(key: SharedKey): Promise<void> {
    await this.#delay();
    this.#take(key);
    await this.#delay();
  }

  #take(key: SharedKey): void {
    if (key.step > 255 || key.generation < this.current.generation) throw new RangeError('used up');
    this.current = key;
    this.used.set(nameOf(key), this.#clock.now());
  }

  async #delay(): Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    if (this.latencyMs > 0) await new Promise<void>(resolve => this.#clock.after(this.latencyMs, resolve));
  }
}
