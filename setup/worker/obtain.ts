import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, REPOSITORY } from '../cache.mjs';
import { Failure } from '../failure.mjs';
import { withLock } from '../lock.mjs';
import { buildWorker } from './build.ts';

export const MEDIASOUP = join(REPOSITORY, 'node_modules', 'mediasoup');

/** Without MEDIASOUP_VERSION in its environment the worker ends at once, with this code. */
const STARTED_WITHOUT_VERSION = 41;

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
  built: string;
  lock: string;
  buildDir: string;
}

async function places(): Promise<Places> {
  const version = await readVersion();
  const folder = join(cacheFolder(), 'worker');
  const name = `mediasoup-${version}-${platform()}-${arch()}`;
  const built = `${name}-${await recipeKey(import.meta.dirname)}`;
  return {
    built: join(folder, built, 'mediasoup-worker'),
    lock: join(folder, `${name}.lock`),
    buildDir: join(folder, `${built}.build`),
  };
}

/** Another one for each content of a folder that says how the worker is built: a worker is built anew when its patches change. */
export async function recipeKey(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const recipe = await readdir(folder, { recursive: true });
  for (const file of recipe.filter(isRecipe).sort()) hash.update(file).update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

/** What the worker is made from, beside mediasoup itself. */
function isRecipe(file: string): boolean {
  return /[.](h|ts|patch)$/.test(file) && !/[.]test[.]ts$|^obtain[.]ts$|^tests[/]/.test(file);
}

/** Of the mediasoup package. */
async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(MEDIASOUP, 'package.json'), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  )
    return manifest.version;
  throw new Failure(`${MEDIASOUP}/package.json is incomplete.`, 'Remove node_modules and start again.');
}

/** A worker that an earlier run got. */
export async function cachedWorker(): Promise<string | undefined> {
  const { built } = await places();
  return (await workerStarts(built)) ? built : undefined;
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
