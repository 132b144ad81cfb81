import { createHash } from 'node:crypto';

/** Hex, as pages tell it of their frames. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
