import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.mjs';
import { runCommand } from './command.mjs';
import { Failure } from './failure.mjs';
import { withLock } from './lock.mjs';

/** Debian packages without which Synapse cannot be installed. */
export const SYNAPSE_PACKAGES = ['python3', 'python3-venv'] as const;

const REQUIREMENTS = join(import.meta.dirname, 'synapse-requirements.txt');
const OLDEST_PYTHON_MINOR = 11;
const VENV_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 900_000;
const REMEDY = 'Check that pip reaches its index, then start again.';

interface Places {
  folder: string;
  python: string;
  /** Written when all is installed. */
  stamp: string;
  lock: string;
}

async function places(): Promise<Places> {
  const wanted = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 12);
  const folder = join(cacheFolder(), 'synapse', wanted);
  return {
    folder,
    python: join(folder, 'bin', 'python'),
    stamp: join(folder, 'installed'),
    lock: join(cacheFolder(), 'synapse.lock'),
  };
}

/** The Python with Synapse that an earlier run installed. */
export async function installedSynapse(): Promise<string | undefined> {
  const { python, stamp } = await places();
  // The Python that it was made from may have gone since.
  return existsSync(stamp) && (await pythonVersion(python)) !== undefined ? python : undefined;
}

/** Installs Synapse into a virtual environment of its own. Resolves to the environment's Python. */
export async function installSynapse(signal: AbortSignal, report: (progress: string) => void): Promise<string> {
  const { folder, python, stamp, lock } = await places();
  await withLock(
    lock,
    async () => {
      if ((await installedSynapse()) !== undefined) return;
      await rm(folder, { recursive: true, force: true });
      await runCommand(await systemPython(), ['-m', 'venv', folder], {
        timeoutMs: VENV_TIMEOUT_MS,
        remedy: 'Install the Debian package python3-venv.',
        signal,
      });
      const total = (await readFile(REQUIREMENTS, 'utf8')).split('\n').filter(line => /^[a-z]/i.test(line)).length;
      let collected = 0;
      await runCommand(
        python,
        // All packages are listed, so there is nothing to resolve; none of them needs a compiler.
        [
          '-m',
          'pip',
          'install',
          '--no-deps',
          '--no-input',
          '--only-binary=:all:',
          '--retries',
          '3',
          '-r',
          REQUIREMENTS,
        ],
        {
          timeoutMs: INSTALL_TIMEOUT_MS,
          remedy: REMEDY,
          env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
          signal,
          onLine: line => {
            if (line.startsWith('Collecting ')) report(`${++collected} of ${total} packages`);
            if (line.startsWith('Installing ')) report('unpacking');
          },
        },
      );
      await runCommand(python, ['-c', 'import synapse.app.homeserver'], { timeoutMs: 60_000, remedy: REMEDY, signal });
      await writeFile(stamp, `${new Date().toISOString()}\n`);
    },
    {
      signal,
      onWait: holder => {
        report(`another run (process ${holder}) installs it`);
      },
    },
  );
  return python;
}

/** Debian's own Python where it is there: others on PATH may lack venv or the libraries of the wheels. */
async function systemPython(): Promise<string> {
  for (const candidate of ['/usr/bin/python3', 'python3']) {
    const minor = await pythonVersion(candidate);
    if (minor !== undefined && minor >= OLDEST_PYTHON_MINOR) return candidate;
  }
  throw new Failure(
    `Python 3.${OLDEST_PYTHON_MINOR} or newer is needed for Synapse.`,
    'Install the Debian packages python3 and python3-venv (Debian 12 or newer).',
  );
}

/** The minor version of a Python 3. */
async function pythonVersion(python: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      timeout: 20_000,
    });
    const [major, minor] = stdout.trim().split(' ').map(Number);
    return major === 3 ? minor : undefined;
  } catch {
    return undefined;
  }
}
