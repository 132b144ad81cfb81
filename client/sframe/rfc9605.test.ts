/** The test vectors of RFC 9605, appendix C. */
import { describe, expect, it } from 'vitest';
import vectors from './fixtures/rfc9605.json' with { type: 'json' };
import { decryptFrame, encryptFrame } from './frame.ts';
import { readHeader, writeHeader } from './header.ts';
import { deriveKey } from './keys.ts';
import { type Bytes, type Suite, SUITES } from './suites.ts';

const bytesOf = (hex: string): Bytes => Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const suites: readonly Suite[] = Object.values(SUITES);

describe('headers', () => {
  it('are written and read as the RFC has them', () => {
    expect(vectors.header).toHaveLength(289);
    for (const [keyId = '', counter = '', encoded = ''] of vectors.header) {
      const header = { keyId: BigInt(keyId), counter: BigInt(counter) };
      expect(hexOf(writeHeader(header))).toBe(encoded);
      expect(readHeader(bytesOf(`${encoded}00ff`))).toEqual({ ...header, bytes: bytesOf(encoded) });
    }
  });

  it('that end too early are none', () => {
    for (const [, , encoded = ''] of vectors.header) {
      for (let bytes = 0; bytes < encoded.length / 2; bytes += 1)
        expect(readHeader(bytesOf(encoded).subarray(0, bytes))).toBeUndefined();
    }
  });

  it('have no room for more than 64 bits', () => {
    expect(() => writeHeader({ keyId: 1n << 64n, counter: 0n })).toThrow(RangeError);
  });
});

describe.each(vectors.sframe)('suite $suite', vector => {
  const suite = suites.find(({ id }) => id === vector.suite);
  const [metadata, plaintext] = [bytesOf(vector.metadata), bytesOf(vector.plaintext)];

  it('encrypts and decrypts as the RFC has it', async () => {
    if (suite === undefined) throw new Error(`no suite ${vector.suite}`);
    const key = await deriveKey(suite, BigInt(vector.keyId), bytesOf(vector.baseKey));
    expect(hexOf(key.salt)).toBe(vector.salt);
    const encrypted = await encryptFrame(key, BigInt(vector.counter), metadata, plaintext);
    expect(hexOf(encrypted)).toBe(vector.ciphertext);
    const header = readHeader(encrypted);
    if (header === undefined) throw new Error('no header');
    expect(await decryptFrame(key, header, metadata, encrypted.subarray(header.bytes.length))).toEqual(plaintext);
  });
});
