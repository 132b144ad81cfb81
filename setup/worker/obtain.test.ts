import { chmod, cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { namedWorker, recipeKey } from './obtain.ts';

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

describe('the key of a built worker', () => {
  test('changes with each patch, and not with what is no part of it', async () => {
    await cp(join(import.meta.dirname, 'patches'), join(folder, 'patches'), { recursive: true });
    const key = await recipeKey(folder);
    expect(await recipeKey(folder)).toBe(key);

    await writeFile(join(folder, 'patches', 'README.md'), 'changed');
    await writeFile(join(folder, 'some.test.ts'), 'changed');
    expect(await recipeKey(folder)).toBe(key);

    const keys = [key];
    for (const patch of (await readdir(join(folder, 'patches'))).filter(name => name.endsWith('.patch'))) {
      await writeFile(join(folder, 'patches', patch), 'changed');
      keys.push(await recipeKey(folder));
    }
    expect(keys.length).toBeGreaterThan(5);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
