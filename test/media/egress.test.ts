import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker, type types } from 'mediasoup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './harness.ts';
import { RawSocket, VIDEO, videoIndex, videoPacket } from './raw-rtp.ts';

const MEDIA_CODECS: types.RouterRtpCodecCapability[] = [
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90000, preferredPayloadType: VIDEO.payloadType },
];
const BURST = [1200, 1200, 900, 300, 1200, 1200, 1201, 40, 900, 900];

let worker: types.Worker;
let router: types.Router;
let died: Error | undefined;
const sockets: RawSocket[] = [];

beforeEach(async () => {
  died = undefined;
  worker = await startWorker();
  router = await worker.createRouter({ mediaCodecs: MEDIA_CODECS });
});

afterEach(() => {
  worker.close();
  for (const socket of sockets.splice(0)) socket.close();
  expect(died).toBeUndefined();
});

async function startWorker(): Promise<types.Worker> {
  const workerBin = process.env['MEDIASOUP_WORKER_BIN'];
  const started = await createWorker({ logLevel: 'error', ...(workerBin === undefined ? {} : { workerBin }) });
  started.on('died', error => {
    died = error;
  });
  return started;
}

async function openSocket(ip: string): Promise<RawSocket> {
  const socket = await RawSocket.open(ip);
  sockets.push(socket);
  return socket;
}

const listenOn = (ip: string): types.TransportListenInfo => ({
  protocol: 'udp',
  ip,
  sendBufferSize: 4_000_000,
  recvBufferSize: 4_000_000,
});

/** Somebody who sends video to the router. */
class Publisher {
  producer: types.Producer;
  readonly #socket: RawSocket;
  readonly #to: { ip: string; port: number };
  #sent = 0;

  private constructor(producer: types.Producer, socket: RawSocket, to: { ip: string; port: number }) {
    this.producer = producer;
    this.#socket = socket;
    this.#to = to;
  }

  static async join(): Promise<Publisher> {
    const transport = await router.createPlainTransport({ listenInfo: listenOn('127.0.0.1'), comedia: true });
    const { preferredPayloadType: payloadType = 0, rtcpFeedback = [] } =
      router.rtpCapabilities.codecs?.find(({ mimeType }) => mimeType === 'video/VP8') ?? {};
    const producer = await transport.produce({
      kind: 'video',
      rtpParameters: {
        codecs: [{ mimeType: 'video/VP8', clockRate: 90000, payloadType, rtcpFeedback }],
        encodings: [{ ssrc: VIDEO.ssrc }],
      },
    });
    return new Publisher(producer, await openSocket('127.0.0.1'), {
      ip: '127.0.0.1',
      port: transport.tuple.localPort,
    });
  }

  /** Bursts of unequal packets, each of which fits the receive buffers of all sockets on its way. */
  async send(bursts: number): Promise<void> {
    for (let burst = 0; burst < bursts; burst++) {
      for (const size of BURST) this.#socket.send(videoPacket(this.#sent++, size), this.#to);
      await sleep(2);
    }
  }

  get sent(): number {
    return this.#sent;
  }
}

/** Somebody who takes what the router sends as it comes. */
interface Viewer {
  socket: RawSocket;
  transport: types.PlainTransport;
  consumer: types.Consumer;
}

async function join(producer: types.Producer, ip = '127.0.0.1', from = router): Promise<Viewer> {
  const socket = await openSocket(ip);
  const transport = await from.createPlainTransport({ listenInfo: listenOn(ip), rtcpMux: true });
  await transport.connect(socket.address);
  const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities: from.rtpCapabilities });
  return { socket, transport, consumer };
}

const indexes = ({ socket }: Viewer): number[] =>
  socket.packets
    .filter(({ payloadType }) => payloadType === VIDEO.payloadType)
    .map(({ payload }) => videoIndex(payload));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function hasAll(viewer: Viewer, count: number): Promise<void> {
  await eventually(
    () => `${count} packets: ${indexes(viewer).length}`,
    () => indexes(viewer).length >= count,
  );
  expect(indexes(viewer)).toEqual(upTo(count));
}

describe('what the worker sends in batches', () => {
  it('arrives whole and in order at each viewer, whatever the sizes', async () => {
    const publisher = await Publisher.join();
    const viewers = await Promise.all(upTo(12).map(() => join(publisher.producer)));
    await publisher.send(40);
    for (const viewer of viewers) await hasAll(viewer, publisher.sent);
  });

  it('arrives over IPv6, beside IPv4', async () => {
    const publisher = await Publisher.join();
    const viewers = await Promise.all(['::1', '127.0.0.1', '::1'].map(ip => join(publisher.producer, ip)));
    await publisher.send(40);
    for (const viewer of viewers) await hasAll(viewer, publisher.sent);
  });

  it('crosses a pair of encrypted plain transports, and a pipe', async () => {
    const publisher = await Publisher.join();
    const other = await startWorker();
    try {
      const far = await other.createRouter({ mediaCodecs: MEDIA_CODECS });
      const { pipeProducer } = await router.pipeToRouter({ producerId: publisher.producer.id, router: far });
      if (pipeProducer === undefined) throw new Error('nothing was piped');
      const overPipe = await join(pipeProducer, '127.0.0.1', far);
      const overTrunk = await join(await trunk(publisher.producer, far), '127.0.0.1', far);
      await publisher.send(40);
      await hasAll(overPipe, publisher.sent);
      await hasAll(overTrunk, publisher.sent);
    } finally {
      other.close();
    }
  });

  it('is sent again where it was lost, while more flows', async () => {
    const publisher = await Publisher.join();
    const viewers = await Promise.all(upTo(4).map(() => join(publisher.producer)));
    await publisher.send(5);
    const [viewer] = viewers;
    if (viewer === undefined) throw new Error('no viewer');
    await hasAll(viewer, publisher.sent);
    const { ssrc = 0, rtx } = viewer.consumer.rtpParameters.encodings?.[0] ?? {};
    // Beside these the worker sends packets to probe the link.
    const shown = viewer.socket.packets.filter(packet => packet.ssrc === ssrc);
    const lost = shown.slice(-20).map(({ sequence }) => sequence);
    const flows = publisher.send(40);
    const { localPort, localAddress } = viewer.transport.tuple;
    viewer.socket.sendNack(ssrc, lost, { ip: localAddress, port: localPort });
    await flows;
    const again = (): number[] =>
      viewer.socket.packets.filter(packet => packet.ssrc === rtx?.ssrc).map(({ payload }) => payload.readUInt16BE(0));
    await eventually(
      () => `${lost.length} packets again: ${again().length}`,
      () => again().length >= lost.length,
    );
    expect(again()).toEqual(lost);
    for (const other of viewers) await hasAll(other, publisher.sent);
  });

  it('does no harm when viewers, publishers and transports close while packets wait', async () => {
    const publisher = await Publisher.join();
    const staying = await join(publisher.producer);
    const leaving = await Promise.all(upTo(20).map(() => join(publisher.producer)));
    const gone = await Publisher.join();
    await join(gone.producer);
    for (const [index, { transport, consumer }] of leaving.entries()) {
      await Promise.all([publisher.send(2), gone.send(2)]);
      if (index % 2 === 0) transport.close();
      else consumer.close();
      if (index === 10) gone.producer.close();
    }
    await hasAll(staying, publisher.sent);
    await Promise.all([publisher.send(5), Promise.resolve().then(() => router.close())]);
    expect((await worker.dump()).routerIds).toEqual([]);
  });
});

/** The producer on a router beyond two plain transports with SRTP, as foci send to each other. */
async function trunk(producer: types.Producer, far: types.Router): Promise<types.Producer> {
  const options = {
    listenInfo: listenOn('127.0.0.1'),
    rtcpMux: true,
    comedia: false,
    enableSrtp: true,
    srtpCryptoSuite: 'AEAD_AES_256_GCM',
  } as const;
  const [here, there] = [await router.createPlainTransport(options), await far.createPlainTransport(options)];
  const end = ({ tuple, srtpParameters }: types.PlainTransport): Parameters<types.PlainTransport['connect']>[0] => ({
    ip: '127.0.0.1',
    port: tuple.localPort,
    ...(srtpParameters === undefined ? {} : { srtpParameters }),
  });
  await here.connect(end(there));
  await there.connect(end(here));
  const consumer = await here.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
  const { codecs, encodings = [] } = consumer.rtpParameters;
  return there.produce({
    kind: 'video',
    rtpParameters: {
      codecs,
      encodings: encodings.map(({ ssrc, rtx }) => ({
        ...(ssrc === undefined ? {} : { ssrc }),
        ...(rtx === undefined ? {} : { rtx }),
      })),
    },
  });
}
