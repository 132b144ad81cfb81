/** One frame, encrypted and decrypted (RFC 9605, section 4.4). */
import { type ReadHeader, writeHeader } from './header.ts';
import type { FrameKey } from './keys.ts';
import { type Bytes, NONCE_BYTES, TAG_BYTES } from './suites.ts';

/**
 * Header, ciphertext and tag. A counter must never be used twice with one key.
 *
 * @param metadata what stands beside it in the clear, and must arrive as it is
 */
export async function encryptFrame(key: FrameKey, counter: bigint, metadata: Uint8Array, frame: Bytes): Promise<Bytes> {
  const header = writeHeader({ keyId: key.keyId, counter });
  const ciphertext = await crypto.subtle.encrypt(cipher(key, counter, header, metadata), key.key, frame);
  return joined(header, new Uint8Array(ciphertext));
}

/** The frame; `undefined` where it was not encrypted with this key, or was changed since. */
export async function decryptFrame(
  key: FrameKey,
  header: ReadHeader,
  metadata: Uint8Array,
  ciphertext: Bytes,
): Promise<Bytes | undefined> {
  if (ciphertext.length < TAG_BYTES) return undefined;
  try {
    const parameters = cipher(key, header.counter, header.bytes, metadata);
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key.key, ciphertext));
  } catch {
    // WebCrypto says no more than that it is so.
    return undefined;
  }
}

export function joined(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function cipher({ salt }: FrameKey, counter: bigint, header: Uint8Array, metadata: Uint8Array): AesGcmParams {
  const iv = Uint8Array.from(salt);
  const view = new DataView(iv.buffer);
  const last = NONCE_BYTES - 8;
  view.setBigUint64(last, view.getBigUint64(last) ^ counter);
  return { name: 'AES-GCM', iv, additionalData: joined(header, metadata), tagLength: TAG_BYTES * 8 };
}
