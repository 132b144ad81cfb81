/** Keys as they travel: events of devices to devices, and the bytes in them. */
import type { MediaKeyMessage } from '../../signalling/wire/media-keys.ts';
import { LAST_STEP } from '../sframe/key-id.ts';
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { Bytes, Suite } from '../sframe/suites.ts';

/** A to-device event as it arrived. */
export interface KeyEvent {
  readonly type: string;
  /**
   * Who sent it: by the word of Olm where it was encrypted, else by that of the homeserver.
   * `deviceId` is the device that Olm proves, and `undefined` only where a host vouches for the user alone (a widget): then the
   * device counts that the event claims.
   */
  readonly from: { readonly userId: string; readonly deviceId: string | undefined };
  /** Whether it came encrypted. */
  readonly encrypted: boolean;
  readonly content: unknown;
}

/** The call that keys are for. */
export interface CallRef {
  readonly roomId: string;
  readonly confId: string;
}

/** What a frame format says of its keys. */
export interface KeyFormat {
  readonly name: string;
  /** Where the format has several: keys of another one are none of ours. */
  readonly suite?: number;
  /** Whether this can be a key of somebody. */
  takes(key: SharedKey): boolean;
}

/** Of SFrame with a cipher suite. */
export function sframeKeyFormat({ id, hashBytes }: Suite): KeyFormat {
  return {
    name: 'sframe',
    suite: id,
    takes: ({ generation, step, baseKey }) =>
      Number.isSafeInteger(generation) &&
      generation >= 0 &&
      Number.isInteger(step) &&
      step >= 0 &&
      step <= LAST_STEP &&
      baseKey.length === hashBytes,
  };
}

export type KeyInMessage =
  | { readonly kind: 'key'; readonly key: SharedKey }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'other_format' };

/** The key in a message, where it can be one of the format. */
export function keyIn(message: MediaKeyMessage, format: KeyFormat): KeyInMessage {
  const isOurs = message.format === format.name && (format.suite === undefined || message.suite === format.suite);
  if (!isOurs) return { kind: 'refused', reason: 'other_format' };
  const baseKey = bytesOf(message.key);
  if (baseKey === undefined) return { kind: 'refused', reason: 'malformed' };
  const key = { generation: message.generation, step: message.step, baseKey };
  return format.takes(key) ? { kind: 'key', key } : { kind: 'refused', reason: 'malformed' };
}

/** Base64 without padding. */
export function textOf(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
}

function bytesOf(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text), character => character.charCodeAt(0));
  } catch {
    // No number of bytes has so many characters.
    return undefined;
  }
}
