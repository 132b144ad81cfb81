import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WeirError } from '../../signalling/wire/errors.ts';

const LOCK_FILE = /^lock-[0-9a-f]{16}\.sock$/;
const TRIES = 3;
/** What the kernel takes as the path of a socket, in bytes. */
const MAX_SOCKET_PATH = 100;
const PROBE_TIMEOUT_MS = 2_000;

/** Keeps a directory to one process. */
export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Takes the directory, or rejects with WEIR_STORE_FAILED where a living process has it.
 *
 * The lock is a listening socket, because the kernel ends it with its process: ids of processes are used again, and mean
 * nothing in another container that has the same volume. Each taker first announces itself, then looks for others: of two
 * at one time at most one goes on.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  for (let attempt = 1; ; attempt += 1) {
    const own = await announce(directory);
    try {
      if (!(await othersLive(directory, own.name))) return own;
    } catch (thrown) {
      await own.release();
      throw thrown;
    }
    await own.release();
    if (attempt === TRIES) throw new WeirError('WEIR_STORE_FAILED', `another focus uses ${directory}`);
    await delay(20 + Math.random() * 100);
  }
}

async function announce(directory: string): Promise<DirectoryLock & { name: string }> {
  const name = `lock-${randomBytes(8).toString('hex')}.sock`;
  const { path, handle } = await socketPath(directory, name);
  const server = createServer(connection => connection.destroy());
  try {
    await listen(server, path);
  } catch (cause) {
    await handle?.close();
    throw new WeirError('WEIR_STORE_FAILED', `${directory} cannot be locked`, { cause });
  }
  server.unref();
  return {
    name,
    async release() {
      // Closing removes the socket's file, too.
      await new Promise<void>(resolve => {
        server.close(() => resolve());
      });
      await handle?.close();
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function socketPath(directory: string, name: string): Promise<{ path: string; handle: FileHandle | undefined }> {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { path, handle: undefined };
  const handle = await open(directory, 'r');
  return { path: `/proc/self/fd/${handle.fd}/${name}`, handle };
}

async function othersLive(directory: string, own: string): Promise<boolean> {
  const others = (await readdir(directory)).filter(name => LOCK_FILE.test(name) && name !== own);
  for (const name of others) {
    if (await isAnswered(directory, name)) return true;
    await rm(join(directory, name), { force: true });
  }
  return false;
}

async function isAnswered(directory: string, name: string): Promise<boolean> {
  const { path, handle } = await socketPath(directory, name);
  try {
    return await new Promise<boolean>(resolve => {
      const probe = connect(path);
      const answer = (alive: boolean): void => {
        probe.destroy();
        resolve(alive);
      };
      probe.setTimeout(PROBE_TIMEOUT_MS, () => answer(true));
      probe.once('connect', () => answer(true));
      // Only these two mean that nobody listens; when in doubt, somebody does.
      probe.once('error', error => {
        const code = 'code' in error ? error.code : undefined;
        answer(code !== 'ECONNREFUSED' && code !== 'ENOENT');
      });
    });
  } finally {
    await handle?.close();
  }
}
