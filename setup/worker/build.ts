/**
 * Builds the mediasoup worker from the sources in its npm package, with the changes in `patches`, against the libraries of Debian 12.
 * On the command line: `node setup/worker/build.ts <mediasoup package> <folder for the build> <worker to write>`.
 */
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { runCommand } from '../command.mjs';
import { describeFailure } from '../failure.mjs';
import { listSources, OTHER_VERSION_REMEDY, renameFields } from './sources.ts';

/** Debian packages without which the worker cannot be built. */
export const BUILD_PACKAGES = [
  'g++',
  'patch',
  'flatbuffers-compiler',
  'libflatbuffers-dev',
  'libuv1-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libabsl-dev',
  'libmimalloc-dev',
] as const;

export interface WorkerBuild {
  /** The unpacked mediasoup package. */
  packageDir: string;
  /** Keeps what is compiled: a build that was interrupted goes on from there. */
  buildDir: string;
  /** Where the worker is put, when it is whole. */
  worker: string;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

const COMPAT = join(import.meta.dirname, 'compat');
const PATCHES = join(import.meta.dirname, 'patches');
/** Folders and files of the package's worker that are compiled, or say what is. */
const COMPILED = ['src', 'include', 'deps', 'fbs', 'meson.build'];
const REMEDY = 'Read the message of the compiler; MEDIASOUP_WORKER_BIN may name a worker that was built elsewhere.';
const FILE_TIMEOUT_MS = 600_000;
/** It compiles what is left. */
const LINK_TIMEOUT_MS = 600_000;
/** The compiler takes as much for the larger files. */
const MEMORY_PER_JOB = 700_000_000;

/** A packet costs a twelfth less than with -O2 and each file by itself. */
const OPTIMISATION = ['-O3', '-flto=auto'];
const FLAGS = [
  '-std=c++20',
  ...OPTIMISATION,
  '-DNDEBUG',
  '-DMS_LITTLE_ENDIAN',
  '-DMS_EXECUTABLE',
  '-DFLATBUFFERS_LOCALE_INDEPENDENT=1',
  '-w',
];

const LIBRARIES = [
  // Before libc, whose malloc() it replaces: a tenth of what a packet costs.
  'mimalloc',
  'uv',
  'ssl',
  'crypto',
  'srtp2',
  'flatbuffers',
  'absl_strings',
  'absl_throw_delegate',
  'absl_bad_optional_access',
  'absl_raw_logging_internal',
  'absl_hash',
  'absl_raw_hash_set',
  'pthread',
].map(name => `-l${name}`);

/** Rejects with a Failure that holds the compiler's message. */
export async function buildWorker(build: WorkerBuild): Promise<void> {
  const folder = resolve(build.buildDir);
  const inBuild = (path: string): string => join(folder, path);
  const source = inBuild('source');
  const inSource = (path: string): string => join(source, path);

  if (!existsSync(source)) await patchedSource(join(build.packageDir, 'worker'), source, build.signal);
  await generateMessages(inSource('fbs'), inBuild('fbs'), inBuild('generated/FBS'), build.signal);

  const sources = listSources(
    await readFile(inSource('meson.build'), 'utf8'),
    await readFile(inSource('deps/libwebrtc/meson.build'), 'utf8'),
  );
  const includes = [
    COMPAT,
    inBuild('generated'),
    inSource('include'),
    inSource('deps/libwebrtc'),
    inSource('deps/libwebrtc/libwebrtc'),
  ].map(path => `-I${path}`);

  await mkdir(inBuild('objects'), { recursive: true });
  const objects = sources.map(path => inBuild(`objects/${path.replaceAll('/', '_')}.o`));
  const left = sources.flatMap((path, index) => {
    const object = objects[index];
    if (object === undefined || existsSync(object)) return [];
    return [{ object, source: inSource(path) }];
  });
  let done = sources.length - left.length;
  build.onProgress?.(done, sources.length);

  // One compiler that fails ends the others.
  const failed = new AbortController();
  const signal = build.signal ? AbortSignal.any([build.signal, failed.signal]) : failed.signal;
  const compileLeft = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      await compile(next.source, next.object, includes, signal);
      done++;
      build.onProgress?.(done, sources.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs() }, compileLeft));
  } catch (error) {
    failed.abort(error);
    throw error;
  }

  await link(objects, inBuild('mediasoup-worker'), build.signal);
  await mkdir(dirname(build.worker), { recursive: true });
  await copyFile(inBuild('mediasoup-worker'), `${build.worker}.new`);
  await rename(`${build.worker}.new`, build.worker);
}

/** Copies the sources of the worker, and changes them. The folder is there only when it is whole. */
export async function patchedSource(packaged: string, source: string, signal?: AbortSignal): Promise<void> {
  const unfinished = `${source}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  for (const part of COMPILED) await cp(join(packaged, part), join(unfinished, part), { recursive: true });
  const patches = (await readdir(PATCHES)).filter(name => name.endsWith('.patch')).sort();
  for (const name of patches) {
    await runCommand(
      'patch',
      [
        '--strip=1',
        '--fuzz=0',
        '--no-backup-if-mismatch',
        `--directory=${unfinished}`,
        `--input=${join(PATCHES, name)}`,
      ],
      {
        timeoutMs: 60_000,
        remedy: OTHER_VERSION_REMEDY,
        ...(signal && { signal }),
      },
    );
  }
  await rename(unfinished, source);
}

async function generateMessages(from: string, schemas: string, to: string, signal?: AbortSignal): Promise<void> {
  await mkdir(schemas, { recursive: true });
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).filter(name => name.endsWith('.fbs'));
  for (const name of names)
    await writeFile(join(schemas, name), renameFields(await readFile(join(from, name), 'utf8')));
  await runCommand(
    'flatc',
    [
      '--cpp',
      '--reflect-names',
      '--scoped-enums',
      '--filename-suffix',
      '',
      '-o',
      to,
      ...names.map(name => join(schemas, name)),
    ],
    { timeoutMs: 60_000, remedy: REMEDY, ...(signal && { signal }) },
  );
}

async function compile(source: string, object: string, includes: string[], signal: AbortSignal): Promise<void> {
  // An object file is whole when it has its name, also after the machine was switched off half way.
  const unfinished = `${object}.new`;
  await runCommand('g++', [...FLAGS, ...includes, '-c', source, '-o', unfinished], {
    timeoutMs: FILE_TIMEOUT_MS,
    remedy: REMEDY,
    signal,
  });
  await rename(unfinished, object);
}

async function link(objects: string[], worker: string, signal?: AbortSignal): Promise<void> {
  await rm(worker, { force: true });
  await runCommand('g++', [...OPTIMISATION, '-o', worker, ...objects, ...LIBRARIES], {
    timeoutMs: LINK_TIMEOUT_MS,
    remedy: REMEDY,
    ...(signal && { signal }),
  });
}

function jobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / MEMORY_PER_JOB)));
}

if (import.meta.main) {
  const [packageDir, buildDir, worker] = process.argv.slice(2);
  if (packageDir === undefined || buildDir === undefined || worker === undefined) {
    console.error('usage: node setup/worker/build.ts <mediasoup package> <folder for the build> <worker to write>');
    process.exit(2);
  }
  try {
    await buildWorker({
      packageDir,
      buildDir,
      worker,
      onProgress: (done, total) => {
        if (done % 20 === 0 || done === total) console.error(`${done} of ${total} files compiled`);
      },
    });
  } catch (error) {
    console.error(describeFailure(error));
    process.exit(1);
  }
}
