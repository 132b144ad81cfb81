import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from './cache.mjs';
import { runCommand } from './command.mjs';
import { withLock } from './lock.mjs';

/** Where vite puts the call page (client/vite.config.ts). */
export const PAGE_DIR = join(REPOSITORY, 'dist', 'page');

const SOURCES = ['client', 'signalling/wire', 'package-lock.json'];
const STAMP = join(REPOSITORY, '.weir', 'page.built');
const LOCK = join(REPOSITORY, '.weir', 'page.lock');
const BUILD_TIMEOUT_MS = 180_000;

/** Whether the call page is built from the sources as they are now. */
export async function pageIsBuilt(): Promise<boolean> {
  if (!existsSync(join(PAGE_DIR, 'index.html'))) return false;
  const stamp = await readFile(STAMP, 'utf8').catch(() => undefined);
  return stamp === (await sourcesHash());
}

export async function buildPage(signal: AbortSignal): Promise<void> {
  await withLock(
    LOCK,
    async () => {
      if (await pageIsBuilt()) return;
      const hash = await sourcesHash();
      await runCommand(
        process.execPath,
        [join(REPOSITORY, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', 'client'],
        {
          cwd: REPOSITORY,
          timeoutMs: BUILD_TIMEOUT_MS,
          remedy: 'Correct what vite complains about in client/.',
          env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
          signal,
        },
      );
      await writeFile(STAMP, hash);
    },
    { signal },
  );
}

async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await filesBelow(join(REPOSITORY, source))) hash.update(file).update(await readFile(file));
  }
  return hash.digest('hex');
}

/** The file itself, or the files of the folder and of those in it, sorted. */
async function filesBelow(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter(entry => entry.isFile() && !/[.]test[.]tsx?$/.test(entry.name))
      .map(entry => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path];
    throw error;
  }
}
