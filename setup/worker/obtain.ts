import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, REPOSITORY } from '../cache.mjs';
import { runCommand } from '../command.mjs';
import { Failure } from '../failure.mjs';
import { withLock } from '../lock.mjs';
import { buildWorker } from './build.ts';

export const MEDIASOUP = join(REPOSITORY, 'node_modules', 'mediasoup');

/** Without MEDIASOUP_VERSION in its environment the worker ends at once, with this code. */
const STARTED_WITHOUT_VERSION = 41;
const ANSWER_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 60_000;

/** Whether the file is a worker that runs on this machine. */
export function workerStarts(worker: string): Promise<boolean> {
  return new Promise(resolve => {
    execFile(worker, [], { env: {}, timeout: 10_000 }, error => {
      resolve(error?.code === STARTED_WITHOUT_VERSION);
    });
  });
}

/** The worker that MEDIASOUP_WORKER_BIN names. Rejects with a Failure when it does not run. */
export async function namedWorker(): Promise<string | undefined> {
  const named = process.env['MEDIASOUP_WORKER_BIN'];
  if (named === undefined || named === '') return undefined;
  if (await workerStarts(named)) return named;
  throw new Failure(
    `MEDIASOUP_WORKER_BIN names ${named}, which does not start as a mediasoup worker.`,
    'Correct the path, or unset the variable: the set-up finds or builds a worker then.',
  );
}

/** Files of the cache for the mediasoup version of the project. */
interface Places {
  prebuilt: string;
  built: string;
  lock: string;
  buildDir: string;
}

async function places(): Promise<Places> {
  const { version } = await readManifest();
  const hash = createHash('sha256');
  const recipe = await readdir(import.meta.dirname, { recursive: true });
  for (const file of recipe.filter(isRecipe).sort())
    hash.update(file).update(await readFile(join(import.meta.dirname, file)));
  const folder = join(cacheFolder(), 'worker');
  const name = `mediasoup-${version}-${platform()}-${arch()}`;
  const built = `${name}-${hash.digest('hex').slice(0, 12)}`;
  return {
    prebuilt: join(folder, `${name}-prebuilt`, 'mediasoup-worker'),
    built: join(folder, built, 'mediasoup-worker'),
    lock: join(folder, `${name}.lock`),
    buildDir: join(folder, `${built}.build`),
  };
}

/** What the worker is made from, beside mediasoup itself. */
function isRecipe(file: string): boolean {
  return /[.](h|ts)$/.test(file) && !file.endsWith('.test.ts') && file !== 'obtain.ts';
}

/** Of the mediasoup package: its version, and where its releases are published. */
async function readManifest(): Promise<{ version: string; repository: string }> {
  const manifest: unknown = JSON.parse(await readFile(join(MEDIASOUP, 'package.json'), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string' &&
    'repository' in manifest &&
    typeof manifest.repository === 'object' &&
    manifest.repository !== null &&
    'url' in manifest.repository &&
    typeof manifest.repository.url === 'string'
  ) {
    return {
      version: manifest.version,
      repository: manifest.repository.url.replace(/^git[+]/, '').replace(/[.]git$/, ''),
    };
  }
  throw new Failure(`${MEDIASOUP}/package.json is incomplete.`, 'Remove node_modules and start again.');
}

/** A worker that an earlier run got. */
export async function cachedWorker(): Promise<string | undefined> {
  const { prebuilt, built } = await places();
  for (const worker of [prebuilt, built]) if (await workerStarts(worker)) return worker;
  return undefined;
}

/**
 * Downloads the worker that mediasoup's authors built for this kind of machine. Undefined when it cannot be had in a short time or
 * does not run here.
 */
export async function downloadWorker(signal: AbortSignal): Promise<string | undefined> {
  const { prebuilt, lock } = await places();
  return withLock(
    lock,
    async () => {
      if (await workerStarts(prebuilt)) return prebuilt;
      const archive = await fetchPrebuilt(signal);
      if (!archive) return undefined;
      const unfinished = `${prebuilt}.new`;
      await rm(unfinished, { recursive: true, force: true });
      await mkdir(unfinished, { recursive: true });
      try {
        await writeFile(join(unfinished, 'worker.tgz'), archive);
        await runCommand('tar', ['-xzf', 'worker.tgz', 'mediasoup-worker'], {
          cwd: unfinished,
          timeoutMs: 60_000,
          remedy: 'Start again.',
          signal,
        });
        const worker = join(unfinished, 'mediasoup-worker');
        if (!(await workerStarts(worker))) return undefined;
        await rename(worker, prebuilt);
        return prebuilt;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Failure) return undefined;
        throw error;
      } finally {
        await rm(unfinished, { recursive: true, force: true });
      }
    },
    { signal },
  );
}

/** Named as mediasoup's own npm-scripts.mjs names it. */
async function fetchPrebuilt(signal: AbortSignal): Promise<Uint8Array | undefined> {
  const { version, repository } = await readManifest();
  const kernel = platform() === 'linux' ? `-kernel${release().split('.')[0]}` : '';
  const base = process.env['MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL'] ?? `${repository}/releases/download`;
  const url = `${base}/${version}/mediasoup-worker-${version}-${platform()}-${arch()}${kernel}.tgz`;
  const noAnswer = new AbortController();
  const timer = setTimeout(() => {
    noAnswer.abort();
  }, ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, noAnswer.signal, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]),
    });
    clearTimeout(timer);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Builds the worker into the cache. */
export async function builtWorker(signal: AbortSignal, report: (progress: string) => void): Promise<string> {
  const { built, lock, buildDir } = await places();
  await withLock(
    lock,
    async () => {
      if (await workerStarts(built)) return;
      const build = {
        packageDir: MEDIASOUP,
        buildDir,
        worker: built,
        signal,
        onProgress: (done: number, total: number) => {
          report(`${done} of ${total} files`);
        },
      };
      await buildWorker(build);
      if (!(await workerStarts(built))) {
        // What was compiled against libraries that have changed since is of no use.
        await rm(buildDir, { recursive: true, force: true });
        await buildWorker(build);
      }
      if (!(await workerStarts(built))) {
        throw new Failure(
          `The worker was built, but does not start: ${built}`,
          'Run it by hand to see why; MEDIASOUP_WORKER_BIN may name a worker that was built elsewhere.',
        );
      }
      await rm(buildDir, { recursive: true, force: true });
    },
    {
      signal,
      onWait: holder => {
        report(`another run (process ${holder}) builds it`);
      },
    },
  );
  return built;
}
