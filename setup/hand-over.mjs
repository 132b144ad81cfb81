import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { REPOSITORY } from './cache.mjs';
import { describeFailure } from './failure.mjs';
import { ensureNode } from './node24.mjs';
import { ensurePackages } from './packages.mjs';

const PARENT_CHECK_MS = 500;

/**
 * Gets Node and the npm packages, then runs a TypeScript file of the project with our arguments, and ends as it ends.
 *
 * @param {string[]} script path inside the project
 */
export async function handOver(script) {
  try {
    const folder = await ensureNode();
    const env = { ...process.env };
    if (folder) env['PATH'] = `${folder}${delimiter}${env['PATH'] ?? ''}`;
    await ensurePackages(env);
    const node = folder ? join(folder, 'node') : process.execPath;
    process.exitCode = await run(node, [join(REPOSITORY, ...script), ...process.argv.slice(2)], env);
  } catch (error) {
    process.stderr.write(`\n${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} exit code
 */
function run(command, args, env) {
  return new Promise((resolve, reject) => {
    // The channel tells the child when we are gone, even when we were killed: it stops what it started then.
    const child = spawn(command, args, { cwd: REPOSITORY, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    const forwarded = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    // Stay until the child has stopped all that it started.
    for (const signal of forwarded) process.on(signal, () => child.kill(signal));
    // npm starts us through a shell, and a signal to npm ends that shell alone.
    const { ppid } = process;
    const orphaned = setInterval(() => {
      if (process.ppid !== ppid) child.kill('SIGTERM');
    }, PARENT_CHECK_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(orphaned);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
