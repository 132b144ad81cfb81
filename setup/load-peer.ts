/** Builds the engine of native load peers (loadtest/native-peer/engine) into the cache. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, REPOSITORY } from './cache.mjs';
import { runCommand } from './command.mjs';
import { Failure } from './failure.mjs';
import { withLock } from './lock.mjs';

/** Debian packages without which it cannot be built. */
export const LOAD_PEER_PACKAGES = ['g++', 'libssl-dev', 'libusrsctp-dev', 'rapidjson-dev'] as const;

const SOURCES = join(REPOSITORY, 'loadtest', 'native-peer', 'engine');
const FLAGS = ['-std=c++20', '-O2', '-DNDEBUG', '-Wall', '-Wextra'];
const LIBRARIES = ['-lusrsctp', '-lssl', '-lcrypto', '-lpthread'];
const JOBS = 2;
const COMPILE_TIMEOUT_MS = 300_000;
const SELF_TEST_TIMEOUT_MS = 30_000;
const REMEDY = 'Read the message of the compiler; WEIR_LOAD_PEER_BIN may name an engine that was built elsewhere.';

/** Whether the file is an engine that runs on this machine. */
export function loadPeerStarts(binary: string): Promise<boolean> {
  return new Promise(resolve => {
    execFile(binary, ['--self-test'], { timeout: SELF_TEST_TIMEOUT_MS }, error => {
      resolve(error === null);
    });
  });
}

/** The engine that WEIR_LOAD_PEER_BIN names, or that an earlier run built. Rejects with a Failure when the named one does not run. */
export async function cachedLoadPeer(): Promise<string | undefined> {
  const named = process.env['WEIR_LOAD_PEER_BIN'];
  if (named !== undefined && named !== '') {
    if (await loadPeerStarts(named)) return named;
    throw new Failure(
      `WEIR_LOAD_PEER_BIN names ${named}, which does not pass its self-test.`,
      'Correct the path, or unset the variable: the set-up builds an engine then.',
    );
  }
  const { binary } = await places();
  return (await loadPeerStarts(binary)) ? binary : undefined;
}

/** Builds the engine into the cache (half a minute on 2 cores), unless that was done already. */
export async function builtLoadPeer(signal: AbortSignal, report: (progress: string) => void): Promise<string> {
  const { binary, lock, objects } = await places();
  await withLock(
    lock,
    async () => {
      if (await loadPeerStarts(binary)) return;
      await build(binary, objects, signal, report);
      if (await loadPeerStarts(binary)) return;
      throw new Failure(`The engine of load peers was built, but fails its self-test: ${binary} --self-test`, REMEDY);
    },
    {
      signal,
      onWait: holder => {
        report(`another run (process ${holder}) builds it`);
      },
    },
  );
  return binary;
}

async function places(): Promise<{ binary: string; lock: string; objects: string }> {
  const hash = createHash('sha256').update(FLAGS.join(' '));
  const files = (await readdir(SOURCES, { recursive: true })).filter(file => /[.][ch]pp$/.test(file));
  for (const file of files.sort()) hash.update(file).update(await readFile(join(SOURCES, file)));
  const folder = join(cacheFolder(), 'load-peers');
  const name = `${platform()}-${arch()}-${hash.digest('hex').slice(0, 12)}`;
  return {
    binary: join(folder, name, 'load-peers'),
    lock: join(folder, 'build.lock'),
    objects: join(folder, `${name}.build`),
  };
}

async function build(
  binary: string,
  objects: string,
  signal: AbortSignal,
  report: (progress: string) => void,
): Promise<void> {
  await mkdir(objects, { recursive: true });
  const sources = (await readdir(SOURCES, { recursive: true })).filter(file => file.endsWith('.cpp'));
  const objectOf = (source: string): string => join(objects, `${source.replaceAll('/', '_')}.o`);
  // One compiler that fails ends the other.
  const failed = new AbortController();
  const options = { timeoutMs: COMPILE_TIMEOUT_MS, remedy: REMEDY, signal: AbortSignal.any([signal, failed.signal]) };
  const left = [...sources];
  let done = 0;
  const compileLeft = async (): Promise<void> => {
    for (let source = left.pop(); source !== undefined; source = left.pop()) {
      await runCommand('g++', [...FLAGS, `-I${SOURCES}`, '-c', join(SOURCES, source), '-o', objectOf(source)], options);
      done += 1;
      report(`${done} of ${sources.length} files`);
    }
  };
  try {
    await Promise.all(Array.from({ length: JOBS }, compileLeft));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  const linked = join(objects, 'load-peers');
  await runCommand('g++', ['-o', linked, ...sources.map(objectOf), ...LIBRARIES], options);
  await mkdir(dirname(binary), { recursive: true });
  // It is whole when it has its name.
  await rename(linked, binary);
  await rm(objects, { recursive: true, force: true });
}
