import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFreePort } from './free-port.ts';
import { OwnedProcess } from './owned-process.ts';

let folder: string;
const started: OwnedProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-process-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map(owned => owned.kill()));
  await rm(folder, { recursive: true, force: true });
});

async function shell(script: string): Promise<OwnedProcess> {
  const owned = await OwnedProcess.start({
    name: 'A shell',
    command: 'sh',
    args: ['-c', script],
    logFile: join(folder, 'logs', 'shell.log'),
  });
  started.push(owned);
  return owned;
}

describe('an owned process', () => {
  test('writes to its log, and tells how it ended', async () => {
    const owned = await shell('echo out; echo err >&2; exit 7');
    await expect.poll(() => owned.ended()).toBe('exit code 7');
    expect((await owned.logTail()).split('\n').sort()).toEqual(['err', 'out']);
  });

  test('is found with what it started, and ends with it', async () => {
    const owned = await shell('sleep 60 & sleep 61 & echo ready; wait');
    await expect.poll(() => owned.logTail()).toBe('ready');
    await expect.poll(() => owned.children('sleep')).toHaveLength(2);
    await owned.stop();
    expect(owned.ended()).toBe('SIGTERM');
    expect(await owned.children('sleep')).toHaveLength(0);
  });

  test('that does not listen is killed', async () => {
    const owned = await shell('trap "" TERM; echo ready; while :; do sleep 1; done');
    await expect.poll(() => owned.logTail()).toBe('ready');
    await owned.stop(100);
    expect(owned.ended()).toBe('SIGKILL');
  });

  test('that is frozen is stopped all the same', async () => {
    const owned = await shell('echo ready; sleep 60');
    await expect.poll(() => owned.logTail()).toBe('ready');
    owned.signalGroup('SIGSTOP');
    await owned.stop();
    expect(owned.ended()).toBe('SIGTERM');
    await owned.stop();
  });

  test('that cannot be started is refused', async () => {
    await expect(
      OwnedProcess.start({
        name: 'Nothing',
        command: join(folder, 'nothing'),
        args: [],
        logFile: join(folder, 'log'),
      }).then(
        // Where a starter stands before it, that one tells.
        async owned => {
          await expect.poll(() => owned.ended()).toMatch(/^exit code 12[67]$/);
          throw new Error('it ended at once');
        },
      ),
    ).rejects.toThrow(/cannot be started|ended at once/);
  });
});

describe('a free port', () => {
  test('is the preferred one, or another where that is taken', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const taken = typeof address === 'object' ? (address?.port ?? 0) : 0;
    expect(await findFreePort('127.0.0.1', taken)).not.toBe(taken);
    await new Promise(resolve => server.close(resolve));
    expect(await findFreePort('127.0.0.1', taken)).toBe(taken);
  });

  test('of an address elsewhere is taken on trust', async () => {
    expect(await findFreePort('192.0.2.1', 7900)).toBe(7900);
    expect(await findFreePort('192.0.2.1')).toBeGreaterThan(1_024);
  });
});
