import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from './cache.mjs';
import { runCommand } from './command.mjs';
import { Failure } from './failure.mjs';
import { showStep } from './lines.mjs';
import { withLock } from './lock.mjs';

const INSTALL_TIMEOUT_MS = 600_000;

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/**
 * Installs the packages of package-lock.json, none of their scripts, unless they are there.
 *
 * @param {NodeJS.ProcessEnv} env with the Node that will run the project first on PATH
 */
export async function ensurePackages(env) {
  if (await upToDate()) return;
  await showStep('npm packages', report =>
    withLock(
      join(REPOSITORY, '.weir', 'packages.lock'),
      async () => {
        if (await upToDate()) return;
        const { command, args } = npm();
        // Not `npm ci`: it refuses a lock file that lacks optional packages of platforms that nobody here has. What is installed
        // is compared with the lock file instead, and the lock file is left as it is.
        await runCommand(command, [...args, 'install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund'], {
          cwd: REPOSITORY,
          env,
          timeoutMs: INSTALL_TIMEOUT_MS,
          remedy: 'Check that npm reaches its registry, then run the same command again.',
        });
        if (!(await upToDate())) {
          throw new Failure(
            'npm did not install what package-lock.json asks for.',
            'Remove node_modules and run the same command again; if that does not help, package.json and package-lock.json disagree.',
          );
        }
      },
      { onWait: holder => report(`another run (process ${holder}) installs them`) },
    ),
  );
}

/** The npm that runs us, where one does. */
export function npm() {
  const { npm_execpath: script } = process.env;
  return script?.endsWith('npm-cli.js') ? { command: process.execPath, args: [script] } : { command: 'npm', args: [] };
}

/** npm writes down what it installed when it has finished: compare that with what the project asks for. */
async function upToDate() {
  const [wanted, installed] = await Promise.all([
    readPackages(join(REPOSITORY, 'package-lock.json')),
    readPackages(join(REPOSITORY, 'node_modules', '.package-lock.json')),
  ]);
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    if (!there) return entry.optional === true && !isForThisMachine(entry);
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/**
 * Whether an optional package has to be there. One that names no machine may fail to install, and is not waited for.
 *
 * @param {LockedPackage} entry
 */
function isForThisMachine({ os, cpu, libc }) {
  const otherLibc = libc !== undefined && !libc.includes('glibc');
  return os?.includes(process.platform) === true && cpu?.includes(process.arch) === true && !otherLibc;
}

/**
 * @param {string} file
 * @returns {Promise<Record<string, LockedPackage> | undefined>}
 */
async function readPackages(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
