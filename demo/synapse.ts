import { createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../setup/failure.mjs';
import { findFreePort } from './free-port.ts';
import { matrixRequest, requireString } from './matrix-api.ts';
import { OwnedProcess } from './owned-process.ts';
import {
  type FederationOptions,
  synapseConfig,
  synapseLogConfig,
  synapseSigningKey,
  urlHost,
} from './synapse-config.ts';

export interface SynapseOptions {
  /** Folder of the database, keys and log; made when missing. The caller removes it. */
  stateDir: string;
  /** Python with Synapse installed; WEIR_SYNAPSE_PYTHON otherwise. */
  python?: string;
  serverName?: string;
  bindAddress?: string;
  /** Preferred port: another one is taken when it is in use. 0, the default: any. */
  port?: number;
  /** Put before the command, such as ['ip', 'netns', 'exec', 'far']. */
  prefix?: readonly string[];
  keepRateLimits?: boolean;
  /** With whom it federates; with nobody otherwise. Its port has to be free. */
  federation?: FederationOptions;
  /** More for homeserver.yaml, put over what the other options make. */
  config?: Record<string, unknown>;
  /** Gives up starting, and ends what was started. */
  signal?: AbortSignal;
}

export interface MatrixUser {
  userId: string;
  accessToken: string;
  deviceId: string;
  password: string;
}

export interface NewUser {
  localpart: string;
  /** Chosen by the homeserver otherwise. */
  deviceId?: string;
  displayName?: string;
  admin?: boolean;
}

/** A running homeserver. */
export interface Synapse {
  readonly baseUrl: string;
  readonly serverName: string;
  readonly logFile: string;
  /** Of the running process: another one after restart(). */
  pid(): number;
  /** How it ended; undefined while it runs. */
  ended(): string | undefined;
  registerUser(user: NewUser): Promise<MatrixUser>;
  /** Another device of a registered user. */
  login(user: MatrixUser, deviceId?: string): Promise<MatrixUser>;
  /** Freezes it: connections are taken and never answered. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
  /** Starts it again, on the same port and database; stops it first where it runs. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const STARTS_WITHIN_MS = 120_000;
const POLL_MS = 100;
const TRIES = 3;

/** Starts a Synapse. Rejects with a Failure that holds the end of its log when it does not come up. */
export async function startSynapse(options: SynapseOptions): Promise<Synapse> {
  const python = options.python ?? process.env['WEIR_SYNAPSE_PYTHON'];
  if (python === undefined) {
    throw new Failure(
      'No Python with Synapse is known.',
      'Set WEIR_SYNAPSE_PYTHON, or start through npm run demo or npm test.',
    );
  }
  const stateDir = resolve(options.stateDir);
  const bindAddress = options.bindAddress ?? '127.0.0.1';
  const serverName = options.serverName ?? 'localhost';
  const sharedSecret = randomBytes(24).toString('hex');
  const logFile = join(stateDir, 'synapse.log');
  await mkdir(stateDir, { recursive: true });
  if (!existsSync(join(stateDir, 'signing.key'))) {
    await writeFile(join(stateDir, 'signing.key'), synapseSigningKey(), { mode: 0o600 });
  }
  await writeFile(join(stateDir, 'log.yaml'), synapseLogConfig());

  const launch = async (port: number): Promise<OwnedProcess> => {
    const owned = await OwnedProcess.start({
      name: 'Synapse',
      command: python,
      args: ['-m', 'synapse.app.homeserver', '-c', join(stateDir, 'homeserver.yaml')],
      cwd: stateDir,
      logFile,
      prefix: options.prefix ?? [],
    });
    try {
      await untilHealthy(owned, `http://${urlHost(bindAddress)}:${port}`, options.signal);
      return owned;
    } catch (error) {
      await owned.kill();
      throw error;
    }
  };

  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort(bindAddress, attempt === 1 ? (options.port ?? 0) : 0);
    const config = synapseConfig({
      serverName,
      bindAddress,
      port,
      stateDir,
      sharedSecret,
      keepRateLimits: options.keepRateLimits ?? false,
      ...(options.federation && { federation: options.federation }),
      ...(options.config && { more: options.config }),
    });
    await writeFile(join(stateDir, 'homeserver.yaml'), config, { mode: 0o600 });
    try {
      const owned = await launch(port);
      return new RunningSynapse(owned, launch, { serverName, sharedSecret, host: urlHost(bindAddress), port });
    } catch (error) {
      const portWasTaken = error instanceof Failure && /Address already in use|Couldn't listen on/.test(error.message);
      if (!portWasTaken || attempt === TRIES) throw error;
    }
  }
}

async function untilHealthy(owned: OwnedProcess, baseUrl: string, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if (owned.ended() !== undefined) {
      throw new Failure(`Synapse ended while it started:\n${await owned.logTail()}`, `Its log: ${owned.logFile}`);
    }
    const answer = await fetch(`${baseUrl}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return;
    await delay(POLL_MS);
  }
  throw new Failure(
    `Synapse did not answer within ${STARTS_WITHIN_MS / 1000} s:\n${await owned.logTail()}`,
    `Its log: ${owned.logFile}`,
  );
}

interface Place {
  serverName: string;
  sharedSecret: string;
  host: string;
  port: number;
}

class RunningSynapse implements Synapse {
  readonly baseUrl: string;
  readonly serverName: string;
  readonly logFile: string;
  readonly #place: Place;
  readonly #launch: (port: number) => Promise<OwnedProcess>;
  #process: OwnedProcess;

  constructor(owned: OwnedProcess, launch: (port: number) => Promise<OwnedProcess>, place: Place) {
    this.#process = owned;
    this.#launch = launch;
    this.#place = place;
    this.serverName = place.serverName;
    this.baseUrl = `http://${place.host}:${place.port}`;
    this.logFile = owned.logFile;
  }

  pid(): number {
    return this.#process.pid;
  }

  ended(): string | undefined {
    return this.#process.ended();
  }

  async registerUser(user: NewUser): Promise<MatrixUser> {
    const path = '/_synapse/admin/v1/register';
    const nonce = requireString(await matrixRequest(this.baseUrl, { method: 'GET', path }), 'nonce');
    const password = randomBytes(12).toString('hex');
    const kind = user.admin ? 'admin' : 'notadmin';
    const mac = createHmac('sha1', this.#place.sharedSecret)
      .update([nonce, user.localpart, password, kind].join('\0'))
      .digest('hex');
    await matrixRequest(this.baseUrl, {
      method: 'POST',
      path,
      body: {
        nonce,
        mac,
        password,
        username: user.localpart,
        admin: user.admin ?? false,
        displayname: user.displayName ?? user.localpart,
        // The login that follows can choose the device id; this one cannot.
        inhibit_login: true,
      },
    });
    return this.#logIn(`@${user.localpart}:${this.serverName}`, password, user.deviceId);
  }

  login(user: MatrixUser, deviceId?: string): Promise<MatrixUser> {
    return this.#logIn(user.userId, user.password, deviceId);
  }

  async #logIn(userId: string, password: string, deviceId: string | undefined): Promise<MatrixUser> {
    const answer = await matrixRequest(this.baseUrl, {
      method: 'POST',
      path: '/_matrix/client/v3/login',
      body: {
        type: 'm.login.password',
        identifier: { type: 'm.id.user', user: userId },
        password,
        ...(deviceId === undefined ? {} : { device_id: deviceId }),
      },
    });
    return {
      userId: requireString(answer, 'user_id'),
      accessToken: requireString(answer, 'access_token'),
      deviceId: requireString(answer, 'device_id'),
      password,
    };
  }

  pause(): void {
    this.#process.signalGroup('SIGSTOP');
  }

  resume(): void {
    this.#process.signalGroup('SIGCONT');
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = await this.#launch(this.#place.port);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
