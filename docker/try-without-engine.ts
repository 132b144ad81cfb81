/**
 * Carries out the Dockerfile without a container engine: each stage is a Debian in a folder, its RUN steps run there in a chroot,
 * and the result is started against a real Synapse until it says that it is ready. What stays untried is told at the end.
 *
 * As root, on Debian 12 with debootstrap, WEIR_SYNAPSE_PYTHON set:
 *   node docker/try-without-engine.ts [--worker <a built worker, to save compiling it again>]
 */
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { findFreePort } from '../demo/free-port.ts';
import { OwnedProcess } from '../demo/owned-process.ts';
import { startSynapse } from '../demo/synapse.ts';
import { runCommand } from '../setup/command.mjs';
import { describeFailure, Failure } from '../setup/failure.mjs';
import { showStep } from '../setup/lines.mjs';
import { untilInterrupted } from '../setup/interrupt.ts';
import { npm } from '../setup/packages.mjs';
import { parseDockerfile, type Stage } from './dockerfile.ts';

const PROJECT = resolve(import.meta.dirname, '..');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const RUN_TIMEOUT_MS = 1_800_000;
const READY_WITHIN_MS = 60_000;
const POLL_MS = 200;
const REMEDY = 'Correct the Dockerfile, then try again.';

const signal = untilInterrupted();

/** A stage that was built. */
interface Built {
  root: string;
  workdir: string;
  environment: Record<string, string>;
  user: string;
  entrypoint: string[];
}

/** A minimal Debian with Node and npm, in place of the image that the Dockerfile begins with. */
async function makeBase(root: string): Promise<void> {
  await runCommand('debootstrap', ['--variant=minbase', 'bookworm', root], {
    timeoutMs: RUN_TIMEOUT_MS,
    signal,
    remedy: 'Install the Debian package debootstrap, and run this as root.',
  });
  const [npmScript] = npm().args;
  const npmFolder = dirname(dirname(await realpath(npmScript ?? '/usr/bin/npm')));
  await cp(process.execPath, join(root, 'usr/local/bin/node'));
  await cp(npmFolder, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  // A container has the names and the certificates of its host.
  for (const file of ['/etc/resolv.conf', '/etc/hosts', CERTIFICATES]) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await cp(await realpath(file), join(root, file));
  }
}

/** Words that run a command in a built stage; its mounts vanish with it. */
function inside(stage: Built, user: string, command: readonly string[]): string[] {
  const variables = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    DEBIAN_FRONTEND: 'noninteractive',
    NODE_EXTRA_CA_CERTS: CERTIFICATES,
    ...stage.environment,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const enter = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$@"';
  return [
    ...['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', enter, stage.root],
    ...[`--userspec=${user}`, stage.root, 'env', '-i', `--chdir=${stage.workdir}`, ...assignments, ...command],
  ];
}

const COMPILES_WORKER = /setup\/worker\/build[.]ts .* (\S+)$/;

interface Around {
  base: Built;
  built: ReadonlyMap<string, Built>;
  /** Taken instead of compiling one. */
  worker: string | undefined;
}

async function build(stage: Stage, folder: string, { base, built, worker }: Around): Promise<Built> {
  const result: Built = { ...base, environment: { ...base.environment }, root: folder };
  await runCommand('cp', ['-a', '--reflink=auto', base.root, folder], {
    timeoutMs: RUN_TIMEOUT_MS,
    remedy: REMEDY,
    signal,
  });
  for (const step of stage.instructions) {
    switch (step.kind) {
      case 'run': {
        const compiled = worker === undefined ? undefined : COMPILES_WORKER.exec(step.script)?.[1];
        if (worker !== undefined && compiled !== undefined) {
          await copyInto(result, worker, compiled);
          break;
        }
        const [command = '', ...args] = inside(result, result.user, ['sh', '-c', step.script]);
        await showStep(`RUN ${step.script.slice(0, 90)}`, report =>
          runCommand(command, args, { timeoutMs: RUN_TIMEOUT_MS, remedy: REMEDY, signal, onLine: report }),
        );
        break;
      }
      case 'copy': {
        const origin = step.from === undefined ? PROJECT : built.get(step.from)?.root;
        if (origin === undefined) throw new Failure(`There is no stage ${step.from ?? ''}.`, REMEDY);
        for (const source of step.sources) await copyInto(result, join(origin, source), step.target);
        break;
      }
      case 'workdir':
        result.workdir = step.path;
        await mkdir(join(result.root, step.path), { recursive: true });
        break;
      case 'env':
        Object.assign(result.environment, step.variables);
        break;
      case 'user':
        result.user = `${step.name}:${step.name}`;
        break;
      case 'entrypoint':
        result.entrypoint = step.args;
        break;
      case 'command':
      case 'note':
        break;
    }
  }
  return result;
}

async function copyInto(stage: Built, source: string, target: string): Promise<void> {
  const place = resolve(stage.workdir, target);
  const into = target.endsWith('/') ? join(place, source.split('/').at(-1) ?? '') : place;
  await mkdir(dirname(join(stage.root, into)), { recursive: true });
  await runCommand('cp', ['-a', '--reflink=auto', '-T', source, join(stage.root, into)], {
    timeoutMs: RUN_TIMEOUT_MS,
    signal,
    remedy: REMEDY,
  });
}

/** Starts the last stage as its entry point says, and waits until it is ready and serves the call page. */
async function tryResult(stage: Built, folder: string): Promise<void> {
  await using synapse = await startSynapse({ stateDir: join(folder, 'synapse') });
  const user = await synapse.registerUser({ localpart: 'focus', deviceId: 'FOCUS' });
  const port = await findFreePort();
  await mkdir(join(stage.root, 'etc/weir'), { recursive: true });
  await writeFile(
    join(stage.root, 'etc/weir/weir.yaml'),
    stringify({
      homeserver: { url: synapse.baseUrl, user_id: user.userId },
      http: { listen: { port } },
      media: { port: 0 },
    }),
    { mode: 0o644 },
  );
  stage.environment['WEIR_ACCESS_TOKEN'] = user.accessToken;
  const [command = '', ...args] = inside(stage, stage.user, [
    ...stage.entrypoint,
    'run',
    '--config',
    '/etc/weir/weir.yaml',
  ]);
  const focus = await OwnedProcess.start({ name: 'The image', command, args, logFile: join(folder, 'focus.log') });
  try {
    const deadline = performance.now() + READY_WITHIN_MS;
    let ready = false;
    while (!ready && performance.now() < deadline && focus.ended() === undefined) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      ready = answer?.ok === true;
      await delay(POLL_MS);
    }
    if (!ready) throw new Failure(`The focus did not become ready:\n${await focus.logTail()}`, REMEDY);
    const page = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) });
    if (!page.ok || !(await page.text()).includes('<html')) throw new Failure('The call page is not served.', REMEDY);
  } finally {
    await focus.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { worker: { type: 'string' } } });
  const worker = values.worker === undefined ? undefined : resolve(values.worker);
  const folder = await mkdtemp(join(tmpdir(), 'weir-image-'));
  const stages = parseDockerfile(await readFile(join(import.meta.dirname, 'Dockerfile'), 'utf8'));
  const base: Built = { root: join(folder, 'base'), workdir: '/', environment: {}, user: '0:0', entrypoint: [] };
  await using leftovers = new AsyncDisposableStack();
  leftovers.defer(() => rm(folder, { recursive: true, force: true }));
  await showStep('Debian 12 with Node, in place of the image', () => makeBase(base.root));
  const built = new Map<string, Built>();
  let last = base;
  for (const [index, stage] of stages.entries()) {
    const name = stage.name ?? `stage-${index}`;
    console.error(`FROM ${stage.base} AS ${name}`);
    last = await build(stage, join(folder, name), { base: built.get(stage.base) ?? base, built, worker });
    built.set(name, last);
  }
  await showStep('Start the result against Synapse', () => tryResult(last, folder));
  console.error(
    `${worker === undefined ? '' : `The worker was not compiled, but taken from ${worker}.\n`}` +
      'All other RUN and COPY steps work, and the result becomes ready and serves the page as its user.\n' +
      'Untried without an engine: the base image itself, .dockerignore, HEALTHCHECK, EXPOSE, VOLUME, compose.yaml.',
  );
}

try {
  await main();
} catch (error) {
  console.error(`\n${describeFailure(error)}`);
  process.exitCode = 1;
}
