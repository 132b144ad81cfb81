/** Frames of one track, as they arrive: decrypted, or refused with the reason. */
import { decryptFrame } from './frame.ts';
import { readHeader } from './header.ts';
import type { ReceivedKeys } from './received-keys.ts';
import { ReplayWindow } from './replay-window.ts';
import type { Bytes } from './suites.ts';

export type Received =
  | { readonly kind: 'frame'; readonly frame: Bytes }
  | { readonly kind: 'refused'; readonly reason: Refusal };

export type Refusal =
  /** It ends before it can be one. */
  | 'truncated'
  /** The sender shared no key that it can be read with. */
  | 'no_key'
  /** It was changed, or comes from somebody else. */
  | 'not_authentic'
  /** It came before, or is too old to know. */
  | 'replayed';

/** Far more keys than are remembered at a time (`KEEPS_EARLIER_MS`): a window that is forgotten has no key any more. */
const MOST_WINDOWS = 16;

export class ReceivedFrames {
  readonly #keys: ReceivedKeys;
  /** One track is sent in one size at a time, so a counter comes once; the same frame may come on another track, as a second size. */
  readonly #windows = new Map<bigint, ReplayWindow>();

  constructor(keys: ReceivedKeys) {
    this.#keys = keys;
  }

  /**
   * @param clear bytes that stood before it
   * @param encrypted header, ciphertext and tag
   */
  async decrypt(clear: Uint8Array, encrypted: Bytes): Promise<Received> {
    const header = readHeader(encrypted);
    if (header === undefined) return refused('truncated');
    const { keyId, counter, bytes } = header;
    if (this.#windows.get(keyId)?.isNew(counter) === false) return refused('replayed');
    const candidate = await this.#keys.candidate(keyId);
    if (candidate === undefined) return refused('no_key');
    const frame = await decryptFrame(candidate.key, header, clear, encrypted.subarray(bytes.length));
    if (frame === undefined) return refused('not_authentic');
    candidate.proven(counter);
    return this.#windowOf(keyId, candidate.highest).accept(counter) ? { kind: 'frame', frame } : refused('replayed');
  }

  /** @param highest what other tracks have come to: a track that begins takes nothing that is long past */
  #windowOf(keyId: bigint, highest: bigint): ReplayWindow {
    const known = this.#windows.get(keyId);
    if (known !== undefined) return known;
    const window = new ReplayWindow(highest);
    this.#windows.set(keyId, window);
    const [oldest] = [...this.#windows.keys()].sort((one, other) => Number(one - other));
    if (this.#windows.size > MOST_WINDOWS && oldest !== undefined) this.#windows.delete(oldest);
    return window;
  }
}

function refused(reason: Refusal): Received {
  return { kind: 'refused', reason };
}
