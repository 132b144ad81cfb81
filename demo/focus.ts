import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { Failure } from '../setup/failure.mjs';
import { findFreePort } from './free-port.ts';
import { OwnedProcess } from './owned-process.ts';
import type { MatrixUser } from './synapse.ts';
import { urlHost } from './synapse-config.ts';

const REPOSITORY = resolve(import.meta.dirname, '..');
const STARTS_WITHIN_MS = 60_000;
const POLL_MS = 50;
const TRIES = 3;

export interface FocusOptions {
  /** Folder of its weir.yaml, state and log; made when missing. The caller removes it. */
  stateDir: string;
  /** Client API of the homeserver, as the focus reaches it. */
  homeserverUrl: string;
  user: MatrixUser;
  /** Folder of the built call page; no page is served otherwise. */
  pageDir?: string;
  /** Address of the page; loopback otherwise. */
  httpHost?: string;
  /** Preferred port of the page: another one is taken when it is in use. 0, the default: any. */
  httpPort?: number;
  /** Addresses for media; loopback otherwise. */
  mediaListen?: readonly { ip: string; announcedAddress?: string }[];
  /** Port of media; any free one otherwise. */
  mediaPort?: number;
  /** Mediasoup worker; MEDIASOUP_WORKER_BIN otherwise. */
  workerBin?: string;
  logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** Put before the command, such as ['ip', 'netns', 'exec', 'far']. */
  prefix?: readonly string[];
  /** Sections of weir.yaml that are merged, key by key, over those that the other options make. */
  config?: Record<string, Record<string, unknown>>;
  env?: NodeJS.ProcessEnv;
  /** Module that its process loads before it, such as one that looks over its shoulder. */
  preload?: string;
  /** Resolve when /healthz answers, without waiting for /readyz: for a homeserver that is away. */
  evenIfNotReady?: boolean;
  /** Gives up starting, and ends what was started. */
  signal?: AbortSignal;
}

/** A running focus. */
export interface Focus {
  /** Where it serves the page, /healthz, /readyz and /metrics. */
  readonly baseUrl: string;
  readonly user: MatrixUser;
  readonly configFile: string;
  readonly logFile: string;
  /** Of the running process: another one after restart(). */
  pid(): number;
  /** Of its mediasoup workers that run. */
  workerPids(): Promise<number[]>;
  /** How it ended; undefined while it runs. */
  ended(): string | undefined;
  /** Asks it to end, and waits until nothing of it is left. */
  stop(): Promise<void>;
  /** Sends the focus (not its workers) a signal, without waiting. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when it and its workers are gone. */
  kill(): Promise<void>;
  /** Starts it again with the same configuration and state; stops it first where it runs. Resolves when it is ready. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** As docker/ and the first line of src/main.ts have them (docs/operating.md, "Memory"). */
const NODE_OPTIONS = ['--max-semi-space-size=16'];

/** Starts `weir run` from the sources. Rejects with a Failure that holds the end of its log when it is not ready in time. */
export async function startFocus(options: FocusOptions): Promise<Focus> {
  const stateDir = resolve(options.stateDir);
  const host = options.httpHost ?? '127.0.0.1';
  const configFile = join(stateDir, 'weir.yaml');
  const logFile = join(stateDir, 'focus.log');
  await mkdir(stateDir, { recursive: true });

  const preloaded = options.preload === undefined ? [] : ['--import', pathToFileURL(options.preload).href];
  const launch = async (port: number): Promise<OwnedProcess> => {
    const owned = await OwnedProcess.start({
      name: 'The focus',
      command: process.execPath,
      args: [...NODE_OPTIONS, ...preloaded, join(REPOSITORY, 'src', 'main.ts'), 'run', '--config', configFile],
      cwd: stateDir,
      env: {
        ...process.env,
        ...(options.workerBin === undefined ? {} : { MEDIASOUP_WORKER_BIN: options.workerBin }),
        WEIR_ACCESS_TOKEN: options.user.accessToken,
        ...options.env,
      },
      logFile,
      prefix: options.prefix ?? [],
    });
    try {
      await untilUp(
        owned,
        `http://${urlHost(host)}:${port}/${options.evenIfNotReady ? 'healthz' : 'readyz'}`,
        options.signal,
      );
      return owned;
    } catch (error) {
      await owned.kill();
      throw error;
    }
  };

  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort(host, attempt === 1 ? (options.httpPort ?? 0) : 0);
    await writeFile(configFile, stringify(focusConfig(options, stateDir, host, port)), { mode: 0o600 });
    try {
      const owned = await launch(port);
      return new RunningFocus(owned, launch, { user: options.user, configFile, host: urlHost(host), port });
    } catch (error) {
      const portWasTaken = error instanceof Failure && error.message.includes('EADDRINUSE');
      if (!portWasTaken || attempt === TRIES) throw error;
    }
  }
}

type Section = Record<string, unknown>;

/** weir.yaml as an object. */
function focusConfig(options: FocusOptions, stateDir: string, host: string, port: number): Section {
  const made: Record<string, Section> = {
    homeserver: { url: options.homeserverUrl, user_id: options.user.userId },
    http: {
      listen: { host, port },
      // All participants of a demo or a test come from one address.
      requests_per_minute: 100_000,
      page: options.pageDir === undefined ? { enabled: false } : { enabled: true, dir: resolve(options.pageDir) },
    },
    media: {
      listen: (options.mediaListen ?? [{ ip: '127.0.0.1' }]).map(({ ip, announcedAddress }) => ({
        ip,
        ...(announcedAddress === undefined ? {} : { announced_address: announcedAddress }),
      })),
      port: options.mediaPort ?? 0,
    },
    log: { level: options.logLevel ?? 'info' },
  };
  for (const [name, section] of Object.entries(options.config ?? {})) made[name] = { ...made[name], ...section };
  return { ...made, state_dir: join(stateDir, 'state') };
}

async function untilUp(owned: OwnedProcess, url: string, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  let last = 'no answer';
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if (owned.ended() !== undefined) {
      throw new Failure(`The focus ended while it started:\n${await owned.logTail()}`, `Its log: ${owned.logFile}`);
    }
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return;
    if (answer) last = `${answer.status} ${await answer.text().catch(() => '')}`;
    await delay(POLL_MS);
  }
  throw new Failure(
    `The focus was not ready within ${STARTS_WITHIN_MS / 1000} s (${last.trim()}):\n${await owned.logTail()}`,
    `Its log: ${owned.logFile}`,
  );
}

interface Place {
  user: MatrixUser;
  configFile: string;
  host: string;
  port: number;
}

class RunningFocus implements Focus {
  readonly baseUrl: string;
  readonly user: MatrixUser;
  readonly configFile: string;
  readonly logFile: string;
  readonly #launch: (port: number) => Promise<OwnedProcess>;
  readonly #port: number;
  #process: OwnedProcess;

  constructor(owned: OwnedProcess, launch: (port: number) => Promise<OwnedProcess>, place: Place) {
    this.#process = owned;
    this.#launch = launch;
    this.#port = place.port;
    this.baseUrl = `http://${place.host}:${place.port}`;
    this.user = place.user;
    this.configFile = place.configFile;
    this.logFile = owned.logFile;
  }

  pid(): number {
    return this.#process.pid;
  }

  workerPids(): Promise<number[]> {
    return this.#process.children('mediasoup');
  }

  ended(): string | undefined {
    return this.#process.ended();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.signal(signal);
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = await this.#launch(this.#port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
