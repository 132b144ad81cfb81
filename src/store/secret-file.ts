/** A secret that the focus made for itself, kept over restarts so that tokens stay good. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeirError } from '../../signalling/wire/errors.ts';

const FILE = 'signal-secret';
const BYTES = 32;

/** Reads the secret, or makes it, readable by the owner only. Rejects with WEIR_STORE_FAILED. */
export async function keptSecret(stateDir: string): Promise<Buffer> {
  const path = join(stateDir, FILE);
  const kept = await readFile(path).catch(() => undefined);
  if (kept?.length === BYTES) return kept;
  const secret = randomBytes(BYTES);
  try {
    await writeFile(`${path}.new`, secret, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (thrown) {
    throw new WeirError('WEIR_STORE_FAILED', 'the secret of signalling tokens cannot be kept', { cause: thrown });
  }
  return secret;
}
