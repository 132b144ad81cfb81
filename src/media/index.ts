/** The media engine on mediasoup: the only room that knows it. */
import type { types } from 'mediasoup';
import { MAX_MESSAGE_SIZE } from '../../signalling/sdp/write.ts';
import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';
import type {
  Media,
  MediaFigures,
  MediaHandles,
  Peer,
  PeerEvents,
  TrunkPeer,
  TrunkPeerEvents,
  WorkerShare,
} from '../ports.ts';
import type { ConferenceKey, SessionKey } from '../session.ts';
import { DEFAULT_CODECS } from './codecs.ts';
import { ConferenceMedia, type ConferencePart, type ServedPeer } from './conference-media.ts';
import { DEFAULT_DATA_RATES } from './data-channels/allowance.ts';
import { HandleCount } from './handles.ts';
import { numberVoices } from './numbered-voices.ts';
import {
  DEFAULT_ICE_CONSENT_TIMEOUT_S,
  DEFAULT_INITIAL_OUTGOING_BITRATE,
  DEFAULT_MAX_AUDIO_BITRATE,
  DEFAULT_MAX_TRUNK_BITRATE,
  LOOPBACK,
  type MediaOptions,
} from './options.ts';
import { MediasoupPeer } from './peer.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import { DEFAULT_SPREAD, placeFor, type WorkerView } from './routers/placement.ts';
import { MediasoupTrunk } from './trunks/trunk-peer.ts';
import { startWorkers, type WorkerPool, type WorkerSlot } from './worker-pool.ts';

export type { CodecName } from './codecs.ts';
export type { SpreadThresholds } from './routers/placement.ts';
export type { ListenAddress, Logger, MediaOptions } from './options.ts';

/** bytes. Room for some of the largest messages: a whole session description is one. */
const STREAM_SEND_QUEUE_SIZE = 8 * MAX_MESSAGE_SIZE;
/** bytes. Application data that waits for a slow client must leave the control channel its own queue. */
const SCTP_SEND_BUFFER_SIZE = 8 * STREAM_SEND_QUEUE_SIZE;

const uncounted = (): void => undefined;

class MediasoupMedia implements Media {
  readonly #options: MediaOptions;
  readonly #conferences = new Map<ConferenceKey, ConferenceMedia>();
  readonly #handles = new HandleCount();
  #pool: WorkerPool | undefined;
  #closed = false;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    numberVoices(this.#options.logger);
    this.#handles.start();
    this.#pool = await startWorkers(this.#options, slot => {
      for (const [key, conference] of this.#conferences) {
        conference.lose(slot);
        this.#forgetEmpty(key, conference);
      }
    });
  }

  open(key: ConferenceKey, session: SessionKey, events: PeerEvents): Promise<Peer> {
    return this.#join(key, (conference, router, closed) =>
      MediasoupPeer.open({
        conference,
        router,
        session,
        events,
        clock: this.#options.clock,
        logger: this.#options.logger,
        codecOrder: this.#options.codecOrder ?? 'publisher',
        maxAudioBitrate: this.#options.maxAudioBitrate ?? DEFAULT_MAX_AUDIO_BITRATE,
        congestionControl: this.#options.congestionControl ?? true,
        dataRates: this.#options.dataRates ?? DEFAULT_DATA_RATES,
        openTransport: () => this.#openTransport(router),
        closed,
      }),
    );
  }

  openTrunk(key: ConferenceKey, session: SessionKey, events: TrunkPeerEvents): Promise<TrunkPeer> {
    const [address = LOOPBACK] = this.#options.listen;
    const { trunkPorts: ports, trunks: { maxBitrate = DEFAULT_MAX_TRUNK_BITRATE } = {} } = this.#options;
    return this.#join(key, (conference, router, closed) =>
      MediasoupTrunk.open({
        conference,
        router,
        session,
        events,
        clock: this.#options.clock,
        logger: this.#options.logger,
        congestionControl: this.#options.congestionControl ?? true,
        listening: { address, ports },
        maxBitrate,
        dataRates: this.#options.dataRates ?? DEFAULT_DATA_RATES,
        closed,
      }),
    );
  }

  health(): { alive: number; wanted: number; restarts: number } {
    return this.#pool?.health() ?? { alive: 0, wanted: this.#options.workers, restarts: 0 };
  }

  load(): readonly WorkerShare[] {
    return this.#slots().map(slot => ({
      id: slot.worker.pid,
      share: slot.load.share,
      conferences: [...this.#conferences].flatMap(([key, { parts }]) =>
        parts.some(part => part.slot === slot) ? key : [],
      ),
    }));
  }

  placeOf(key: ConferenceKey): number | undefined {
    return this.#place(this.#conferences.get(key)?.parts ?? [])?.worker.pid;
  }

  figures(): MediaFigures {
    const conferences = [...this.#conferences.values()];
    return {
      workers: this.#slots().map(slot => ({ ...this.#viewOf(slot), routers: slot.use.routers })),
      links: conferences.reduce((sum, { links }) => sum + links.count, 0),
      pipedTracks: conferences.reduce((sum, { links }) => sum + links.crossings, 0),
    };
  }

  handles(): MediaHandles {
    return this.#handles.now();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#handles.stop();
    for (const conference of this.#conferences.values()) conference.close();
    this.#conferences.clear();
    this.#pool?.close();
    return Promise.resolve();
  }

  /** Makes room for one more in a conference, opens it there, and frees the room when it has closed. */
  async #join<Served extends ServedPeer>(
    key: ConferenceKey,
    open: (conference: ConferenceMedia, router: ConferenceRouter, closed: () => void) => Promise<Served>,
  ): Promise<Served> {
    const { conference, part } = this.#enter(key);
    let entered = true;
    const leave = (): void => {
      if (!entered) return;
      entered = false;
      conference.leave(part);
      this.#forgetEmpty(key, conference);
    };
    try {
      const router = await part.opening;
      const peer: Served = await open(conference, router, () => {
        part.peers.delete(peer);
        leave();
      });
      part.peers.add(peer);
      if (this.#closed || part.slot.worker.closed) {
        peer.close();
        throw new WeirError('WEIR_WORKER_DIED', 'the media worker is gone');
      }
      return peer;
    } catch (thrown) {
      leave();
      if (part.slot.worker.closed)
        throw new WeirError('WEIR_WORKER_DIED', 'the media worker is gone', { cause: thrown });
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  /** Throws WEIR_WORKER_DIED where no worker is alive. */
  #enter(key: ConferenceKey): { conference: ConferenceMedia; part: ConferencePart } {
    if (this.#closed) throw new WeirError('WEIR_FOCUS_STOPPING', 'media is closed');
    const { codecs = DEFAULT_CODECS, countData = uncounted, logger } = this.#options;
    const conference = this.#conferences.get(key) ?? new ConferenceMedia(codecs, countData, logger);
    const slot = this.#place(conference.parts);
    const homes = conference.parts.map(({ slot: { number } }) => number);
    if (slot === undefined) throw new WeirError('WEIR_WORKER_DIED', 'no media worker is alive');
    if (homes.length > 0 && !homes.includes(slot.number))
      logger.info({ conference: key, worker: slot.number, beside: homes }, 'conference spreads to another worker');
    this.#conferences.set(key, conference);
    return { conference, part: conference.enter(slot) };
  }

  /** The worker for one more of a conference that has these parts. */
  #place(parts: readonly ConferencePart[]): WorkerSlot | undefined {
    const slots = this.#slots();
    const place = placeFor(
      slots.map(slot => this.#viewOf(slot)),
      parts.map(({ slot }) => slot.number),
      this.#options.spread ?? DEFAULT_SPREAD,
    );
    return slots.find(({ number }) => number === place);
  }

  #forgetEmpty(key: ConferenceKey, conference: ConferenceMedia): void {
    if (conference.parts.length === 0 && this.#conferences.get(key) === conference) this.#conferences.delete(key);
  }

  #slots(): readonly WorkerSlot[] {
    return this.#pool?.slots() ?? [];
  }

  #viewOf(slot: WorkerSlot): WorkerView {
    const parts = [...this.#conferences.values()].flatMap(({ parts: all }) => all.filter(part => part.slot === slot));
    return {
      worker: slot.number,
      load: slot.load.share,
      participants: parts.reduce((sum, { participants }) => sum + participants, 0),
      consumers: slot.use.consumers,
    };
  }

  #openTransport({ router, server }: ConferenceRouter): Promise<types.WebRtcTransport> {
    return router.createWebRtcTransport({
      webRtcServer: server,
      enableUdp: true,
      enableTcp: this.#options.enableTcp,
      preferUdp: true,
      iceConsentTimeout: this.#options.iceConsentTimeoutS ?? DEFAULT_ICE_CONSENT_TIMEOUT_S,
      initialAvailableOutgoingBitrate: this.#options.initialOutgoingBitrate ?? DEFAULT_INITIAL_OUTGOING_BITRATE,
      enableSctp: true,
      maxSendMessageSize: MAX_MESSAGE_SIZE,
      maxReceiveMessageSize: MAX_MESSAGE_SIZE,
      sctpSendBufferSize: SCTP_SEND_BUFFER_SIZE,
      sctpPerStreamSendQueueLimit: STREAM_SEND_QUEUE_SIZE,
    });
  }
}

/**
 * Starts the media engine with its workers.
 * Rejects with WEIR_MEDIA_FAILED where a worker cannot be started or cannot listen.
 */
export async function createMedia(options: MediaOptions): Promise<Media> {
  const media = new MediasoupMedia(options);
  await media.start();
  return media;
}
