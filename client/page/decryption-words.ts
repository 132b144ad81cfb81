/** Why nothing of somebody is shown in an encrypted call, for a person. Pure. */
import type { CannotDecrypt } from '../kit/index.ts';

/** Keys mostly come within a moment: no key for a shorter time is no trouble. In ms. */
export const KEY_WAIT_MS = 2_000;

export interface DecryptionWords {
  /** In two or three words, for small tiles. */
  short: string;
  /** In a sentence or two. */
  reason: string;
}

export function decryptionWords(cannot: CannotDecrypt, name: string): DecryptionWords {
  switch (cannot) {
    case 'no_key':
      return {
        short: 'No key',
        reason: `${name}’s key has not arrived. This page keeps asking for it.`,
      };
    case 'not_authentic':
      return {
        short: 'Not authentic',
        reason: `What arrives was not made with ${name}’s key. It was changed on the way, or is from somebody else.`,
      };
    case 'clear':
      return {
        short: 'Not encrypted',
        reason: `What arrives from ${name} is not encrypted. In an encrypted call it is not shown.`,
      };
    case 'codec':
      return {
        short: 'Wrong codec',
        reason: `${name} sends in a codec that encrypted calls do not use, such as H264 or AV1.`,
      };
    case 'replayed':
      return {
        short: 'Repeated',
        reason: `What arrives was sent by ${name} before. Somebody on the way repeats it.`,
      };
    case 'truncated':
      return {
        short: 'Cut off',
        reason: `What arrives from ${name} is incomplete. It was cut off on the way.`,
      };
  }
}
