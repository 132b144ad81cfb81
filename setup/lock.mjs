import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from './failure.mjs';

const WAIT_S = 1_800;

/**
 * Does something that two runs must not do at once. The kernel holds the lock, through flock(1), and frees it when the holder
 * dies, however it dies: no lock is ever stale. The file holds the process id of the last holder, for the message alone.
 *
 * @template T
 * @param {string} file made when missing
 * @param {() => Promise<T>} act
 * @param {{ onWait?: (holder: string) => void, signal?: AbortSignal }} [options] `onWait`: another run has the lock
 * @returns {Promise<T>}
 */
export async function withLock(file, act, options = {}) {
  await mkdir(dirname(file), { recursive: true });
  let release = await tryLock(file, ['--nonblock'], options.signal);
  if (!release) {
    options.onWait?.((await readFile(file, 'utf8').catch(() => '')).trim() || 'unknown');
    release = await tryLock(file, ['--timeout', String(WAIT_S)], options.signal);
  }
  if (!release) {
    throw new Failure(
      `Another run has held ${file} for ${WAIT_S / 60} minutes.`,
      'End that run, then start this one again.',
    );
  }
  try {
    await writeFile(file, `${process.pid}\n`);
    return await act();
  } finally {
    await release();
  }
}

/**
 * @param {string} file
 * @param {string[]} flags
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<(() => Promise<void>) | undefined>} undefined when it is held by another run
 */
async function tryLock(file, flags, signal) {
  // Its input ends when we release the lock, and also when we die; its own group keeps Ctrl-C from freeing the lock too early.
  const holder = spawn('flock', [...flags, file, 'sh', '-c', 'echo held; exec cat'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const stop = () => holder.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  const exited = new Promise(resolve => {
    holder.once('close', resolve);
  });
  holder.stdin.on('error', () => {
    // It is gone, and the lock with it.
  });
  try {
    const held = await new Promise((resolve, reject) => {
      holder.once('error', cause => {
        reject(new Failure('flock cannot be run.', 'Install util-linux.', { cause }));
      });
      holder.stdout.once('data', () => resolve(true));
      holder.once('close', () => resolve(false));
    });
    signal?.throwIfAborted();
    if (!held) return undefined;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return async () => {
    holder.stdin.end();
    await exited;
  };
}
