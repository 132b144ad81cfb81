/** `npm run bench -- signalling`: what signalling costs the focus. It is measured inside the focus, so another process of its own does it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../setup/cache.mjs';
import { prepare } from '../setup/prepare.ts';
import type { SignallingBench } from './arguments.ts';

const PROGRAM = join(REPOSITORY, 'src', 'testing', 'signalling', 'main.ts');

/** Resolves to the exit code; stdout's last line is the result as JSON. */
export async function runSignalling({ participants, joins }: SignallingBench, signal: AbortSignal): Promise<number> {
  const { worker } = await prepare({ systemPackages: [], signal });
  const args = ['--expose-gc', PROGRAM, '--participants', participants, '--joins', joins];
  const child = spawn(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, MEDIASOUP_WORKER_BIN: worker },
    signal,
  });
  const exited = Promise.withResolvers<number>();
  child.once('exit', code => exited.resolve(code ?? 1));
  child.once('error', exited.reject);
  return exited.promise;
}
