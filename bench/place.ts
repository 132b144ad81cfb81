/** A homeserver and a focus for all scenarios of a run; each scenario gets a room of its own. */
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCallRoom, joinedMembers } from '../demo/call-room.ts';
import { FOCUS_DEVICE_ID } from '../demo/site.ts';
import { type Focus, type FocusOptions, startFocus } from '../demo/focus.ts';
import { type MatrixUser, startSynapse, type Synapse } from '../demo/synapse.ts';
import type { LabCall, LabPlace } from '../loadtest/lab/place.ts';
import { Failure } from '../setup/failure.mjs';

export interface PlaceOptions {
  /** Folder of all state and logs. */
  stateDir: string;
  synapsePython: string;
  workerBin: string;
  /** Checkout whose focus runs; this one's otherwise. */
  focusDir: string | undefined;
  config?: FocusOptions['config'];
  signal: AbortSignal;
}

const FOCUS_JOINS_WITHIN_MS = 20_000;
const POLL_MS = 100;
/** Registrations at a time: each costs the homeserver a slow hash. */
const REGISTERS_AT_ONCE = 4;

export class BenchPlace implements LabPlace, AsyncDisposable {
  readonly focus: { userId: string; deviceId: string };
  readonly #synapse: Synapse;
  readonly #focus: Focus;
  readonly #owned: AsyncDisposableStack;
  readonly #signal: AbortSignal;
  readonly #users: MatrixUser[] = [];

  /** When something fails, all that was started is stopped again. */
  static async start(options: PlaceOptions): Promise<BenchPlace> {
    const { stateDir, signal } = options;
    await using starting = new AsyncDisposableStack();
    const synapse = starting.use(
      await startSynapse({ stateDir: join(stateDir, 'synapse'), python: options.synapsePython, signal }),
    );
    const user = await synapse.registerUser({ localpart: 'focus', deviceId: FOCUS_DEVICE_ID, displayName: 'Focus' });
    const focus = starting.use(
      await startFocus({
        stateDir: join(stateDir, 'focus'),
        homeserverUrl: synapse.baseUrl,
        user,
        workerBin: options.workerBin,
        // What it decided on is looked for there when a scenario falls short.
        logLevel: 'debug',
        ...(options.config && { config: options.config }),
        ...(options.focusDir === undefined ? {} : { prefix: fromCheckout(options.focusDir) }),
        signal,
      }),
    );
    return new BenchPlace(synapse, focus, starting.move(), signal);
  }

  private constructor(synapse: Synapse, focus: Focus, owned: AsyncDisposableStack, signal: AbortSignal) {
    this.#synapse = synapse;
    this.#focus = focus;
    this.#owned = owned;
    this.#signal = signal;
    this.focus = { userId: focus.user.userId, deviceId: FOCUS_DEVICE_ID };
  }

  get homeserverUrl(): string {
    return this.#synapse.baseUrl;
  }

  get focusLog(): string {
    return this.#focus.logFile;
  }

  /** Throws a Failure where the focus or the homeserver is gone. */
  checkAlive(): void {
    for (const [name, part] of [
      ['focus', this.#focus],
      ['homeserver', this.#synapse],
    ] as const) {
      const end = part.ended();
      if (end !== undefined) throw new Failure(`The ${name} ended by itself (${end}).`, `Its log: ${part.logFile}`);
    }
  }

  async openCall(users: number): Promise<LabCall> {
    this.checkAlive();
    await this.#register(users);
    const [creator, ...members] = this.#users.slice(0, users);
    if (creator === undefined) throw new RangeError('A call needs a user.');
    const { baseUrl } = this.#synapse;
    const room = await createCallRoom({ baseUrl, creator, members, invited: [this.focus.userId], name: 'Network lab' });
    const deadline = performance.now() + FOCUS_JOINS_WITHIN_MS;
    while (!(await joinedMembers(baseUrl, creator, room.roomId)).includes(this.focus.userId)) {
      this.#signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new Failure(
          `The focus did not join a room within ${FOCUS_JOINS_WITHIN_MS / 1_000} s.`,
          `Its log: ${this.#focus.logFile}`,
        );
      }
      await delay(POLL_MS);
    }
    return { room, users: [creator, ...members] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #register(count: number): Promise<void> {
    while (this.#users.length < count) {
      this.#signal.throwIfAborted();
      const from = this.#users.length;
      const batch = Array.from({ length: Math.min(REGISTERS_AT_ONCE, count - from) }, (_, index) => `p${from + index}`);
      this.#users.push(...(await Promise.all(batch.map(localpart => this.#synapse.registerUser({ localpart })))));
    }
  }
}

/** Put before the command that starts the focus: takes its Node and its arguments, and another checkout's sources. */
function fromCheckout(folder: string): string[] {
  return ['/bin/sh', '-c', 'node=$1; shift 2; exec "$node" "$0/src/main.ts" "$@"', resolve(folder)];
}
