/** mediasoup as its own demo uses it: one router, one WebRtcServer, a transport for each peer, a consumer for each track. Nothing else. */
import { createWorker, type types } from 'mediasoup';
import { readOffer } from '../../../signalling/sdp/answer.ts';
import { afterOurAnswer, afterOurOffer, afterTheirAnswer, EMPTY_LEDGER } from '../../../signalling/sdp/ledger.ts';
import { readDescription } from '../../../signalling/sdp/read.ts';
import type { RemoteDescription } from '../../../signalling/sdp/remote.ts';
import { type Capabilities, isHeaderExtension } from '../../../signalling/sdp/rtp.ts';
import type { ReceivingSection, Section } from '../../../signalling/sdp/sections.ts';
import { MAX_MESSAGE_SIZE, writeDescription } from '../../../signalling/sdp/write.ts';
import { codecsNamed, DEFAULT_CODECS } from '../../../src/media/codecs.ts';
import { capabilitiesOf } from '../../../src/media/routers/conference-router.ts';
import { numberVoices } from '../../../src/media/numbered-voices.ts';

export interface BareOptions {
  workerBin: string;
  /** As the focus has them, in bit/s and bytes: what is compared shall differ in nothing else. */
  initialOutgoingBitrate: number;
  receiveBufferSize: number;
}

const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export class BareRouter {
  readonly workerPid: number;
  readonly #router: types.Router;
  readonly #server: types.WebRtcServer;
  readonly #capabilities: Capabilities;
  readonly #options: BareOptions;
  readonly #producers: types.Producer[] = [];

  static async start(options: BareOptions): Promise<BareRouter> {
    // Voices are numbered by the worker that both use; the same extensions have to be in both's packets.
    numberVoices(silent);
    const worker = await createWorker({ logLevel: 'warn', workerBin: options.workerBin });
    const listenInfos: types.TransportListenInfo[] = [
      { protocol: 'udp', ip: '127.0.0.1', recvBufferSize: options.receiveBufferSize },
      { protocol: 'tcp', ip: '127.0.0.1' },
    ];
    const server = await worker.createWebRtcServer({ listenInfos });
    const router = await worker.createRouter({ mediaCodecs: codecsNamed(DEFAULT_CODECS) });
    return new BareRouter(worker.pid, router, server, options);
  }

  private constructor(workerPid: number, router: types.Router, server: types.WebRtcServer, options: BareOptions) {
    this.workerPid = workerPid;
    this.#router = router;
    this.#server = server;
    this.#options = options;
    this.#capabilities = capabilitiesOf(router);
  }

  /** Takes the offer of a new peer. */
  async connect(sdp: string): Promise<{ peer: BarePeer; answer: string }> {
    const transport = await this.#router.createWebRtcTransport({
      webRtcServer: this.#server,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: this.#options.initialOutgoingBitrate,
      enableSctp: true,
      maxSendMessageSize: MAX_MESSAGE_SIZE,
      maxReceiveMessageSize: MAX_MESSAGE_SIZE,
    });
    const peer = new BarePeer(transport, this.#capabilities, this.#producers, readDescription(sdp));
    return { peer, answer: await peer.answer() };
  }
}

export class BarePeer {
  readonly #transport: types.WebRtcTransport;
  readonly #capabilities: Capabilities;
  readonly #producers: types.Producer[];
  readonly #offer: RemoteDescription;
  readonly #consumers: types.Consumer[] = [];
  #ledger = EMPTY_LEDGER;
  #version = 0;

  constructor(
    transport: types.WebRtcTransport,
    capabilities: Capabilities,
    producers: types.Producer[],
    offer: RemoteDescription,
  ) {
    this.#transport = transport;
    this.#capabilities = capabilities;
    this.#producers = producers;
    this.#offer = offer;
  }

  async answer(): Promise<string> {
    const asked = readOffer(EMPTY_LEDGER, this.#offer, {
      capabilities: this.#capabilities,
      maxAudioBitrate: undefined,
    });
    const sections: Section[] = [];
    for (const each of asked) {
      sections.push(each.section);
      if (each.act !== 'publish') continue;
      const { section, parameters } = each;
      this.#producers.push(await this.#transport.produce({ kind: section.media, rtpParameters: parameters }));
    }
    const remote = this.#offer.sections.find(section => section.transport !== undefined)?.transport;
    if (remote === undefined) throw new Error('the offer has no transport');
    await this.#transport.connect({ dtlsParameters: { role: 'client', fingerprints: [remote.fingerprint] } });
    this.#ledger = afterOurAnswer(this.#ledger, sections);
    return this.#write('answer', sections);
  }

  /** Offers it every track that was published before. */
  async offerAll(): Promise<string> {
    const sections: ReceivingSection[] = [];
    for (const [index, { id: producerId }] of this.#producers.entries()) {
      const mid = `s${index}`;
      const rtpCapabilities = this.#capabilities;
      const consumer = await this.#transport.consume({
        producerId,
        rtpCapabilities,
        mid,
        paused: true,
        enableRtx: true,
      });
      this.#consumers.push(consumer);
      sections.push(sectionOf(consumer, mid));
    }
    this.#ledger = afterOurOffer(this.#ledger, sections);
    return this.#write('offer', this.#ledger.offered ?? []);
  }

  async accept(sdp: string): Promise<void> {
    this.#ledger = afterTheirAnswer(this.#ledger, readDescription(sdp)).ledger;
    await Promise.all(this.#consumers.map(consumer => consumer.resume()));
  }

  #write(type: 'offer' | 'answer', sections: readonly Section[]): string {
    const { iceParameters, iceCandidates, dtlsParameters } = this.#transport;
    const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256');
    if (fingerprint === undefined) throw new Error('the transport has no SHA-256 fingerprint');
    this.#version += 1;
    return writeDescription({
      type,
      stack: this.#offer.stack,
      version: this.#version,
      sessionId: 1,
      sections,
      transport: {
        iceUfrag: iceParameters.usernameFragment,
        icePwd: iceParameters.password,
        fingerprint: { type: fingerprint.algorithm, hash: fingerprint.value },
        candidates: iceCandidates,
        setup: 'passive',
      },
    });
  }
}

function sectionOf(consumer: types.Consumer, mid: string): ReceivingSection {
  const { codecs, headerExtensions = [], encodings = [], rtcp } = consumer.rtpParameters;
  return {
    kind: 'receiving',
    mid,
    media: consumer.kind,
    direction: 'sendonly',
    body: {
      protocol: 'UDP/TLS/RTP/SAVPF',
      codecs: codecs.map(codec => ({
        mimeType: codec.mimeType,
        payloadType: codec.payloadType,
        clockRate: codec.clockRate,
        ...(codec.channels === undefined ? {} : { channels: codec.channels }),
        parameters: Object.fromEntries(
          Object.entries(codec.parameters ?? {}).map(([name, value]) => [name, String(value)]),
        ),
        rtcpFeedback: codec.rtcpFeedback ?? [],
      })),
      extensions: headerExtensions.flatMap(({ uri, id }) => (isHeaderExtension(uri) ? { uri, id } : [])),
    },
    sent: { track: { streamId: 'bare', trackId: consumer.kind }, encodings, cname: rtcp?.cname ?? '' },
  };
}

function nothing(): void {}
