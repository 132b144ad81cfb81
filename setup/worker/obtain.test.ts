import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cachedWorker, downloadWorker, namedWorker, workerStarts } from './obtain.ts';

let folder: string;
let server: Server;
let answer: RequestListener;
let asked: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-worker-'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  vi.stubEnv('WEIR_CACHE', join(folder, 'cache'));
  vi.stubEnv('MEDIASOUP_WORKER_BIN', '');
  vi.stubEnv('MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL', `http://127.0.0.1:${port}/releases`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** A script that ends like a worker without its version, or in another way. */
async function fakeWorker(exitCode: number): Promise<string> {
  const worker = join(folder, 'mediasoup-worker');
  await writeFile(worker, `#!/bin/sh\nexit ${exitCode}\n`);
  await chmod(worker, 0o755);
  return worker;
}

async function archiveOf(exitCode: number): Promise<Buffer> {
  await fakeWorker(exitCode);
  execFileSync('tar', ['-czf', 'worker.tgz', 'mediasoup-worker'], { cwd: folder });
  return readFile(join(folder, 'worker.tgz'));
}

const serve =
  (status: number, body: Buffer | string): RequestListener =>
  (_request, response) => {
    response.writeHead(status).end(body);
  };

const { signal } = new AbortController();

describe('a prebuilt worker', () => {
  test('is downloaded once, by the name that its authors give it', async () => {
    answer = serve(200, await archiveOf(41));
    expect(await cachedWorker()).toBeUndefined();
    const worker = await downloadWorker(signal);
    expect(worker).toBeDefined();
    expect(await workerStarts(worker ?? '')).toBe(true);
    expect(await cachedWorker()).toBe(worker);
    expect(await downloadWorker(signal)).toBe(worker);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^\/releases\/([\d.]+)\/mediasoup-worker-\1-linux-(x64|arm64)-kernel\d+\.tgz$/);
  });

  test('that does not run here is not taken', async () => {
    answer = serve(200, await archiveOf(127));
    expect(await downloadWorker(signal)).toBeUndefined();
    expect(await cachedWorker()).toBeUndefined();
  });

  test.each([
    ['that is not there', serve(404, 'no')],
    ['that is no archive', serve(200, 'no archive')],
    ['of a server that hangs up', (request => request.socket.destroy()) satisfies RequestListener],
    ['of a server that says nothing', (() => undefined) satisfies RequestListener],
  ])('%s is done without', async (_what, listener) => {
    answer = listener;
    expect(await downloadWorker(signal)).toBeUndefined();
  });

  test('is not waited for when somebody wants us to end', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    answer = () => {
      abort.abort(reason);
    };
    await expect(downloadWorker(abort.signal)).rejects.toBe(reason);
  });
});

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
