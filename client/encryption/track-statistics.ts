/** Counts of the frames of one sender or receiver. */
import type { Refusal } from '../sframe/received-frames.ts';

/** Why a frame was not sent. */
export type SendRefusal =
  /** In a codec that is not encrypted, or nobody knows in which. */
  | 'codec'
  /** Shorter than the codec's frames are. */
  | 'malformed'
  /** Too many waited before it. */
  | 'full'
  /** It could not be encrypted: there is no key, or the browser failed. */
  | 'failed';

/** Why a frame was not shown. */
export type ReceiveRefusal =
  | Refusal
  | 'codec'
  /** Nobody had said whose it is, or it was another's when it was decrypted. */
  | 'unbound'
  /** It has no bytes, so nothing says whose it is. */
  | 'empty'
  | 'full'
  | 'failed';

export interface SentStatistics {
  /** Frames. */
  readonly encrypted: number;
  /** Frames without a byte (silence of an encoder that sends none), which have nothing to encrypt. */
  readonly empty: number;
  readonly refused: ReadonlyMap<SendRefusal, number>;
}

export interface ReceivedStatistics {
  /** Frames. */
  readonly decrypted: number;
  readonly refused: ReadonlyMap<ReceiveRefusal, number>;
}
