import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Failure } from './failure.mjs';

/**
 * @typedef {object} CommandOptions
 * @property {number} timeoutMs
 * @property {string} remedy what to do when it fails
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] replaces the environment where given
 * @property {AbortSignal} [signal] ends it
 * @property {(line: string) => void} [onLine] each line of stdout and stderr
 * @property {(line: string) => void} [onStatus] each line that it writes to file descriptor 3
 */

const TAIL_LINES = 25;
const GRACE_MS = 3_000;

/**
 * Runs a command without input, to its end. Rejects with a Failure that holds the end of its output when it fails or takes too
 * long; nothing of it runs on then.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} options
 * @returns {Promise<string[]>} the last lines of its output
 */
export async function runCommand(command, args, options) {
  const { timeoutMs, remedy, cwd, env = process.env, signal, onLine, onStatus } = options;
  const shown = [command, ...args].join(' ');
  signal?.throwIfAborted();

  // A group of its own, so that all that it starts ends with it.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const [, out, err, status] = child.stdio;
  /** @type {string[]} */
  const tail = [];
  for (const stream of [out, err]) {
    createInterface({ input: /** @type {import('node:stream').Readable} */ (stream) }).on('line', line => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine?.(line);
    });
  }
  createInterface({ input: /** @type {import('node:stream').Readable} */ (status) }).on('line', line =>
    onStatus?.(line),
  );

  const ending = { why: /** @type {'no' | 'aborted' | 'too long'} */ ('no') };
  /** @type {NodeJS.Timeout | undefined} */
  let lastResort;
  const end = (/** @type {'aborted' | 'too long'} */ why) => {
    ending.why = why;
    signalGroup(child.pid, 'SIGTERM');
    lastResort = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  const tooLong = setTimeout(() => end('too long'), timeoutMs);
  const onAbort = () => end('aborted');
  signal?.addEventListener('abort', onAbort, { once: true });

  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', cause => {
        reject(new Failure(`${command} cannot be run.`, remedy, { cause }));
      });
      child.once('close', (exitCode, exitSignal) => {
        resolve(exitCode ?? exitSignal);
      });
    });
    if (ending.why === 'aborted') signal?.throwIfAborted();
    if (ending.why === 'too long') {
      throw new Failure(`${shown}\nwas not done in ${timeoutMs / 1000} s. Its last words:\n${tail.join('\n')}`, remedy);
    }
    if (code !== 0) throw new Failure(`${shown}\nfailed (${code}). Its last words:\n${tail.join('\n')}`, remedy);
    return tail;
  } finally {
    clearTimeout(tooLong);
    clearTimeout(lastResort);
    signal?.removeEventListener('abort', onAbort);
  }
}

/**
 * @param {number | undefined} leader
 * @param {NodeJS.Signals} signal
 */
function signalGroup(leader, signal) {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // It is gone already.
  }
}
