import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { patchedSource } from '../build.ts';
import { MEDIASOUP } from '../obtain.ts';

// Parts of the worker, each compiled alone with a test in C++.
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'weir-worker-tests-'));
const source = join(folder, 'source');
await patchedSource(join(MEDIASOUP, 'worker'), source);
const webrtc = join(source, 'deps/libwebrtc/libwebrtc');
const [egress, ring, ciphers, probes] = await Promise.all([
  compiled('udp_egress_test', {
    include: [join(source, 'include')],
    with: [join(source, 'src/handles/UdpEgress.cpp')],
  }),
  compiled('sequence_ring_test', { include: [webrtc] }),
  compiled('srtp_openssl_test', { include: [join(import.meta.dirname, '../compat')], with: ['-lsrtp2', '-lcrypto'] }),
  compiled('probe_result_test', {
    include: [join(import.meta.dirname, 'silent'), webrtc],
    with: [
      'modules/congestion_controller/goog_cc/probe_bitrate_estimator.cc',
      'api/transport/network_types.cc',
      ...['data_rate', 'data_size', 'time_delta', 'timestamp'].map(unit => `api/units/${unit}.cc`),
    ].map(path => join(webrtc, path)),
  }),
]);
const egressCases = await casesOf(egress);
const probeCases = await casesOf(probes);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Path of the program, which ends with a message when what it tests does not hold. */
async function compiled(name: string, options: { include: string[]; with?: string[] }): Promise<string> {
  const program = join(folder, name);
  await run('g++', [
    ...['-std=c++20', '-O1', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover'],
    ...[...options.include, import.meta.dirname].map(folder => `-I${folder}`),
    join(import.meta.dirname, `${name}.cpp`),
    ...(options.with ?? []),
    ...['-o', program],
  ]);
  return program;
}

async function casesOf(program: string): Promise<string[]> {
  const { stdout } = await run(program, ['--list']);
  return stdout.trim().split('\n');
}

describe('datagrams on their way out of the worker', () => {
  test.each(egressCases)('%s', async name => {
    await run(egress, [name]);
  });

  test('fail a test when a case fails', async () => {
    await expect(run(egress, ['no such case'])).rejects.toThrow();
  });
});

test('a ring of what was sent gives the same as a map, until it forgets the oldest', async () => {
  await run(ring);
});

describe('what a probe tells of a link:', () => {
  test.each(probeCases)('%s', async name => {
    await run(probes, [name]);
  });
});

test("OpenSSL's ciphers read what those of libsrtp wrote, and the other way round; what was changed on the way is refused", async () => {
  await run(ciphers);
});
