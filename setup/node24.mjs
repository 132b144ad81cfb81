import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.mjs';
import { runCommand } from './command.mjs';
import { Failure } from './failure.mjs';
import { showStep } from './lines.mjs';
import { withLock } from './lock.mjs';
import { npm } from './packages.mjs';

const VERSION = '24.21.0';
const NEEDED_MAJOR = 24;
const INSTALL_TIMEOUT_MS = 300_000;

/**
 * The folder of a Node that can run the project: the one that runs now where it is new enough, else one from the npm registry.
 *
 * @returns {Promise<string | undefined>} undefined where PATH may stay as it is
 */
export async function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return undefined;
  const name = packageName();
  const prefix = join(cacheFolder(), 'node');
  const folder = join(prefix, 'node_modules', name, 'bin');
  if (await runsThere(folder)) return folder;
  await showStep(`Node ${VERSION}, because this is ${process.version}`, report =>
    withLock(
      join(cacheFolder(), 'node.lock'),
      async () => {
        if (await runsThere(folder)) return;
        const { command, args } = npm();
        await runCommand(
          command,
          [...args, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix, `${name}@${VERSION}`],
          {
            cwd: cacheFolder(),
            timeoutMs: INSTALL_TIMEOUT_MS,
            remedy: `Check that npm reaches its registry, or install Node ${NEEDED_MAJOR} or newer yourself.`,
          },
        );
        if (!(await runsThere(folder))) {
          throw new Failure(
            `Node ${VERSION} was installed into ${folder} but does not run there.`,
            `Install Node ${NEEDED_MAJOR} or newer yourself.`,
          );
        }
      },
      { onWait: holder => report(`another run (process ${holder}) installs it`) },
    ),
  );
  return folder;
}

function packageName() {
  if (process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64'))
    return `node-linux-${process.arch}`;
  throw new Failure(
    `Node ${NEEDED_MAJOR} is needed, this is ${process.version}.`,
    `Install Node ${NEEDED_MAJOR} or newer: there is no package of it for ${process.platform} on ${process.arch}.`,
  );
}

/** @param {string} folder */
async function runsThere(folder) {
  try {
    const { stdout } = await promisify(execFile)(join(folder, 'node'), ['--version'], { timeout: 20_000 });
    return stdout.trim() === `v${VERSION}`;
  } catch {
    return false;
  }
}
