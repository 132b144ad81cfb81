/**
 * All keys that somebody ever had, and what can be made of them. It forgets none and takes no notice of key ids where another way
 * may lead: that a receiver of the product refuses a frame would say nothing of who can read it.
 */
import { decryptFrame } from '../../../client/sframe/frame.ts';
import type { ReadHeader } from '../../../client/sframe/header.ts';
import { keyStepOf } from '../../../client/sframe/key-id.ts';
import { deriveKey, type FrameKey, ratchet } from '../../../client/sframe/keys.ts';
import { type Bytes, type Suite, SUITES } from '../../../client/sframe/suites.ts';

/** A key, and of which step of which generation it is, where that is known. */
export interface RingKey {
  baseKey: Bytes;
  step: { generation: number; step: number } | undefined;
}

export class KeyRing {
  readonly #keys: readonly RingKey[];
  readonly #candidates = new Map<bigint, Promise<FrameKey[]>>();

  constructor(keys: readonly RingKey[]) {
    this.#keys = keys;
  }

  /**
   * The frame, and what opened it; `undefined` where nothing does.
   *
   * @param likely is tried first
   */
  async open(
    header: ReadHeader,
    clear: Uint8Array,
    ciphertext: Bytes,
    likely: FrameKey | undefined,
  ): Promise<{ frame: Bytes; by: FrameKey } | undefined> {
    for (const by of await this.#inOrder(header.keyId, likely)) {
      const frame = await decryptFrame(by, header, clear, ciphertext);
      if (frame !== undefined) return { frame, by };
    }
    return undefined;
  }

  async #inOrder(keyId: bigint, likely: FrameKey | undefined): Promise<readonly FrameKey[]> {
    let found = this.#candidates.get(keyId);
    if (found === undefined) {
      found = this.#derive(keyId);
      this.#candidates.set(keyId, found);
    }
    const all = await found;
    return likely !== undefined && all.includes(likely) ? [likely, ...all.filter(key => key !== likely)] : all;
  }

  /** Each key as it is, whatever it was meant for, and each that comes before the wanted one, taken forward. */
  async #derive(keyId: bigint): Promise<FrameKey[]> {
    const wanted = keyStepOf(keyId);
    const found = new Map<string, { suite: Suite; baseKey: Bytes }>();
    for (const { baseKey, step } of this.#keys) {
      const suite = suiteOf(baseKey);
      if (suite === undefined) continue;
      found.set(hexOf(baseKey), { suite, baseKey });
      if (wanted === undefined || step?.generation !== wanted.generation || step.step >= wanted.step) continue;
      let ahead = baseKey;
      for (let at = step.step; at < wanted.step; at += 1) ahead = await ratchet(suite, ahead);
      found.set(hexOf(ahead), { suite, baseKey: ahead });
    }
    return Promise.all([...found.values()].map(({ suite, baseKey }) => deriveKey(suite, keyId, baseKey)));
  }
}

/** Keys are as long as what the hash of their suite gives; of no other length is any. */
function suiteOf(baseKey: Bytes): Suite | undefined {
  return Object.values(SUITES).find(({ hashBytes }) => hashBytes === baseKey.length);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
