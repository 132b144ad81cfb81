import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../setup/failure.mjs';

export interface ProcessOptions {
  /** For messages: "Synapse". */
  name: string;
  command: string;
  args: string[];
  /** Replaces the environment where given. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Receives stdout and stderr, appended. */
  logFile: string;
  /** Put before the command, such as ['ip', 'netns', 'exec', 'far']. */
  prefix?: readonly string[];
}

// The kernel ends the process with us, even when we are killed: nothing that was started stays behind.
const DIES_WITH_US = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : [];

const DEFAULT_GRACE_MS = 8_000;
const POLL_MS = 25;

/** A process that we started, with everything that it starts: they share a process group, and end together. */
export class OwnedProcess {
  readonly name: string;
  /** Also the id of its process group. */
  readonly pid: number;
  readonly logFile: string;
  readonly #exited: Promise<void>;
  #end: string | undefined;

  private constructor(name: string, pid: number, logFile: string, exited: Promise<string>) {
    this.name = name;
    this.pid = pid;
    this.logFile = logFile;
    this.#exited = exited.then(end => {
      this.#end = end;
    });
  }

  /** Rejects with a Failure when the command cannot be run. */
  static async start(options: ProcessOptions): Promise<OwnedProcess> {
    await mkdir(dirname(options.logFile), { recursive: true });
    const log = await open(options.logFile, 'a');
    try {
      const [command = options.command, ...args] = [
        ...DIES_WITH_US,
        ...(options.prefix ?? []),
        options.command,
        ...options.args,
      ];
      const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        // A group of its own: Ctrl-C on the terminal reaches us alone, and we stop things in order.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      const exited = new Promise<string>(resolve => {
        child.once('exit', (code, signal) => {
          resolve(signal ?? `exit code ${code}`);
        });
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.on('error', cause => {
          reject(new Failure(`${options.name} cannot be started.`, `See whether ${command} is there.`, { cause }));
        });
      });
      if (child.pid === undefined) throw new Failure(`${options.name} has no process id.`, 'Try again.');
      return new OwnedProcess(options.name, child.pid, options.logFile, exited);
    } finally {
      await log.close();
    }
  }

  /** How it ended: a signal or an exit code; undefined while it runs. */
  ended(): string | undefined {
    return this.#end;
  }

  /** Sends a signal to the process alone. */
  signal(signal: NodeJS.Signals): void {
    sendSignal(this.pid, signal);
  }

  /** Sends a signal to the process and all that it started. */
  signalGroup(signal: NodeJS.Signals): void {
    sendSignal(-this.pid, signal);
  }

  /** Ends the whole group: politely, then after `graceMs` for good. Resolves when nothing of it is left. */
  async stop(graceMs = DEFAULT_GRACE_MS): Promise<void> {
    this.signalGroup('SIGTERM');
    // A stopped process would take the signal only when it goes on.
    this.signalGroup('SIGCONT');
    if (!(await this.#groupGone(graceMs))) {
      this.signalGroup('SIGKILL');
      await this.#groupGone(DEFAULT_GRACE_MS);
    }
  }

  /** Kills the whole group and waits until it is gone. */
  async kill(): Promise<void> {
    this.signalGroup('SIGKILL');
    await this.#groupGone(DEFAULT_GRACE_MS);
  }

  /** Ids of the running processes that it started, whose executable's name contains `name`. */
  async children(name: string): Promise<number[]> {
    const running = await runningProcesses();
    return running.filter(other => other.parent === this.pid && other.name.includes(name)).map(({ pid }) => pid);
  }

  /** The last lines of its log. */
  async logTail(lines = 15): Promise<string> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  async #groupIsDead(): Promise<boolean> {
    return !(await runningProcesses()).some(({ group }) => group === this.pid);
  }

  async #groupGone(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (sendSignal(-this.pid, 0)) {
      // What nobody has buried is gone all the same: in a container there may be no init that does.
      if (this.#end !== undefined && (await this.#groupIsDead())) break;
      if (performance.now() > deadline) return false;
      await delay(POLL_MS);
    }
    await this.#exited;
    return true;
  }
}

/** False when there is no such process (group) any more. */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

interface RunningProcess {
  pid: number;
  /** 15 characters at most. */
  name: string;
  parent: number;
  group: number;
}

/** All processes of the machine that are not dead and waiting for their burial. */
async function runningProcesses(): Promise<RunningProcess[]> {
  const pids = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry));
  const stats = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.flatMap(stat => {
    // The name stands in parentheses and may hold parentheses and spaces itself.
    const match = /^(\d+) \((.*)\) (\S) (\d+) (\d+) /s.exec(stat);
    if (!match) return [];
    const [, pid, name = '', state, parent, group] = match;
    return state === 'Z' || state === 'X'
      ? []
      : [{ pid: Number(pid), name, parent: Number(parent), group: Number(group) }];
  });
}
