/** Keys as pages and messages tell them. Pure. */
import type { HeldKey } from '../page-encryption.ts';
import type { RingKey } from './key-ring.ts';

/** A key of either suite, in base64: 32 or 64 bytes. */
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$|^[A-Za-z0-9+/_-]{86}={0,2}$/;

export function ringKeysOf(held: readonly HeldKey[]): RingKey[] {
  return held.map(({ baseKey, generation, step }) => ({ baseKey: bytesOf(baseKey), step: { generation, step } }));
}

/** Whatever in these strings could be a key, if it were one. */
export function ringKeysIn(texts: readonly string[]): RingKey[] {
  const candidates = new Set(texts.filter(text => BASE64.test(text)));
  return [...candidates].map(text => ({ baseKey: bytesOf(text), step: undefined }));
}

/** All that a page ever held, each once. */
export class KeyLog {
  readonly #keys = new Map<string, HeldKey>();

  add(keys: readonly HeldKey[]): void {
    for (const key of keys) this.#keys.set(JSON.stringify([key.from, key.stay, key.generation, key.step]), key);
  }

  get all(): HeldKey[] {
    return [...this.#keys.values()];
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}
