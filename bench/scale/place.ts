/** A homeserver and a focus for all parts; each part gets a room of its own. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCallRoom, joinedMembers } from '../../demo/call-room.ts';
import { FOCUS_DEVICE_ID } from '../../demo/site.ts';
import { type Focus, type FocusOptions, startFocus } from '../../demo/focus.ts';
import { type MatrixUser, startSynapse, type Synapse } from '../../demo/synapse.ts';
import type { CallRoom, FocusDevice, MatrixDevice } from '../../loadtest/peers/call-place.ts';
import { Failure } from '../../setup/failure.mjs';
import type { ProcessPair } from './process-clock.ts';

export interface PlaceOptions {
  /** Folder of all state and logs. */
  stateDir: string;
  synapsePython: string;
  workerBin: string;
  /** Sections of weir.yaml, beside those that let so many come from one address. */
  config?: NonNullable<FocusOptions['config']>;
  /** More for homeserver.yaml. */
  homeserverConfig?: Record<string, unknown>;
  signal: AbortSignal;
}

/** What load peers need to know of a call. */
export interface CallPlace {
  baseUrl: string;
  focus: FocusDevice;
  room: CallRoom;
}

/** bit/s. So much that no estimate keeps a viewer on loopback from what it is to be sent. */
export const INITIAL_BITRATE = 100_000_000;
/** Logins at a time. */
const LOGS_IN_AT_ONCE = 8;
/** Accounts that all devices belong to: registering is slow, and a focus knows participants by their devices. */
const USERS = 5;
const FOCUS_JOINS_WITHIN_MS = 30_000;
const POLL_MS = 100;
const WHO_COMES = { participants_per_conference: 10_000, invites_per_minute: 1_000_000 };
/** Hundreds who join from one machine are not what these limits are for. */
const ALL_OF_ONE_ADDRESS = { signalling: { tokens_per_minute: 100_000 }, http: { requests_per_minute: 1_000_000 } };

export class ScalePlace implements AsyncDisposable {
  readonly focus: Focus;
  readonly synapse: Synapse;
  readonly #owned: AsyncDisposableStack;
  readonly #signal: AbortSignal;
  readonly #users: MatrixUser[] = [];
  readonly #devices: MatrixUser[] = [];

  /** When something fails, all that was started is stopped again. */
  static async start(options: PlaceOptions): Promise<ScalePlace> {
    const { stateDir, synapsePython, workerBin, config, homeserverConfig, signal } = options;
    await using starting = new AsyncDisposableStack();
    const synapse = starting.use(
      await startSynapse({
        stateDir: join(stateDir, 'synapse'),
        python: synapsePython,
        ...(homeserverConfig === undefined ? {} : { config: homeserverConfig }),
        signal,
      }),
    );
    const user = await synapse.registerUser({ localpart: 'focus', deviceId: FOCUS_DEVICE_ID, displayName: 'Focus' });
    const focus = starting.use(
      await startFocus({
        stateDir: join(stateDir, 'focus'),
        homeserverUrl: synapse.baseUrl,
        user,
        workerBin,
        config: { ...ALL_OF_ONE_ADDRESS, ...config, limits: { ...WHO_COMES, ...config?.['limits'] } },
        signal,
      }),
    );
    return new ScalePlace(synapse, focus, starting.move(), signal);
  }

  private constructor(synapse: Synapse, focus: Focus, owned: AsyncDisposableStack, signal: AbortSignal) {
    this.synapse = synapse;
    this.focus = focus;
    this.#owned = owned;
    this.#signal = signal;
  }

  async processes(): Promise<ProcessPair> {
    return { node: this.focus.pid(), workers: await this.focus.workerPids() };
  }

  /** So many logged-in devices of the users that are in every room. */
  async devices(count: number): Promise<readonly MatrixDevice[]> {
    await this.#register();
    while (this.#devices.length < count) {
      this.#signal.throwIfAborted();
      const from = this.#devices.length;
      const batch = Array.from({ length: Math.min(LOGS_IN_AT_ONCE, count - from) }, (_, index) => {
        const user = this.#users[(from + index) % USERS];
        if (user === undefined) throw new RangeError('users are needed');
        return this.synapse.login(user);
      });
      this.#devices.push(...(await Promise.all(batch)));
    }
    return this.#devices.slice(0, count);
  }

  /** A room with a call in it that the focus has joined. */
  async openCall(name: string): Promise<CallPlace> {
    await this.#register();
    const [creator, ...members] = this.#users;
    if (creator === undefined) throw new RangeError('users are needed');
    const { baseUrl } = this.synapse;
    const { userId } = this.focus.user;
    const room = await createCallRoom({ baseUrl, creator, members, invited: [userId], name });
    const deadline = performance.now() + FOCUS_JOINS_WITHIN_MS;
    while (!(await joinedMembers(baseUrl, creator, room.roomId)).includes(userId)) {
      this.#signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new Failure(
          `The focus did not join a room within ${FOCUS_JOINS_WITHIN_MS / 1_000} s.`,
          `Its log: ${this.focus.logFile}`,
        );
      }
      await delay(POLL_MS);
    }
    return { baseUrl, focus: { userId, deviceId: FOCUS_DEVICE_ID }, room };
  }

  /** Throws a Failure where the focus or the homeserver is gone. */
  checkAlive(): void {
    for (const [name, part] of [
      ['focus', this.focus],
      ['homeserver', this.synapse],
    ] as const) {
      const end = part.ended();
      if (end !== undefined) throw new Failure(`The ${name} ended by itself (${end}).`, `Its log: ${part.logFile}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #register(): Promise<void> {
    while (this.#users.length < USERS)
      this.#users.push(await this.synapse.registerUser({ localpart: `guest${this.#users.length}` }));
  }
}
