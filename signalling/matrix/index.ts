/** The one room that talks to a homeserver. */
import { asWeirError, WeirError } from '../wire/errors.ts';
import type { FocusIdentity, ToDeviceEvent } from '../wire/to-device.ts';
import type { SyncPosition } from '../../src/ports.ts';
import { BackOff, pause } from './back-off.ts';
import { errorOf, failureOf } from './failure.ts';
import { Health } from './health.ts';
import { HomeserverHttp } from './http.ts';
import { Invites } from './invites.ts';
import { Lanes } from './lanes.ts';
import { logIn, whoami } from './login.ts';
import { runSync } from './sync-loop.ts';
import type { Homeserver, HomeserverHealth, HomeserverOptions, Login } from './types.ts';

export { createOpenIdCheck } from './openid.ts';
export { RoomView } from './room-view.ts';
export * from './types.ts';

/** For messages that are on their way when the focus stops, in ms. */
const DRAIN_MS = 3_000;

/** Makes the connection to a homeserver; nothing is sent before `start`. */
export function createHomeserver(options: HomeserverOptions): Homeserver {
  return new MatrixHomeserver(options);
}

/** What there is from log-in to stop. */
interface Session {
  http: HomeserverHttp;
  lanes: Lanes;
  invites: Invites;
  sync: Promise<void>;
}

class MatrixHomeserver implements Homeserver {
  readonly #options: HomeserverOptions;
  readonly #health: Health;
  /** Ends log-in, sync and joins. */
  readonly #stopped = new AbortController();
  /** Ends sending, which may go on a little longer. */
  readonly #drained = new AbortController();
  #session: Session | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: HomeserverOptions) {
    this.#options = options;
    this.#health = new Health(options.clock, health => options.events.health?.(health));
  }

  async start(position: SyncPosition | undefined): Promise<FocusIdentity> {
    if (this.#session !== undefined) throw new WeirError('WEIR_INTERNAL', 'the homeserver was started already');
    const login = await this.#logIn();
    const { url, clock } = this.#options;
    const signal = this.#stopped.signal;
    const http = new HomeserverHttp(url, clock, login.accessToken);
    const invites = new Invites(this.#options, http, signal);
    const lanes = new Lanes(this.#options, http, this.#drained.signal);
    const { events, logger, count } = this.#options;
    const deps = { events, clock, logger, count, http, invites, health: this.#health, self: login.userId, signal };
    this.#session = { http, lanes, invites, sync: runSync(deps, position) };
    return { userId: login.userId, deviceId: login.deviceId };
  }

  async send(userId: string, deviceId: string, event: ToDeviceEvent): Promise<void> {
    if (this.#stopping !== undefined) throw stoppingError();
    if (this.#session === undefined) throw new WeirError('WEIR_HOMESERVER_UNREACHABLE', 'not logged in yet');
    return this.#session.lanes.send(userId, deviceId, event);
  }

  health(): HomeserverHealth {
    return this.#health.current;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stopped.abort();
    const session = this.#session;
    if (session === undefined) return;
    const done = Promise.withResolvers<void>();
    const drain = this.#options.clock.after(DRAIN_MS, done.resolve);
    const all = Promise.all([session.sync, session.invites.settled(), session.lanes.settled()]);
    await Promise.race([all, done.promise]);
    drain.cancel();
    this.#drained.abort();
    session.http.close();
  }

  async #logIn(): Promise<Login> {
    const { clock, logger } = this.#options;
    const backOff = new BackOff(500, 30_000);
    const signal = this.#stopped.signal;
    const stopped = (): boolean => signal.aborted;
    while (!stopped()) {
      try {
        return await this.#logInOnce(signal);
      } catch (thrown) {
        if (stopped()) break;
        if (thrown instanceof WeirError) {
          if (thrown.code === 'WEIR_HOMESERVER_REFUSED') this.#health.failed('refused', thrown);
          throw thrown;
        }
        const failure = failureOf(thrown);
        const error = errorOf(failure, thrown);
        if (failure.kind === 'refused' || failure.kind === 'rejected') {
          this.#health.failed('refused', error);
          throw error;
        }
        this.#health.failed('unreachable', error);
        const delay = backOff.next();
        const waitMs = failure.kind === 'limited' ? (failure.retryAfterMs ?? delay) : delay;
        logger.warn(
          { code: error.code, reason: error.message, waitMs: Math.round(waitMs) },
          'log-in failed; trying again',
        );
        await pause(clock, waitMs, signal);
      }
    }
    throw stoppingError();
  }

  async #logInOnce(signal: AbortSignal): Promise<Login> {
    const { url, credentials, clock, onLogin } = this.#options;
    if (credentials.kind === 'token') {
      const http = new HomeserverHttp(url, clock, credentials.accessToken);
      try {
        return await whoami(http, credentials.accessToken, signal);
      } finally {
        http.close();
      }
    }
    const login = await logIn(url, credentials, clock, signal);
    try {
      await onLogin?.(login);
    } catch (thrown) {
      throw asWeirError(thrown);
    }
    return login;
  }
}

function stoppingError(): WeirError {
  return new WeirError('WEIR_FOCUS_STOPPING', 'the focus is being shut down');
}
