import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { namedWorker } from './obtain.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-worker-'));
  vi.stubEnv('MEDIASOUP_WORKER_BIN', '');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A script that ends like a worker without its version, or in another way. */
async function fakeWorker(exitCode: number): Promise<string> {
  const worker = join(folder, 'mediasoup-worker');
  await writeFile(worker, `#!/bin/sh\nexit ${exitCode}\n`);
  await chmod(worker, 0o755);
  return worker;
}

describe('the worker that MEDIASOUP_WORKER_BIN names', () => {
  test('is taken when it starts', async () => {
    expect(await namedWorker()).toBeUndefined();
    const worker = await fakeWorker(41);
    vi.stubEnv('MEDIASOUP_WORKER_BIN', worker);
    expect(await namedWorker()).toBe(worker);
  });

  test('is refused when it does not', async () => {
    vi.stubEnv('MEDIASOUP_WORKER_BIN', await fakeWorker(1));
    await expect(namedWorker()).rejects.toThrow('does not start');
  });
});
