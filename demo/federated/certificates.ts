import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../setup/command.mjs';

const PROGRAM = join(import.meta.dirname, 'certificates.py');
const TIMEOUT_MS = 30_000;

/** PEM files of one server. */
export interface Certificate {
  certificateFile: string;
  keyFile: string;
}

/** Certificates of servers that trust each other, and nobody else them. */
export interface Certificates {
  /** The authority that vouches for all of them. */
  readonly caFile: string;
  /** Of one of the addresses that they were made for. */
  of(address: string): Certificate;
}

/**
 * Makes an authority, and a certificate for each IP address. Its key is forgotten at once.
 * @param python one that has Synapse, which brings the library for it
 * @param folder made when missing; the caller removes it
 */
export async function makeCertificates(options: {
  python: string;
  folder: string;
  addresses: readonly string[];
  signal?: AbortSignal;
}): Promise<Certificates> {
  const { python, folder, addresses, signal } = options;
  await mkdir(folder, { recursive: true });
  await runCommand(python, [PROGRAM, folder, ...addresses], {
    timeoutMs: TIMEOUT_MS,
    remedy: 'Remove the folder synapse of the cache, then start again.',
    ...(signal && { signal }),
  });
  return {
    caFile: join(folder, 'ca.pem'),
    of: address => ({ certificateFile: join(folder, `${address}.pem`), keyFile: join(folder, `${address}.key`) }),
  };
}
