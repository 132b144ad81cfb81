/** The two that are compared, each with one publisher and the same receivers behind it. */
import { until } from '../../../loadtest/peers/until.ts';
import type { Endpoint, EndpointEvents } from '../../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../../loadtest/peers/light-peer.ts';
import { Bare } from '../bare/index.ts';
import type { ScalePlace } from '../place.ts';
import type { ProcessPair } from '../process-clock.ts';
import { inTurns, pacedEndpoint, pacedPublisher, type PacedSources, Viewer } from './crowd.ts';
import type { PeerStack } from '../../../loadtest/peers/reporting-endpoint.ts';

export interface Side {
  readonly name: 'focus' | 'bare';
  readonly processes: ProcessPair;
  readonly sources: PacedSources;
  /** Packets that its receivers have had so far, all together. */
  delivered(): number;
}

export interface SideOptions {
  receivers: number;
  stack: PeerStack;
  signal: AbortSignal;
  /** So many receive. */
  progress: (connected: number) => void;
}

const CONNECTS_WITHIN_MS = 30_000;
const CONNECTS_AT_ONCE = 6;

/** The focus under test. */
export class FocusSide implements Side, AsyncDisposable {
  readonly name = 'focus';
  readonly processes: ProcessPair;
  readonly sources: PacedSources;
  readonly #viewers: readonly Viewer[];
  readonly #owned: AsyncDisposableStack;

  static async open(place: ScalePlace, { receivers, stack, signal, progress }: SideOptions): Promise<FocusSide> {
    await using owned = new AsyncDisposableStack();
    const [first, ...users] = await place.devices(receivers + 1);
    if (first === undefined) throw new RangeError('a publisher is needed');
    const call = await place.openCall(`Forwarding to ${receivers}`);
    const publisher = pacedPublisher(call, first);
    owned.defer(() => publisher.peer.leave());
    await publisher.peer.join();
    await untilConnected(publisher.peer);
    const viewers = users.map(user => new Viewer(call, user, stack));
    owned.defer(async () => {
      // Not interrupted: all have to go.
      await inTurns(viewers, ({ peer }) => peer.leave(), new AbortController().signal);
    });
    let connected = 0;
    await inTurns(
      viewers,
      async viewer => {
        await viewer.join(publisher.peer);
        progress((connected += 1));
      },
      signal,
    );
    return new FocusSide(await place.processes(), publisher.sources, viewers, owned.move());
  }

  private constructor(
    processes: ProcessPair,
    sources: PacedSources,
    viewers: readonly Viewer[],
    owned: AsyncDisposableStack,
  ) {
    this.processes = processes;
    this.sources = sources;
    this.#viewers = viewers;
    this.#owned = owned;
  }

  delivered(): number {
    return this.#viewers.reduce((sum, { peer }) => sum + peer.receivedInAll(), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** mediasoup alone. */
export class BareSide implements Side, AsyncDisposable {
  readonly name = 'bare';
  readonly processes: ProcessPair;
  readonly sources: PacedSources;
  readonly #owned: AsyncDisposableStack;
  readonly #count: { packets: number };

  static async open(
    options: Parameters<typeof Bare.start>[0],
    { receivers, stack, signal, progress }: SideOptions,
  ): Promise<BareSide> {
    await using owned = new AsyncDisposableStack();
    const bare = owned.use(await Bare.start(options));
    const publisher = pacedEndpoint(eventsOf(() => undefined));
    owned.defer(() => publisher.endpoint.close());
    for (const kind of ['audio', 'video'] as const)
      publisher.endpoint.send({ kind, direction: 'sendrecv', streamId: 'paced', trackId: kind });
    await bare.connect(publisher.endpoint, false);
    const count = { packets: 0 };
    const endpoints: Endpoint[] = [];
    owned.defer(() => {
      for (const endpoint of endpoints) endpoint.close();
    });
    let connected = 0;
    await inTurns(
      Array.from({ length: receivers }, (_, index) => index),
      async () => {
        const heard = new Set<string>();
        const endpoint = stack.endpoint(
          eventsOf((trackId, packets) => {
            heard.add(trackId);
            count.packets += packets;
          }),
        );
        endpoints.push(endpoint);
        await bare.connect(endpoint, true);
        await until('a receiver gets both tracks', CONNECTS_WITHIN_MS, () => heard.size === 2);
        progress((connected += 1));
      },
      signal,
      CONNECTS_AT_ONCE,
    );
    const processes = { node: bare.nodePid, workers: [bare.workerPid] };
    return new BareSide(processes, publisher.sources(), count, owned.move());
  }

  private constructor(
    processes: ProcessPair,
    sources: PacedSources,
    count: { packets: number },
    owned: AsyncDisposableStack,
  ) {
    this.processes = processes;
    this.sources = sources;
    this.#count = count;
    this.#owned = owned;
  }

  delivered(): number {
    return this.#count.packets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

/** Of a peer with nobody to talk to. */
function eventsOf(packet: (trackId: string, count: number) => void): EndpointEvents {
  const nothing = (): void => undefined;
  return {
    control: nothing,
    controlOpen: nothing,
    controlClosed: nothing,
    packet: ({ trackId }, count) => packet(trackId, count),
  };
}

async function untilConnected(peer: LightPeer): Promise<void> {
  await until('the publisher is connected', CONNECTS_WITHIN_MS, () => {
    if (peer.hangup !== undefined)
      throw new Error(`the publisher was hung up: ${peer.hangup.code ?? peer.hangup.reason}`);
    return peer.isConnected();
  });
}
