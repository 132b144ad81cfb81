/** Our own keys, wherever they are held: in the worker that encrypts our frames. */
import type { SharedKey } from '../sframe/sent-keys.ts';

/** What the exchange asks of them. All of it rejects where the keys are no more. */
export interface OwnKeys {
  /** Takes the key of our frames a step forward, and resolves to it. Not beyond `LAST_STEP`. */
  ratchet(): Promise<SharedKey>;
  /** Makes the next generation, which is not used before `use`. */
  next(): Promise<SharedKey>;
  /** Resolves when our frames are encrypted with it. */
  use(key: SharedKey): Promise<void>;
}
