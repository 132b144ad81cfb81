import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import {
  createHomeserver,
  type Credentials,
  type Homeserver,
  RoomView,
  type SyncBatch,
} from '../../signalling/matrix/index.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { FocusIdentity } from '../../signalling/wire/to-device.ts';
import { TRUNK_HELLO } from '../../signalling/wire/trunk.ts';
import { MAX_TRUNK_TRACKS } from '../../signalling/wire/trunk-description.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMING } from '../conference/state.ts';
import type { Cascade } from '../cascade/index.ts';
import type { Readiness, Status } from '../http/deps.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Log, Media, ProcessMeter, SignalMember, Store } from '../ports.ts';
import { Focus } from '../runtime/focus.ts';
import { keepLogin, readLogin } from '../store/login-file.ts';
import { openCascade } from './cascade.ts';
import { overloadFigures, overloadLimits, worstLevel } from './overload.ts';
import { statusOf } from './status.ts';
import { systemClock } from './system-clock.ts';

/** How long an invite may be ahead of the state of its room. */
const INVITE_PATIENCE_MS = 3_000;
const WAITING_INVITES = 1_000;
const ADMISSION_CHECK_MS = 100;

export interface NodeWorld {
  log: Log;
  hide: (secret: string) => void;
  metrics: Metrics;
  store: Store;
  media: Media;
  process: ProcessMeter;
  /** Of the web server, as this machine reaches it. */
  url: () => string;
}

/** The focus with its homeserver: what comes from the one goes to the other. */
export class FocusNode {
  readonly #config: Config;
  readonly #world: NodeWorld;
  readonly #rooms = new RoomView();
  readonly #ready = Promise.withResolvers<Focus>();
  #homeserver: Homeserver | undefined;
  #focus: Focus | undefined;
  #cascade: Cascade | undefined;
  identity: FocusIdentity | undefined;

  constructor(config: Config, world: NodeWorld) {
    this.#config = config;
    this.#world = world;
  }

  /** Resolves once the homeserver knows the focus; batches come from then on. */
  async start(): Promise<void> {
    const { log, store, metrics } = this.#world;
    const { homeserver: settings, rooms, limits, media, overload, encryption } = this.#config;
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
    this.#cascade = openCascade(this.#config, {
      focus: identity,
      url: this.#world.url,
      signals: homeserver,
      rooms: this.#rooms,
      clock: systemClock,
      log,
      meters: metrics,
    });
    const focus = new Focus({
      media: this.#world.media,
      process: this.#world.process,
      overload: overloadLimits(overload),
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
      limits: {
        ...DEFAULT_LIMITS,
        participants: limits.participantsPerConference,
        trunkTracks: Math.min(this.#config.cascade.tracksPerTrunk, MAX_TRUNK_TRACKS),
      },
      trunks: this.#cascade,
      rooms: this.#rooms,
      requireEncryption: encryption.requireInEncryptedRooms,
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
        remoteParticipants: counts.remote,
        publications: counts.tracks,
        subscriptions: counts.subscriptions,
        viewersDeficient: counts.viewersDeficient,
        videosPaused: counts.videosPaused,
        videosShed: counts.videosShed,
        overload: overloadFigures(focus.overload),
        dataChannels: { published: counts.dataPublished, forwarded: counts.dataForwarded },
        mailboxDepth: counts.mailbox,
        homeserverUp: homeserver.health().state === 'reached',
        workersAlive: alive,
        workersWanted: wanted,
        workerRestarts: restarts,
        mediaHandles: this.#world.media.handles(),
        media: this.#world.media.figures(),
        trunks: this.#cascade?.figures() ?? [],
        trunkTraffic: focus.trunkTraffic(),
      };
    });
    focus.resume(stored);
    log.info({ user: identity.userId, device: identity.deviceId }, 'logged in');
    this.#ready.resolve(focus);
  }

  readiness(): Readiness {
    const overload = this.#focus === undefined ? 'calm' : worstLevel(this.#focus.overload);
    return { homeserver: this.#homeserverState(), workers: this.#world.media.health(), overload };
  }

  status(): Status {
    return statusOf({
      focus: this.#focus,
      trunks: this.#cascade?.figures() ?? [],
      workers: this.#world.media.figures().workers,
      errors: this.#world.metrics.errors(),
      now: systemClock.now(),
    });
  }

  /** Throws WEIR_STARTING. */
  get focus(): Focus {
    if (this.#focus === undefined) throw new WeirError('WEIR_STARTING', 'the homeserver has not been reached yet');
    return this.#focus;
  }

  /** Throws WEIR_STARTING. */
  get cascade(): Cascade {
    if (this.#cascade === undefined) throw new WeirError('WEIR_STARTING', 'the homeserver has not been reached yet');
    return this.#cascade;
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
    await this.#cascade?.stop();
    await this.#homeserver?.stop();
  }

  async #takeBatch(batch: SyncBatch): Promise<void> {
    const focus = await this.#ready.promise;
    const leftOut = this.#rooms.apply(batch.rooms, batch.whole);
    if (leftOut > 0) this.#world.log.warn({ code: 'WEIR_OVERLOADED', leftOut }, 'rooms hold more state than is kept');
    if (batch.whole || batch.rooms.length > 0) {
      focus.roomsChanged(batch.whole ? 'all' : membershipsIn(batch.rooms));
    }
    for (const { type, parsed, address } of batch.toDevice) {
      this.#world.metrics.received(type);
      focus.take({ parsed, replyTo: address, lateMs: batch.lateMs ?? Number.POSITIVE_INFINITY });
    }
    for (const hello of batch.trunkHellos) {
      this.#world.metrics.received(TRUNK_HELLO);
      this.#cascade?.hello(hello);
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

/** Whose membership changed, by room. */
function membershipsIn(rooms: SyncBatch['rooms']): Map<string, Set<string>> {
  const changed = new Map<string, Set<string>>();
  for (const { roomId, changes } of rooms) {
    const users = changed.get(roomId) ?? new Set();
    changed.set(roomId, users);
    for (const change of changes) if (change.kind === 'membership') users.add(change.userId);
  }
  return changed;
}
