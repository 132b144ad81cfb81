#!/usr/bin/env node
/** The only place where the rooms are joined. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config, Problem } from '../config/config.ts';
import {
  createHomeserver,
  createOpenIdCheck,
  type Credentials,
  type Homeserver,
  RoomView,
  type SyncBatch,
} from '../signalling/matrix/index.ts';
import { asWeirError, WeirError } from '../signalling/wire/errors.ts';
import type { FocusIdentity } from '../signalling/wire/to-device.ts';
import { runCommandLine } from './cli/program.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from './conference/state.ts';
import { build } from './http/app.ts';
import type { Readiness, SignallingDeps } from './http/deps.ts';
import { createSignalTokens } from './http/signal-tokens.ts';
import { listen } from './http/listen.ts';
import { createMedia } from './media/index.ts';
import { openLogbook } from './observe/log.ts';
import { createMetrics, type Metrics } from './observe/metrics.ts';
import type { Clock, Log, Media, SignalMember, Store } from './ports.ts';
import { Focus } from './runtime/focus.ts';
import { openFileStore } from './store/file-store.ts';
import { keepLogin, readLogin } from './store/login-file.ts';
import { keptSecret } from './store/secret-file.ts';

const PROJECT_DIR = projectDir();
const VERSION = readVersion();
/** How long an invite may be ahead of the state of its room. */
const INVITE_PATIENCE_MS = 3_000;
const WAITING_INVITES = 1_000;
const ADMISSION_CHECK_MS = 100;
/** After this, a stop that hangs is a kill. */
const STOP_DEADLINE_MS = 10_000;

const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Closes what was opened, in the opposite order. */
class Scope {
  readonly #closers: { name: string; close: () => Promise<unknown> | void }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  own(name: string, close: () => Promise<unknown> | void): void {
    this.#closers.unshift({ name, close });
  }

  async close(): Promise<void> {
    for (const { name, close } of this.#closers.splice(0)) {
      try {
        await close();
      } catch (thrown) {
        const error = asWeirError(thrown);
        this.#log.error({ code: error.code, name, err: thrown }, `could not be closed: ${error.message}`);
      }
    }
  }
}

async function run(config: Config, warnings: readonly Problem[]): Promise<void> {
  const logbook = openLogbook(config.log);
  const { log } = logbook;
  const hide = (secret: string): void => logbook.hide(secret);
  for (const warning of warnings) log.warn({ code: 'WEIR_CONFIG', path: warning.path }, warning.message);
  const stopped = stopSignal();
  const metrics = createMetrics();
  const scope = new Scope(log);
  try {
    const store = await openFileStore(config.stateDir, {
      report: error => log.warn({ code: error.code }, error.message),
    });
    scope.own('store', () => store.close());
    const media = await openMedia(config, log, metrics);
    scope.own('media', () => media.close());
    const node = new FocusNode(config, { log, hide, metrics, store, media });
    const app = await build({
      config: config.http,
      homeserverUrl: config.homeserver.publicUrl,
      version: VERSION,
      defaultPageDir: join(PROJECT_DIR, 'dist', 'page'),
      readiness: () => node.readiness(),
      focusIdentity: () => node.identity,
      metrics,
      countError: code => metrics.error(code),
      log,
      signalling: await openSignalling(config, node),
    });
    scope.own('http', () => app.close());
    const url = await listen(app, config.http);
    log.info({ url, page: config.http.publicUrl ?? url, version: VERSION }, 'listening');
    scope.own('focus', () => node.stop());
    await Promise.race([node.start(), stopped]);
    await stopped;
    log.info({}, 'stopping');
    const deadline = setTimeout(() => process.exit(1), STOP_DEADLINE_MS);
    await scope.close();
    clearTimeout(deadline);
  } catch (thrown) {
    await scope.close();
    throw thrown;
  }
}

interface NodeWorld {
  log: Log;
  hide: (secret: string) => void;
  metrics: Metrics;
  store: Store;
  media: Media;
}

/** The focus with its homeserver: what comes from the one goes to the other. */
class FocusNode {
  readonly #config: Config;
  readonly #world: NodeWorld;
  readonly #rooms = new RoomView();
  readonly #ready = Promise.withResolvers<Focus>();
  #homeserver: Homeserver | undefined;
  #focus: Focus | undefined;
  identity: FocusIdentity | undefined;

  constructor(config: Config, world: NodeWorld) {
    this.#config = config;
    this.#world = world;
  }

  /** Resolves once the homeserver knows the focus; batches come from then on. */
  async start(): Promise<void> {
    const { log, store, metrics } = this.#world;
    const { homeserver: settings, rooms, limits, media } = this.#config;
    const stored = await store.load();
    const homeserver = createHomeserver({
      url: settings.url,
      credentials: await this.#credentials(),
      allowedInviters: rooms.allowedServers.kind === 'all' ? ['*'] : rooms.allowedServers.servers,
      events: { batch: batch => this.#takeBatch(batch) },
      onLogin: async login => {
        this.#world.hide(login.accessToken);
        await keepLogin(this.#config.stateDir, login);
      },
      clock: systemClock,
      logger: log,
      count: (name, labels) => {
        const { type, outcome } = labels;
        if (name === 'matrix_to_device_sent' && type !== undefined && outcome !== undefined)
          metrics.sent(type, outcome);
        else metrics.homeserver(name, labels);
      },
    });
    this.#homeserver = homeserver;
    const identity = await homeserver.start(stored.sync);
    this.identity = identity;
    const focus = new Focus({
      media: this.#world.media,
      signals: homeserver,
      store,
      clock: systemClock,
      log,
      meters: metrics,
      focus: identity,
      timing: {
        ...DEFAULT_TIMING,
        joinTimeout: media.joinTimeoutMs,
        silentAfter: media.iceConsentTimeoutMs,
        keepSilentFor: media.resumeWindowMs,
      },
      limits: { ...DEFAULT_LIMITS, participants: limits.participantsPerConference },
      rooms: this.#rooms,
      bounds: {
        conferences: limits.conferences,
        invitesPerUserPerMinute: limits.invitesPerMinute,
        invitePatienceMs: INVITE_PATIENCE_MS,
        waitingInvites: WAITING_INVITES,
      },
    });
    this.#focus = focus;
    metrics.watch(() => {
      const counts = focus.counts();
      const { alive, wanted, restarts } = this.#world.media.health();
      return {
        conferences: counts.conferences,
        participants: { joining: counts.joining, present: counts.present, silent: counts.silent },
        publications: counts.tracks,
        subscriptions: counts.subscriptions,
        viewersDeficient: counts.viewersDeficient,
        videosPaused: counts.videosPaused,
        dataChannels: { published: counts.dataPublished, forwarded: counts.dataForwarded },
        mailboxDepth: counts.mailbox,
        homeserverUp: homeserver.health().state === 'reached',
        workersAlive: alive,
        workersWanted: wanted,
        workerRestarts: restarts,
      };
    });
    focus.resume(stored);
    log.info({ user: identity.userId, device: identity.deviceId }, 'logged in');
    this.#ready.resolve(focus);
  }

  readiness(): Readiness {
    return { homeserver: this.#homeserverState(), workers: this.#world.media.health() };
  }

  /** Throws WEIR_STARTING. */
  get focus(): Focus {
    if (this.#focus === undefined) throw new WeirError('WEIR_STARTING', 'the homeserver has not been reached yet');
    return this.#focus;
  }

  /** The homeserver may tell of a join or a call a little later than the member. Rejects with the reason why it may not join. */
  async admit(member: SignalMember): Promise<void> {
    const deadline = Date.now() + INVITE_PATIENCE_MS;
    for (;;) {
      const admission = this.focus.mayJoin(member);
      if (admission.kind === 'admitted') return;
      if (Date.now() >= deadline) throw new WeirError(admission.code, admission.message);
      await delay(ADMISSION_CHECK_MS);
    }
  }

  async stop(): Promise<void> {
    await this.#focus?.stop();
    await this.#homeserver?.stop();
  }

  async #takeBatch(batch: SyncBatch): Promise<void> {
    const focus = await this.#ready.promise;
    const leftOut = this.#rooms.apply(batch.rooms, batch.whole);
    if (leftOut > 0) this.#world.log.warn({ code: 'WEIR_OVERLOADED', leftOut }, 'rooms hold more state than is kept');
    if (batch.whole || batch.rooms.length > 0) {
      focus.roomsChanged(batch.whole ? 'all' : new Set(batch.rooms.map(room => room.roomId)));
    }
    for (const { type, parsed, address } of batch.toDevice) {
      this.#world.metrics.received(type);
      focus.take({ parsed, replyTo: address, lateMs: batch.lateMs ?? Number.POSITIVE_INFINITY });
    }
    await this.#world.store.rememberSync(batch.position);
  }

  async #credentials(): Promise<Credentials> {
    const { credentials, userId, deviceId } = this.#config.homeserver;
    if (credentials.kind === 'token') {
      this.#world.hide(credentials.accessToken.reveal());
      return { kind: 'token', accessToken: credentials.accessToken.reveal() };
    }
    const kept = await readLogin(this.#config.stateDir, userId);
    if (kept !== undefined) {
      this.#world.hide(kept.accessToken);
      return { kind: 'token', accessToken: kept.accessToken };
    }
    const password = credentials.password.reveal();
    this.#world.hide(password);
    return { kind: 'password', user: userId, password, ...(deviceId === undefined ? {} : { deviceId }) };
  }

  #homeserverState(): Readiness['homeserver'] {
    const health = this.#homeserver?.health();
    switch (health?.state) {
      case undefined:
      case 'starting':
        return { kind: 'starting' };
      case 'reached':
        return this.#focus === undefined ? { kind: 'starting' } : { kind: 'up' };
      case 'unreachable':
        return {
          kind: 'down',
          code: 'WEIR_HOMESERVER_UNREACHABLE',
          message: health.lastError?.message ?? 'the homeserver does not answer',
        };
      case 'refused':
        return {
          kind: 'down',
          code: 'WEIR_HOMESERVER_REFUSED',
          message: health.lastError?.message ?? 'the homeserver refused the focus',
        };
    }
  }
}

function openMedia({ media, limits }: Config, log: Log, metrics: Metrics): Promise<Media> {
  return createMedia({
    workers: media.workers,
    ...(media.workerBin === undefined ? {} : { workerBin: media.workerBin }),
    listen: media.listen.map(({ ip, announcedAddress }) => ({
      ip,
      ...(announcedAddress === undefined ? {} : { announcedAddress }),
    })),
    ...(media.ports.min === 0 ? {} : { ports: media.ports }),
    enableTcp: media.tcp,
    logger: log,
    clock: systemClock,
    iceConsentTimeoutS: media.iceConsentTimeoutMs / 1_000,
    codecs: media.codecs,
    codecOrder: media.codecOrder,
    initialOutgoingBitrate: media.initialBitrate,
    congestionControl: media.congestionControl,
    dataRates: limits.data,
    countData: (outcome, count) => metrics.dataMessages(outcome, count),
  });
}

/** Undefined where it is switched off. */
async function openSignalling(config: Config, node: FocusNode): Promise<SignallingDeps | undefined> {
  const { enabled, tokenLifetimeMs, homeservers, allowedNetworks } = config.signalling;
  if (!enabled) return undefined;
  const { serverName, url } = config.homeserver;
  const audience = (): string => {
    const identity = node.identity;
    if (identity === undefined) throw new WeirError('WEIR_STARTING', 'the homeserver has not been reached yet');
    return `${identity.userId}/${identity.deviceId}`;
  };
  return {
    tokens: createSignalTokens(await keptSecret(config.stateDir), audience, tokenLifetimeMs),
    userOf: createOpenIdCheck({ homeservers: [{ serverName, url }, ...homeservers], allowedNetworks }),
    admit: member => node.admit(member),
    connect: (member, resume, line) => node.focus.connect(member, resume, line),
  };
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    let asked = false;
    const ask = (): void => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on('SIGINT', ask);
    process.on('SIGTERM', ask);
  });
}

/** The folder of package.json, whether this file runs from the sources or from dist/. */
function projectDir(): string {
  const parent = join(import.meta.dirname, '..');
  return parent.endsWith('dist') ? join(parent, '..') : parent;
}

function readVersion(): string {
  const json: unknown = JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8'));
  const version: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'version') : undefined;
  if (typeof version !== 'string') throw new WeirError('WEIR_INTERNAL', 'package.json has no version');
  return version;
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  run,
  stdout: text => void process.stdout.write(text),
  stderr: text => void process.stderr.write(text),
  env: process.env,
  version: VERSION,
});
