/** What base keys become (RFC 9605, sections 4.4.2 and 5.1). */
import { type Bytes, NONCE_BYTES, type Suite } from './suites.ts';

/** Encrypts and decrypts the frames of one key id. */
export interface FrameKey {
  readonly keyId: bigint;
  readonly key: CryptoKey;
  /** Secret, as the key is. */
  readonly salt: Bytes;
}

const KEY_LABEL = 'SFrame 1.0 Secret key ';
const SALT_LABEL = 'SFrame 1.0 Secret salt ';
const RATCHET_LABEL = 'SFrame 1.0 Ratchet';
const KEY_ID_BYTES = 8;
const SUITE_BYTES = 2;

/** The key of a key id. Rejects with a DOMException where the browser has no such cipher. */
export async function deriveKey(suite: Suite, keyId: bigint, baseKey: Bytes): Promise<FrameKey> {
  const [key, salt] = await Promise.all([
    expand(suite, baseKey, labelOf(KEY_LABEL, suite, keyId), suite.keyBytes),
    expand(suite, baseKey, labelOf(SALT_LABEL, suite, keyId), NONCE_BYTES),
  ]);
  return { keyId, key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']), salt };
}

/** The base key of the next step. From it nobody gets back to this one. */
export function ratchet(suite: Suite, baseKey: Bytes): Promise<Bytes> {
  return expand(suite, baseKey, encoded(RATCHET_LABEL), suite.hashBytes);
}

/** HKDF with an empty salt: HKDF-Expand(HKDF-Extract("", base_key), label, length). */
async function expand({ hash }: Suite, baseKey: Bytes, info: Bytes, bytes: number): Promise<Bytes> {
  const secret = await crypto.subtle.importKey('raw', baseKey, 'HKDF', false, ['deriveBits']);
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: 'HKDF', hash, salt: new Uint8Array(), info }, secret, bytes * 8),
  );
}

/** The text, the key id and the number of the suite, both big-endian. */
function labelOf(text: string, { id }: Suite, keyId: bigint): Bytes {
  const start = encoded(text);
  const label = new Uint8Array(start.length + KEY_ID_BYTES + SUITE_BYTES);
  label.set(start);
  const view = new DataView(label.buffer);
  view.setBigUint64(start.length, keyId);
  view.setUint16(start.length + KEY_ID_BYTES, id);
  return label;
}

function encoded(text: string): Bytes {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}
