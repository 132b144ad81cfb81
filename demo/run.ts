/** `npm run demo`: a whole deployment on this machine, for a person to look at or for the check to judge. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeFailure, Failure } from '../setup/failure.mjs';
import { Interrupted, INTERRUPTED_EXIT_CODE, untilInterrupted } from '../setup/interrupt.ts';
import { prepare } from '../setup/prepare.ts';
import { readArguments, USAGE, type Mode } from './arguments.ts';
import { runCheck } from './check/index.ts';
import { type Deployment, startDeployment } from './deployment.ts';

const PREFERRED_PORTS = { homeserver: 8008, page: 8080 };
const WATCH_MS = 500;

// stdout belongs to the links, or to the check's result.
function tell(line: string): void {
  console.error(line);
}

async function run(mode: Exclude<Mode, { kind: 'help' }>, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const { worker, synapsePython, pageDir } = await prepare({
    systemPackages: mode.kind === 'check' ? ['chromium'] : [],
    signal,
  });
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-demo-'));
  try {
    const code = await withDeployment({ stateDir, worker, synapsePython, pageDir, mode, started, signal });
    if (code === 0) await rm(stateDir, { recursive: true, force: true });
    else tell(`Logs and state are kept in ${stateDir}.`);
    return code;
  } catch (error) {
    if (error instanceof Interrupted) await rm(stateDir, { recursive: true, force: true });
    else tell(`\nLogs and state are kept in ${stateDir}.`);
    throw error;
  }
}

interface Run {
  stateDir: string;
  worker: string;
  synapsePython: string;
  pageDir: string;
  mode: Exclude<Mode, { kind: 'help' }>;
  /** On performance.now()'s clock. */
  started: number;
  signal: AbortSignal;
}

async function withDeployment({ mode, signal, started, worker, ...parts }: Run): Promise<number> {
  const deployment = await startDeployment({
    ...parts,
    workerBin: worker,
    users: mode.kind === 'check' ? participantNames(mode.participants) : ['alice', 'bob'],
    ports: mode.kind === 'check' ? {} : PREFERRED_PORTS,
    signal,
    report: step => {
      tell(`… ${step}`);
    },
  });
  try {
    tell(`✔ Everything runs (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    switch (mode.kind) {
      case 'check':
        return await runCheck(deployment, { participants: mode.participants, seconds: mode.seconds, signal });
      case 'show':
        showLinks(deployment);
        await untilOver(deployment, signal);
        return 0;
    }
  } finally {
    tell('\nStopping all that was started …');
    await deployment.stop();
    tell('Stopped.');
  }
}

function participantNames(count: number): [string, ...string[]] {
  const others = Array.from({ length: count - 1 }, (_, index) => `participant${index + 2}`);
  return ['participant1', ...others];
}

function showLinks(deployment: Deployment): void {
  const { users, focus, synapse, stateDir } = deployment;
  const people = users.map(user => `  ${user.userId}\n  ${deployment.link(user)}\n`).join('\n');
  const [first] = users;
  console.log(`
Open each link in a tab of its own, and join:

${people}
Call page   ${focus.baseUrl}   (or log in there as ${first?.userId ?? ''}, password ${first?.password ?? ''})
Homeserver  ${synapse.baseUrl}
Logs        ${stateDir}

Ctrl-C stops all of it.`);
}

/** Resolves when somebody wants us to end; rejects when a part ended by itself. */
async function untilOver({ focus, synapse }: Deployment, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(WATCH_MS, undefined, { signal }).catch(() => undefined);
    for (const [name, part] of [
      ['focus', focus],
      ['homeserver', synapse],
    ] as const) {
      const end = part.ended();
      if (end !== undefined) throw new Failure(`The ${name} ended by itself (${end}).`, `Its log: ${part.logFile}`);
    }
  }
}

const signal = untilInterrupted();
try {
  const mode = readArguments(process.argv.slice(2));
  if (mode.kind === 'help') console.log(USAGE);
  else process.exitCode = await run(mode, signal);
} catch (error) {
  tell(`\n${describeFailure(error)}`);
  process.exitCode = error instanceof Interrupted ? INTERRUPTED_EXIT_CODE : 1;
}
