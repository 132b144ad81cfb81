import { createHash } from 'node:crypto';

const BYTES = 8;

/** Of a frame, as pages tell it of theirs: the first 8 bytes of SHA-256, hex. */
export function frameDigest(data: Uint8Array): string {
  return createHash('sha256')
    .update(data)
    .digest('hex')
    .slice(0, 2 * BYTES);
}
