import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '../../setup/failure.mjs';
import { matrixRequest, requireString } from '../matrix-api.ts';
import type { Chromium } from './chromium.ts';
import type { Versions } from './report.ts';

const REPOSITORY = resolve(import.meta.dirname, '..', '..');

/** Of everything that takes part in the call. */
export async function versionsOf(chromium: Chromium, homeserverUrl: string): Promise<Versions> {
  const [weir, mediasoup, browser, homeserver] = await Promise.all([
    packageVersion(join(REPOSITORY, 'package.json')),
    packageVersion(join(REPOSITORY, 'node_modules', 'mediasoup', 'package.json')),
    chromium.version(),
    matrixRequest(homeserverUrl, { method: 'GET', path: '/_synapse/admin/v1/server_version' }),
  ]);
  return {
    weir,
    // The focus runs on the same Node as the check.
    node: process.versions.node,
    mediasoup,
    chromium: browser,
    synapse: requireString(homeserver, 'server_version'),
  };
}

async function packageVersion(file: string): Promise<string> {
  const content: unknown = JSON.parse(await readFile(file, 'utf8'));
  const version: unknown =
    typeof content === 'object' && content !== null ? Reflect.get(content, 'version') : undefined;
  if (typeof version !== 'string') throw new Failure(`${file} names no version.`, 'Install the packages again.');
  return version;
}
