/** The test vectors of RFC 9605, appendix C, by the code that encrypts frames in calls. */
import vectors from '../../client/sframe/fixtures/rfc9605.json' with { type: 'json' };
import { decryptFrame, encryptFrame } from '../../client/sframe/frame.ts';
import { readHeader, writeHeader } from '../../client/sframe/header.ts';
import { deriveKey } from '../../client/sframe/keys.ts';
import { type Bytes, type Suite, SUITES } from '../../client/sframe/suites.ts';

/** As the RFC lists them: each header, and one of each suite that browsers compute. */
const LISTED = { headers: 289, suites: Object.keys(SUITES).length };

/** What does not come out as the RFC has it; empty where all does. */
export async function missedVectors(): Promise<string[]> {
  const { header: headers, sframe } = vectors;
  const missed: string[] = [];
  if (headers.length !== LISTED.headers || sframe.length !== LISTED.suites)
    missed.push(`there are ${headers.length} headers and ${sframe.length} suites`);
  for (const [keyId = '', counter = '', encoded = ''] of headers) {
    const header = { keyId: BigInt(keyId), counter: BigInt(counter) };
    const read = readHeader(bytesOf(encoded));
    if (hexOf(writeHeader(header)) !== encoded || read?.keyId !== header.keyId || read.counter !== header.counter)
      missed.push(`header of key id ${keyId}, counter ${counter}`);
  }
  for (const vector of sframe) if (!(await isAsListed(vector))) missed.push(`suite ${vector.suite}`);
  return missed;
}

async function isAsListed(vector: (typeof vectors.sframe)[number]): Promise<boolean> {
  const suites: readonly Suite[] = Object.values(SUITES);
  const suite = suites.find(({ id }) => id === vector.suite);
  if (suite === undefined) return false;
  const [metadata, plaintext] = [bytesOf(vector.metadata), bytesOf(vector.plaintext)];
  const key = await deriveKey(suite, BigInt(vector.keyId), bytesOf(vector.baseKey));
  const encrypted = await encryptFrame(key, BigInt(vector.counter), metadata, plaintext);
  if (hexOf(key.salt) !== vector.salt || hexOf(encrypted) !== vector.ciphertext) return false;
  const header = readHeader(encrypted);
  const decrypted = header && (await decryptFrame(key, header, metadata, encrypted.subarray(header.bytes.length)));
  return decrypted !== undefined && hexOf(decrypted) === vector.plaintext;
}

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
