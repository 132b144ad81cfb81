import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache.mjs';
import { runCommand } from './command.mjs';
import { Failure } from './failure.mjs';
import { withLock } from './lock.mjs';

const UPDATE_TIMEOUT_MS = 180_000;
const INSTALL_TIMEOUT_MS = 900_000;
/** How long apt waits for another package manager, s. */
const LOCK_TIMEOUT_S = 300;

/** Those of the Debian packages that are not installed. */
export async function missingPackages(names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const installed = new Set<string>();
  const query = ['-W', '-f', '${binary:Package} ${db:Status-Abbrev}\n', ...names];
  let output: string;
  try {
    output = (await promisify(execFile)('dpkg-query', query, { timeout: 30_000 })).stdout;
  } catch (error) {
    // Its exit code is 1 when one of them is unknown; it has told about the others then.
    const stdout = error instanceof Error && 'stdout' in error ? error.stdout : undefined;
    if (typeof stdout !== 'string' || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      throw new Failure(
        'This is no Debian: dpkg-query cannot be run.',
        `Install what these Debian packages hold: ${names.join(' ')}`,
        { cause: error },
      );
    }
    output = stdout;
  }
  for (const line of output.split('\n')) {
    const [name = '', status = ''] = line.split(' ');
    if (status.startsWith('ii')) installed.add(name.replace(/:.*$/, ''));
  }
  return names.filter(name => !installed.has(name));
}

/** Installs Debian packages. Rejects with a Failure that names the command to type where we may not. */
export async function installPackages(
  names: readonly string[],
  signal: AbortSignal,
  report: (progress: string) => void,
): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Failure(
      `System packages are missing: ${names.join(', ')}.`,
      `Type this, then start again:\n  sudo apt-get install --no-install-recommends ${names.join(' ')}`,
    );
  }
  const options = ['-y', '-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`, '-o', 'Acquire::Retries=3'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const remedy = `See why apt-get fails, or install by hand: apt-get install --no-install-recommends ${names.join(' ')}`;
  await withLock(
    join(cacheFolder(), 'apt.lock'),
    async () => {
      report('reading package lists');
      await runCommand('apt-get', ['update', ...options], { timeoutMs: UPDATE_TIMEOUT_MS, remedy, env, signal });
      await runCommand(
        'apt-get',
        ['install', ...options, '-o', 'APT::Status-Fd=3', '--no-install-recommends', ...names],
        {
          timeoutMs: INSTALL_TIMEOUT_MS,
          remedy,
          env,
          signal,
          onStatus: line => {
            const progress = describeStatus(line);
            if (progress !== undefined) report(progress);
          },
        },
      );
    },
    {
      signal,
      onWait: holder => {
        report(`another run (process ${holder}) installs packages`);
      },
    },
  );
}

/** A line of apt's status, such as `dlstatus:3:41.7:Retrieving file 3 of 8`; undefined where it holds no progress. */
export function describeStatus(line: string): string | undefined {
  const match = /^(dlstatus|pmstatus):([^:]*):([\d.]+):/.exec(line);
  if (!match) return undefined;
  const [, kind, , percent = ''] = match;
  return `${kind === 'dlstatus' ? 'downloading' : 'installing'}, ${Math.round(Number(percent))} %`;
}
