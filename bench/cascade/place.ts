/** Two operators, each with a homeserver and a focus, and one call over both: a new one for each part. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Progress } from '../../demo/check/progress.ts';
import { type Federation, type FederationOptions, startFederation } from '../../demo/federated/federation.ts';
import { FOCUS_DEVICE_ID, type Site } from '../../demo/site.ts';
import { Failure } from '../../setup/failure.mjs';
import type { MatrixDevice } from '../../loadtest/peers/call-place.ts';
import { LightPeer, type LightPeerOptions } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { readTrunk, type TrunkState } from './trunk-metrics.ts';

/** What each part works with. */
export interface Parts {
  /** Folder of its state and logs. */
  stateDir: string;
  workerBin: string;
  synapsePython: string;
  pageDir: string;
  /** Engine of load peers that cost little. */
  loadPeer: string;
  quick: boolean;
  progress: Progress;
  fail: (reason: string) => void;
  signal: AbortSignal;
}

/** Where somebody is: publishers are near, those who watch over the trunk are far. */
export type Side = 'near' | 'far';

export interface PlaceOptions {
  /** Accounts of each side. */
  near: FederationOptions['places'][0]['users'];
  far: FederationOptions['places'][1]['users'];
  /** Sections of weir.yaml, beside those that let so many come from one address. */
  config?: NonNullable<FederationOptions['config']>;
}

type PeerOptions = Omit<LightPeerOptions, 'baseUrl' | 'user' | 'focus' | 'room'>;

/** Logins at a time. */
const LOGS_IN_AT_ONCE = 8;
const SERVED_WITHIN_MS = 60_000;
const ANSWERS_WITHIN_MS = 30_000;
const TRIES_AGAIN_MS = 1_000;
/** What is measured is what trunks do, not what a focus does that has too much to do. */
const CONFIG = { overload: { enabled: false }, limits: { invites_per_minute: 1_000_000 } };

export class CascadePlace implements AsyncDisposable {
  readonly #federation: Federation;
  readonly #signal: AbortSignal;

  /** When something fails, all that was started is stopped again. */
  static async start(parts: Parts, { near, far, config }: PlaceOptions): Promise<CascadePlace> {
    const { stateDir, synapsePython, workerBin, progress, signal } = parts;
    const federation = await startFederation({
      stateDir,
      synapsePython,
      workerBin,
      places: [{ users: near }, { users: far }],
      config: { ...config, ...CONFIG, limits: { ...CONFIG.limits, ...config?.['limits'] } },
      signal,
      report: step => progress.tell(step),
    });
    await using starting = new AsyncDisposableStack();
    const place = starting.use(new CascadePlace(federation, signal));
    await Promise.all([place.#untilServed('near'), place.#untilServed('far')]);
    starting.move();
    return place;
  }

  private constructor(federation: Federation, signal: AbortSignal) {
    this.#federation = federation;
    this.#signal = signal;
  }

  site(side: Side): Site {
    const [near, far] = this.#federation.sites;
    return side === 'near' ? near : far;
  }

  /** Whom the room names on the focus of a side: what is published, and the trunk, need such. It has yet to join. */
  member(side: Side, index: number, options: PeerOptions): LightPeer {
    const user = this.site(side).users[index];
    if (user === undefined) throw new RangeError(`there is no member ${index} on the ${side} side`);
    return this.#peer(side, user, options);
  }

  /** Another device of the first member of a side, who only watches. It has yet to join. */
  viewer(side: Side, device: MatrixDevice, options: PeerOptions): LightPeer {
    // A user's member event would hold one of its devices alone.
    return this.#peer(side, device, { ...options, viewsOnly: true, unlisted: true, namesRoom: true });
  }

  /** So many new devices of the first member of a side. */
  async devices(side: Side, count: number): Promise<MatrixDevice[]> {
    const { synapse, users } = this.site(side);
    const [user] = users;
    if (user === undefined) throw new RangeError('a user is needed');
    const devices: MatrixDevice[] = [];
    while (devices.length < count) {
      this.#signal.throwIfAborted();
      const batch = Array.from({ length: Math.min(LOGS_IN_AT_ONCE, count - devices.length) }, () =>
        synapse.login(user),
      );
      devices.push(...(await Promise.all(batch)));
    }
    return devices;
  }

  /** The trunk as the focus that sends on it tells. Rejects where it does not answer in time. */
  trunk(): Promise<TrunkState> {
    return readTrunk(this.site('near').focus.baseUrl);
  }

  /** Throws a Failure where a focus or a homeserver is gone. */
  checkAlive(): void {
    for (const { focus, synapse } of this.#federation.sites) {
      for (const part of [focus, synapse]) {
        const end = part.ended();
        if (end !== undefined)
          throw new Failure(`A part of a site ended by itself (${end}).`, `Its log: ${part.logFile}`);
      }
    }
  }

  /** A focus refuses whoever comes before its homeserver has told it of the room, which takes its time on a busy machine. */
  async #untilServed(side: Side): Promise<void> {
    const deadline = performance.now() + SERVED_WITHIN_MS;
    const [user] = this.site(side).users;
    if (user === undefined) throw new RangeError('a user is needed');
    for (;;) {
      this.#signal.throwIfAborted();
      await using guest = this.viewer(side, user, {});
      await guest.join();
      await until('a guest is served', ANSWERS_WITHIN_MS, () => guest.isConnected() || guest.hangup !== undefined);
      if (guest.isConnected()) return await guest.leave();
      const { code, reason } = guest.hangup ?? {};
      if (performance.now() > deadline)
        throw new Error(`the ${side} focus serves nobody: ${code ?? reason ?? 'no answer'}`);
      await delay(TRIES_AGAIN_MS, undefined, { signal: this.#signal });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#federation.stop();
  }

  #peer(side: Side, user: MatrixDevice, options: PeerOptions): LightPeer {
    const { synapse, focus } = this.site(side);
    return new LightPeer({
      baseUrl: synapse.baseUrl,
      user,
      focus: { userId: focus.user.userId, deviceId: FOCUS_DEVICE_ID },
      room: this.#federation.room,
      ...options,
    });
  }
}
