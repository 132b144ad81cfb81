import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { patchedSource } from '../build.ts';
import { MEDIASOUP } from '../obtain.ts';

const run = promisify(execFile);

// The worker's own class, compiled alone, against system calls that answer as a case wants.
const folder = await mkdtemp(join(tmpdir(), 'weir-egress-'));
const binary = join(folder, 'udp_egress_test');
const cases = await compiledCases();

afterAll(() => rm(folder, { recursive: true, force: true }));

async function compiledCases(): Promise<string[]> {
  const source = join(folder, 'source');
  await patchedSource(join(MEDIASOUP, 'worker'), source);
  await run('g++', [
    ...['-std=c++20', '-O1', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover'],
    ...['-I', join(source, 'include'), '-I', import.meta.dirname],
    join(source, 'src/handles/UdpEgress.cpp'),
    join(import.meta.dirname, 'udp_egress_test.cpp'),
    ...['-o', binary],
  ]);
  const { stdout } = await run(binary, ['--list']);
  return stdout.trim().split('\n');
}

describe('datagrams on their way out of the worker', () => {
  test.each(cases)('%s', async name => {
    await run(binary, [name]);
  });

  test('fail the test when a case fails', async () => {
    expect(cases.length).toBeGreaterThan(10);
    await expect(run(binary, ['no such case'])).rejects.toThrow();
  });
});
