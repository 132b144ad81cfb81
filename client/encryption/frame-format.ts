/** What a frame format is to those who send and receive frames: how frames are encrypted, and with which keys. */
import type { EncryptableCodec } from '../sframe/clear-bytes.ts';
import type { Received } from '../sframe/received-frames.ts';
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { Bytes } from '../sframe/suites.ts';

/** As descriptions of streams and messages with keys name it. */
export type FormatName = 'sframe';

/** As an encrypted frame says, which proves nothing. */
export interface FrameNumber {
  readonly keyId: bigint;
  readonly counter: bigint;
}

export interface FrameFormat {
  readonly name: FormatName;
  /** Whether this can be a key of somebody: what is none is refused before anything is computed with it. */
  takes(key: SharedKey): boolean;
  /** How many bytes of a frame, encrypted or not, go as they are; `undefined` where it has not so many. */
  clearBytes(codec: EncryptableCodec, frame: Uint8Array): number | undefined;
  /** @param encrypted what follows the clear bytes; `undefined` where it is none of this format */
  numberOf(encrypted: Uint8Array): FrameNumber | undefined;
  /** Of ours, with a first one that nobody has yet. Rejects where the browser has no such cipher. */
  ownKeys(): Promise<EncryptingKeys>;
  /** Of one stay of somebody else; none yet. */
  keysOfSender(): DecryptingKeys;
}

/** Ours: one for all that we send, in all sizes, since each key numbers its frames. */
export interface EncryptingKeys {
  readonly shared: SharedKey;
  /** Takes the key a step forward. Rejects with a RangeError where it has none. */
  ratchet(): Promise<void>;
  /** The next key, not used before `use`. */
  next(): SharedKey;
  /** Rejects with a RangeError where it was used. */
  use(key: SharedKey): Promise<void>;
  /** What follows the clear bytes. */
  encrypt(clear: Uint8Array, frame: Bytes): Promise<Bytes>;
}

export interface DecryptingKeys {
  add(key: SharedKey): Promise<void>;
  /** Of one track: with a memory of its own of what came. */
  frames(): DecryptedFrames;
}

export interface DecryptedFrames {
  /** The frame without its clear bytes. Never throws. */
  decrypt(clear: Uint8Array, encrypted: Bytes): Promise<Received>;
}
