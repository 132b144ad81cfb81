import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type DataChannel, type DataChannelInitConfig, PeerConnection } from 'node-datachannel';
import type { Media, OpenedData, Peer } from '../../src/ports.ts';
import type { ConferenceKey, SessionKey } from '../../src/session.ts';
import { candidateOf, viaRelay } from '../../loadtest/peers/via-relay.ts';
import { eventually, openPeer, type PeerLog } from './harness.ts';

/** A channel as a client sees it, with what came on it. */
export interface SeenChannel {
  channel: DataChannel;
  label: string;
  protocol: string;
  messages: (string | Buffer)[];
  isClosed: boolean;
}

/** A client of libdatachannel with data channels alone. */
export class DataClient {
  readonly control: string[] = [];
  /** Channels that the focus opened, the latest last. */
  readonly received: SeenChannel[] = [];
  readonly #connection: PeerConnection;
  readonly #control: DataChannel;
  #relay: Relay | undefined;

  /** `maxMessageSize`: bytes that it dares to send at once. */
  constructor(maxMessageSize?: number) {
    const config = { iceServers: [], bindAddress: '127.0.0.1' };
    this.#connection = new PeerConnection(
      'data',
      maxMessageSize === undefined ? config : { ...config, maxMessageSize },
    );
    this.#connection.onDataChannel(channel => this.received.push(watch(channel)));
    this.#control = this.#connection.createDataChannel('datachannel');
    this.#control.onMessage(message => {
      if (typeof message === 'string') this.control.push(message);
    });
  }

  /** Joins with a control channel. `relayed`: by way of a relay that can be stopped. */
  async join(answer: (offer: string) => Promise<string>, relayed = false): Promise<void> {
    const offer = await eventually('candidates', () => {
      const { sdp } = this.#connection.localDescription() ?? {};
      return this.#connection.gatheringState() === 'complete' ? sdp : undefined;
    });
    let sdp = await answer(offer);
    const candidate = candidateOf(sdp);
    if (relayed && candidate !== undefined) {
      this.#relay = await Relay.to(candidate.port);
      sdp = viaRelay(sdp, { host: '127.0.0.1', port: this.#relay.port });
    }
    this.#connection.setRemoteDescription(sdp, 'answer');
    await eventually('control channel', () => this.#control.isOpen());
  }

  /** Opens a channel, without waiting for anything. */
  open(label: string, options: DataChannelInitConfig = {}): SeenChannel {
    return watch(this.#connection.createDataChannel(label, options));
  }

  sendControl(text: string): void {
    this.#control.sendMessage(text);
  }

  /** Nothing of the focus but ICE reaches the client: it is there, and takes no data. */
  stall(stalls: boolean): void {
    if (this.#relay === undefined) throw new Error('joined without a relay');
    this.#relay.stalls = stalls;
  }

  close(): void {
    this.#connection.close();
    this.#relay?.close();
  }
}

/** Such a client, and its peer in the media engine. */
export class DataPeer extends DataClient {
  readonly peer: Peer;
  readonly log: PeerLog;
  readonly session: SessionKey;

  private constructor(opened: { peer: Peer; log: PeerLog; session: SessionKey }) {
    super();
    ({ peer: this.peer, log: this.log, session: this.session } = opened);
  }

  /** `relayed`: by way of a relay that can be stopped. */
  static async start(media: Media, conference: ConferenceKey, name: string, relayed = false): Promise<DataPeer> {
    const started = new DataPeer(await openPeer(media, conference, name));
    await started.join(async offer => (await started.peer.answer(offer)).sdp, relayed);
    await eventually('control channel in the focus', () => started.log.controlOpen === 1);
    return started;
  }

  /** Opens a channel that the focus takes. */
  async publish(label: string, options: DataChannelInitConfig = {}): Promise<SeenChannel & { published: OpenedData }> {
    const known = new Set(this.log.channels.keys());
    const seen = this.open(label, options);
    const published = await eventually(`OPEN of ${label}`, () =>
      [...this.log.channels.values()].find(each => each.label === label && !known.has(each.channelId)),
    );
    this.peer.data.accept(published.channelId);
    await eventually(`${label} is open`, () => seen.channel.isOpen());
    return Object.assign(seen, { published });
  }

  /** Is forwarded a channel of somebody; resolves once it is open here. */
  async subscribe(publisher: DataPeer, { channelId, label, ordered, reliable }: OpenedData): Promise<SeenChannel> {
    const count = this.received.length;
    this.peer.data.forward({
      publisher: publisher.session,
      channelId,
      label,
      ordered,
      reliable,
      protocol: `of ${channelId}`,
    });
    return eventually(`${label} at a subscriber`, () => this.received[count]);
  }

  override close(): void {
    this.peer.close();
    super.close();
  }
}

function watch(channel: DataChannel): SeenChannel {
  const seen: SeenChannel = {
    channel,
    label: channel.getLabel(),
    protocol: channel.getProtocol(),
    messages: [],
    isClosed: false,
  };
  channel.onMessage(message =>
    seen.messages.push(
      typeof message === 'string' ? message : Buffer.isBuffer(message) ? message : Buffer.from(message),
    ),
  );
  channel.onClosed(() => {
    seen.isClosed = true;
  });
  return seen;
}

/** A UDP relay between one client and the focus. */
class Relay {
  stalls = false;
  readonly #near: Socket = createSocket('udp4');
  readonly #far: Socket = createSocket('udp4');
  #client: number | undefined;

  static async to(focusPort: number): Promise<Relay> {
    const relay = new Relay();
    relay.#near.on('message', (packet, { port }) => {
      relay.#client = port;
      relay.#far.send(packet, focusPort, '127.0.0.1');
    });
    relay.#far.on('message', packet => {
      const isStun = (packet[0] ?? 0) < 4;
      if (relay.#client !== undefined && (isStun || !relay.stalls))
        relay.#near.send(packet, relay.#client, '127.0.0.1');
    });
    for (const socket of [relay.#near, relay.#far]) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return relay;
  }

  get port(): number {
    return this.#near.address().port;
  }

  close(): void {
    this.#near.close();
    this.#far.close();
  }
}
