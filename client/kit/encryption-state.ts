/** Whether a call is encrypted end to end, and who holds its keys: what a page shows of it. Types alone. */
import type { Problem } from './problems.ts';

/** Why nothing of a stream is shown. */
export type CannotDecrypt = 'no_key' | 'not_authentic' | 'clear' | 'codec' | 'replayed' | 'truncated';

/** A device that holds media keys of the call. */
export interface KeyHolder {
  userId: string;
  deviceId: string;
  /** Whether our person (or their cross-signing) has verified it; `undefined` where that is not known, as in a widget. */
  verified: boolean | undefined;
}

export type EncryptionState =
  /** The room is not encrypted. */
  | { kind: 'off' }
  /** `code`: over the device keys of all holders, groups of digits with spaces between; `undefined` while one is missing. */
  | { kind: 'on'; code: string | undefined; holders: readonly KeyHolder[] }
  /** The room is encrypted, but this browser or device cannot. */
  | { kind: 'unavailable'; problem: Problem };
