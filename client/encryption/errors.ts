/** What can go wrong with encryption as a whole; a single frame that cannot be read is no error, but a `ReceiveState`. */

export type EncryptionErrorCode =
  /** This browser lets nobody transform frames, or knows no such cipher. */
  | 'unsupported'
  /** The worker did not start, or met what it did not expect. It was ended: nothing is sent or shown any more. */
  | 'worker_failed'
  /** It was closed before it could answer. */
  | 'closed'
  /** The key was used before, or has no further step: make the next. */
  | 'key_used_up';

export class EncryptionError extends Error {
  readonly code: EncryptionErrorCode;

  constructor(code: EncryptionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EncryptionError';
    this.code = code;
  }
}
