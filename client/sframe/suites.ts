/** The cipher suites of SFrame that browsers can compute (RFC 9605, section 4.5). */

export interface Suite {
  /** Its number in the registry of IANA. */
  readonly id: number;
  readonly hash: 'SHA-256' | 'SHA-512';
  /** Of what the hash gives (Nh), and of the key (Nk). */
  readonly hashBytes: number;
  readonly keyBytes: number;
}

export const SUITES = {
  AES_128_GCM_SHA256_128: { id: 4, hash: 'SHA-256', hashBytes: 32, keyBytes: 16 },
  AES_256_GCM_SHA512_128: { id: 5, hash: 'SHA-512', hashBytes: 64, keyBytes: 32 },
} as const satisfies Record<string, Suite>;

/** Bytes of the nonce (Nn) and of the tag (Nt), of both suites. */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** What WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;
