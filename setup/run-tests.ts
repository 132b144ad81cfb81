/** `npm test [-- <step>...]`: sets up, then runs every check of the project, or the named ones. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from './cache.mjs';
import { describeFailure, Failure } from './failure.mjs';
import { Interrupted, INTERRUPTED_EXIT_CODE, untilInterrupted } from './interrupt.ts';
import { prepare } from './prepare.ts';
import { countTests, type Outcome, summarise } from './test-report.ts';
import { BUILD_PACKAGES } from './worker/build.ts';

interface Step {
  name: string;
  title: string;
  timeoutMs: number;
  /** Binaries of packages, with their arguments: one after the other. */
  commands: string[][];
  /** Where vitest writes its report. */
  report?: string;
}

const REPORTS = join(REPOSITORY, '.weir', 'reports');
const MINUTE_MS = 60_000;
const SOURCES = [
  'src',
  'signalling',
  'config',
  'html',
  'client',
  'loadtest',
  'demo',
  'bench',
  'docker',
  'setup',
  'test',
];

const STEPS: Step[] = [
  {
    name: 'types',
    title: 'Types',
    timeoutMs: 10 * MINUTE_MS,
    commands: [
      ['tsc', '--noEmit'],
      ['tsc', '--noEmit', '-p', 'client'],
    ],
  },
  {
    name: 'lint',
    title: 'Lint and format',
    timeoutMs: 10 * MINUTE_MS,
    commands: [
      ['eslint', '--max-warnings', '0', '.'],
      ['biome', 'format', '.'],
    ],
  },
  {
    name: 'imports',
    title: 'Import directions',
    timeoutMs: 10 * MINUTE_MS,
    commands: [['depcruise', '--config', '.dependency-cruiser.mjs', ...SOURCES]],
  },
  { name: 'unused', title: 'Unused code and packages', timeoutMs: 10 * MINUTE_MS, commands: [['knip']] },
  vitest('unit', 'Unit tests', 15 * MINUTE_MS),
  vitest('e2e', 'End-to-end tests', 30 * MINUTE_MS, 'e2e*'),
];

/** @param projects pattern of vitest's projects that are this step, if not its name */
function vitest(name: string, title: string, timeoutMs: number, projects = name): Step {
  const report = join(REPORTS, `${name}.json`);
  return {
    name,
    title,
    timeoutMs,
    report,
    commands: [
      ['vitest', 'run', '--project', projects, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ],
  };
}

async function main(names: readonly string[], signal: AbortSignal): Promise<number> {
  const chosen = names.length === 0 ? STEPS : STEPS.filter(step => names.includes(step.name));
  const unknown = names.filter(name => !STEPS.some(step => step.name === name));
  if (unknown.length > 0) {
    throw new Failure(`There is no step ${unknown.join(', ')}.`, `Steps: ${STEPS.map(step => step.name).join(', ')}.`);
  }
  // The tests of the worker's own parts compile them, also where the worker itself is there.
  const systemPackages = ['chromium', 'coturn', 'firefox-esr', 'iproute2', ...BUILD_PACKAGES];
  const prepared = await prepare({ systemPackages, loadPeers: true, signal });
  const env = {
    ...process.env,
    MEDIASOUP_WORKER_BIN: prepared.worker,
    WEIR_SYNAPSE_PYTHON: prepared.synapsePython,
    WEIR_PAGE_DIR: prepared.pageDir,
    WEIR_LOAD_PEER_BIN: prepared.loadPeer,
    // Colours belong on a terminal, and CI=true alone would bring them elsewhere.
    ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
    WEIR_CHROMIUM: '/usr/bin/chromium',
    WEIR_FIREFOX: '/usr/bin/firefox-esr',
  };
  // What only reads the sources runs side by side; what measures or starts something runs alone.
  const outcomes = await Promise.all(
    chosen.filter(({ report }) => report === undefined).map(step => runStep(step, env, signal)),
  );
  for (const step of chosen) if (step.report !== undefined) outcomes.push(await runStep(step, env, signal));
  const { lines, failed } = summarise(outcomes);
  console.log(`\n${lines.join('\n')}`);
  return failed === 0 ? 0 : 1;
}

async function runStep(step: Step, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Outcome> {
  const started = performance.now();
  const heading = `\n── ${step.title} ──`;
  // What runs beside others says all at its end.
  const said: Buffer[] = [];
  const take = step.report === undefined ? (output: Buffer) => said.push(output) : undefined;
  if (step.report !== undefined) {
    console.log(heading);
    await mkdir(REPORTS, { recursive: true });
    await rm(step.report, { force: true });
  }
  let succeeded = true;
  for (const command of step.commands) {
    succeeded = (await run(command, step.timeoutMs, env, signal, take)) && succeeded;
  }
  if (take !== undefined) console.log(`${heading}\n${Buffer.concat(said).toString()}`);
  const seconds = (performance.now() - started) / 1000;
  const counts =
    step.report === undefined
      ? { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1, skipped: 0 }
      : countTests(await readFile(step.report, 'utf8').catch(() => undefined), succeeded);
  return { title: step.title, seconds, ...counts };
}

/** Runs a package's binary, with its output on ours where nobody takes it. Resolves to whether it succeeded. */
async function run(
  [binary = '', ...args]: string[],
  timeoutMs: number,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  take?: (output: Buffer) => void,
): Promise<boolean> {
  signal.throwIfAborted();
  const child = spawn(join(REPOSITORY, 'node_modules', '.bin', binary), args, {
    cwd: REPOSITORY,
    env,
    // A group of its own, so that all that it started ends with it.
    detached: true,
    stdio: take === undefined ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  });
  if (take !== undefined) for (const stream of [child.stdout, child.stderr]) stream?.on('data', take);
  const end = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  };
  const tooLong = setTimeout(() => {
    console.log(`${binary} was not done in ${timeoutMs / MINUTE_MS} minutes, and is ended.`);
    end();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => {
        resolve(code === 0);
      });
    });
  } finally {
    clearTimeout(tooLong);
    signal.removeEventListener('abort', end);
    signal.throwIfAborted();
  }
}

const signal = untilInterrupted();
try {
  process.exitCode = await main(process.argv.slice(2), signal);
} catch (error) {
  console.error(`\n${describeFailure(error)}`);
  process.exitCode = error instanceof Interrupted ? INTERRUPTED_EXIT_CODE : 1;
}
