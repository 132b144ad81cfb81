/** Two sites in this network whose trunk can be narrowed and cut, and who takes part there. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startFederation, type Federation } from '../../../demo/federated/federation.ts';
import type { FocusOptions } from '../../../demo/focus.ts';
import type { Site } from '../../../demo/site.ts';
import type { MatrixUser } from '../../../demo/synapse.ts';
import type { NativeOptions } from '../../../loadtest/native-peer/native-endpoint.ts';
import { NativeStack } from '../../../loadtest/native-peer/native-stack.ts';
import type { PeerPlace } from '../../../loadtest/lab/publisher.ts';
import { CuttablePath } from '../../../loadtest/lab/link/cuttable-path.ts';
import { readMetrics, type FocusMetrics } from '../../scale/focus-metrics.ts';
import type { LabOptions } from './parts.ts';
import { TrunkPath } from './trunk-path.ts';

/** Sites of this network, in the order of who dials. */
export const ADDRESSES = ['127.0.1.1', '127.0.2.1'] as const;
/** Where the focus that is dialled says that it is. Nothing else uses that address. */
const DIALLED = { host: '127.0.2.9', port: 8_009 };
/** Nobody else is in this network. */
const PAGE_PORT = 8_010;
const PEERS_ADDRESS = '127.0.0.1';
const ANYWHERE = '0.0.0.0/0';
const POLL_MS = 100;

export interface LabRun extends LabOptions {
  signal: AbortSignal;
  /** What is done, for who watches. */
  tell: (text: string) => void;
  fail: (reason: string) => void;
}

export interface LabPlaceOptions {
  /** Local parts, by site. */
  users: readonly [readonly [string, ...string[]], readonly [string, ...string[]]];
  /** What its load peers send. */
  media?: NativeOptions['media'];
  config?: FocusOptions['config'];
}

export class LabPlace implements AsyncDisposable {
  readonly federation: Federation;
  readonly trunk: TrunkPath;
  readonly webSocket: CuttablePath;
  /** Of all its load peers. */
  readonly stack: NativeStack;
  readonly #run: LabRun;
  readonly #owned: AsyncDisposableStack;

  /** When something fails, all that was started is stopped again. */
  static async start(run: LabRun, { users, media, config }: LabPlaceOptions): Promise<LabPlace> {
    const { stateDir, synapsePython, workerBin, loadPeer, signal, tell } = run;
    await using starting = new AsyncDisposableStack();
    const [near, far] = ADDRESSES;
    const trunk = await TrunkPath.lay([
      [near, far],
      [ANYWHERE, DIALLED.host],
    ]);
    const webSocket = starting.use(await CuttablePath.open({ host: far, port: PAGE_PORT }, DIALLED));
    const federation = starting.use(
      await startFederation({
        stateDir: join(stateDir, 'lab'),
        synapsePython,
        workerBin,
        places: [
          { address: near, users: users[0] },
          {
            address: far,
            users: users[1],
            ports: { page: PAGE_PORT },
            trunkUrl: `ws://${DIALLED.host}:${DIALLED.port}/v1/trunk`,
          },
        ],
        config: {
          // The machine is busy: nobody is to be refused for that.
          overload: { enabled: false },
          ...config,
          cascade: { allowed_networks: [near, far, DIALLED.host], ...config?.['cascade'] },
        },
        signal,
        report: tell,
      }),
    );
    const options = { media: media ?? 'light', bindAddress: PEERS_ADDRESS };
    const stack = starting.adopt(await NativeStack.start(loadPeer, options), it => it.close());
    return new LabPlace({ federation, trunk, webSocket, stack }, run, starting.move());
  }

  private constructor(
    parts: Pick<LabPlace, 'federation' | 'trunk' | 'webSocket' | 'stack'>,
    run: LabRun,
    owned: AsyncDisposableStack,
  ) {
    this.federation = parts.federation;
    this.trunk = parts.trunk;
    this.webSocket = parts.webSocket;
    this.stack = parts.stack;
    this.#run = run;
    this.#owned = owned;
  }

  /** Where a user takes part: at the site of its own. */
  placeOf(user: MatrixUser): PeerPlace {
    const { synapse, focus } = this.siteOf(user);
    return { baseUrl: synapse.baseUrl, user, focus: focus.user, room: this.federation.room };
  }

  siteOf({ userId }: Pick<MatrixUser, 'userId'>): Site {
    const site = this.federation.sites.find(({ synapse }) => userId.endsWith(`:${synapse.serverName}`));
    if (site === undefined) throw new RangeError(`${userId} is of no site`);
    return site;
  }

  /** What both foci say of themselves. */
  metrics(): Promise<FocusMetrics[]> {
    return Promise.all(this.federation.sites.map(({ focus }) => readMetrics(focus.baseUrl)));
  }

  /** Whether both foci have so many trunks in a state. */
  async areTrunks(state: 'open' | 'broken', count = 1): Promise<boolean> {
    return (await this.metrics()).every(metrics => metrics.get(`weir_trunks{state="${state}"}`) === count);
  }

  /** Asks until it is so; gives after how many ms, or undefined where it was not so in time. */
  async until(withinMs: number, isSo: () => Promise<boolean> | boolean): Promise<number | undefined> {
    const begun = performance.now();
    for (;;) {
      this.#run.signal.throwIfAborted();
      const so = await isSo();
      const elapsed = performance.now() - begun;
      if (so) return elapsed;
      if (elapsed > withinMs) return undefined;
      await this.pause(POLL_MS);
    }
  }

  /** The same; rejects where it was not so in time. */
  async must(what: string, withinMs: number, isSo: () => Promise<boolean> | boolean): Promise<void> {
    if ((await this.until(withinMs, isSo)) === undefined) throw new Error(`not within ${withinMs} ms: ${what}`);
  }

  pause(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#run.signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
