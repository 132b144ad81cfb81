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
import { type FederatedDeployment, startFederatedDeployment } from './federated/deployment.ts';

const PREFERRED_PORTS = { homeserver: 8008, page: 8080, federation: 8448 };
const PREFERRED_PORTS_OF_SECOND = { homeserver: 8009, page: 8081, federation: 8449 };
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

async function withDeployment(run: Run): Promise<number> {
  const { mode, signal, started } = run;
  const federated = mode.federated ? await startBoth(run) : undefined;
  const deployment = federated ?? (await startOne(run));
  try {
    tell(`✔ Everything runs (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    switch (mode.kind) {
      case 'check':
        return await runCheck(deployment, { participants: mode.participants, seconds: mode.seconds, signal });
      case 'show':
        if (federated === undefined) showLinks(deployment);
        else showSites(federated);
        await untilOver(federated?.sites ?? [deployment], signal);
        return 0;
    }
  } finally {
    tell('\nStopping all that was started …');
    await deployment.stop();
    tell('Stopped.');
  }
}

function startOne({ mode, signal, worker, ...parts }: Run): Promise<Deployment> {
  return startDeployment({
    ...parts,
    workerBin: worker,
    users: mode.kind === 'check' ? participantNames(mode.participants) : ['alice', 'bob'],
    ports: mode.kind === 'check' ? {} : PREFERRED_PORTS,
    signal,
    report,
  });
}

function startBoth({ mode, signal, worker, ...parts }: Run): Promise<FederatedDeployment> {
  const [first, ...others] =
    mode.kind === 'check' ? participantNames(mode.participants) : ['alice', 'anna', 'bob', 'berta'];
  const half = Math.ceil((others.length + 1) / 2);
  const [there = 'there', ...more] = others.slice(half - 1);
  const isShown = mode.kind === 'show';
  return startFederatedDeployment({
    ...parts,
    workerBin: worker,
    places: [
      { users: [first, ...others.slice(0, half - 1)], ports: isShown ? PREFERRED_PORTS : {} },
      { users: [there, ...more], ports: isShown ? PREFERRED_PORTS_OF_SECOND : {} },
    ],
    signal,
    report,
  });
}

function report(step: string): void {
  tell(`… ${step}`);
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
Status      ${focus.baseUrl}/status
Logs        ${stateDir}

Ctrl-C stops all of it.`);
}

function showSites({ sites, room, stateDir }: FederatedDeployment): void {
  const told = sites.map((site, index) => {
    const { synapse, focus, users } = site;
    const people = users.map(user => `  ${user.userId}\n  ${site.link(user, room)}\n`).join('\n');
    return `Site ${'AB'.charAt(index)}: homeserver ${synapse.baseUrl}, known to others as ${synapse.serverName}; call page and focus ${focus.baseUrl}

${people}`;
  });
  console.log(`
Two operators, who know each other by federation alone. Open a link of each in tabs of their own, and join: everybody connects to the
focus of their own site, and the two foci carry the call between them.

${told.join('\n')}
Status      ${sites.map(({ focus }) => `${focus.baseUrl}/status`).join('  ')}   (the trunk between them, too)
Logs        ${stateDir}

Ctrl-C stops all of it.`);
}

/** Resolves when somebody wants us to end; rejects when a part ended by itself. */
async function untilOver(sites: readonly Pick<Deployment, 'focus' | 'synapse'>[], signal: AbortSignal): Promise<void> {
  const parts = sites.flatMap(({ focus, synapse }) => [
    { name: 'focus', part: focus },
    { name: 'homeserver', part: synapse },
  ]);
  while (!signal.aborted) {
    await delay(WATCH_MS, undefined, { signal }).catch(() => undefined);
    for (const { name, part } of parts) {
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
