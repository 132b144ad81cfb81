/** A code that is the same for everybody in a call exactly where all of them see the same devices. Pure. */
import type { Device } from './device.ts';

/** A device, and what it signs with. */
export interface DeviceIdentity extends Device {
  /** Its Ed25519 key, in base64 without padding, as the homeserver hands it out. */
  readonly fingerprint: string;
}

const LABEL = 'org.weir.call.verification-code.1';
/** Whoever tries keys until two lists have one code has to compute so much for each. */
const ROUNDS = 131_072;
const GROUPS = 8;
const DIGITS_OF_GROUP = 4;
const BYTES_OF_GROUP = 4;

/**
 * Eight groups of four digits, to be read aloud. Computed anew where any device, ours included, comes, goes or has another key; the
 * order of devices makes no difference. It takes 100 ms and more: worth it where somebody looks.
 *
 * PBKDF2 with HMAC-SHA-256 (RFC 8018), 131,072 rounds; salt: the label; password: the JSON text of the devices as
 * `[user id, device id, fingerprint]`, each one once, sorted by their own JSON texts (UTF-16 code units). Each group is 4 of the 32
 * bytes, big-endian, modulo 10,000.
 */
export async function verificationCode(devices: readonly DeviceIdentity[]): Promise<string[]> {
  const texts = devices.map(({ userId, deviceId, fingerprint }) => JSON.stringify([userId, deviceId, fingerprint]));
  const list = `[${[...new Set(texts)].sort().join()}]`;
  const encoder = new TextEncoder();
  const password = await crypto.subtle.importKey('raw', encoder.encode(list), 'PBKDF2', false, ['deriveBits']);
  const bytes = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt: encoder.encode(LABEL), iterations: ROUNDS },
    password,
    GROUPS * BYTES_OF_GROUP * 8,
  );
  const view = new DataView(bytes);
  return Array.from({ length: GROUPS }, (_, group) =>
    String(view.getUint32(group * BYTES_OF_GROUP) % 10 ** DIGITS_OF_GROUP).padStart(DIGITS_OF_GROUP, '0'),
  );
}
