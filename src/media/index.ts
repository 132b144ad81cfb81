/** The media engine on mediasoup: the only room that knows it. */
import type { types } from 'mediasoup';
import { MAX_MESSAGE_SIZE } from '../../signalling/sdp/write.ts';
import { asWeirError, WeirError } from '../../signalling/wire/errors.ts';
import type { Media, MediaHandles, Peer, PeerEvents } from '../ports.ts';
import type { ConferenceKey, SessionKey } from '../session.ts';
import { capabilitiesOf, type ConferenceMedia } from './conference-media.ts';
import { codecsNamed, DEFAULT_CODECS, inOrder } from './codecs.ts';
import { DEFAULT_DATA_RATES } from './data-channels/allowance.ts';
import { HandleCount } from './handles.ts';
import { numberVoices } from './numbered-voices.ts';
import {
  DEFAULT_ICE_CONSENT_TIMEOUT_S,
  DEFAULT_INITIAL_OUTGOING_BITRATE,
  DEFAULT_MAX_AUDIO_BITRATE,
  type MediaOptions,
} from './options.ts';
import { MediasoupPeer } from './peer.ts';
import { Speech } from './speech.ts';
import { startWorkers, type WorkerPool, type WorkerSlot } from './worker-pool.ts';

export type { CodecName } from './codecs.ts';
export type { ListenAddress, Logger, MediaOptions } from './options.ts';

/** bytes. Room for some of the largest messages: a whole session description is one. */
const STREAM_SEND_QUEUE_SIZE = 8 * MAX_MESSAGE_SIZE;
/** bytes. Application data that waits for a slow client must leave the control channel its own queue. */
const SCTP_SEND_BUFFER_SIZE = 8 * STREAM_SEND_QUEUE_SIZE;

const uncounted = (): void => undefined;

interface Room {
  slot: WorkerSlot;
  media: Promise<ConferenceMedia>;
  /** Sessions that are open or being opened. */
  users: number;
  peers: Set<MediasoupPeer>;
}

class MediasoupMedia implements Media {
  readonly #options: MediaOptions;
  readonly #rooms = new Map<ConferenceKey, Room>();
  readonly #handles = new HandleCount();
  #pool: WorkerPool | undefined;
  #closed = false;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    numberVoices(this.#options.logger);
    this.#handles.start();
    this.#pool = await startWorkers(this.#options, slot => this.#workerDied(slot));
  }

  async open(key: ConferenceKey, session: SessionKey, events: PeerEvents): Promise<Peer> {
    const room = this.#enter(key);
    let entered = true;
    const leave = (): void => {
      if (!entered) return;
      entered = false;
      this.#leave(key, room);
    };
    try {
      const media = await room.media;
      const peer: MediasoupPeer = await MediasoupPeer.open(media, {
        session,
        events,
        clock: this.#options.clock,
        logger: this.#options.logger,
        codecOrder: this.#options.codecOrder ?? 'publisher',
        maxAudioBitrate: this.#options.maxAudioBitrate ?? DEFAULT_MAX_AUDIO_BITRATE,
        congestionControl: this.#options.congestionControl ?? true,
        dataRates: this.#options.dataRates ?? DEFAULT_DATA_RATES,
        openTransport: () => this.#openTransport(media),
        closed: () => {
          room.peers.delete(peer);
          leave();
        },
      });
      room.peers.add(peer);
      if (this.#closed || room.slot.worker.closed) {
        peer.close();
        throw new WeirError('WEIR_WORKER_DIED', 'the media worker is gone');
      }
      return peer;
    } catch (thrown) {
      leave();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  health(): { alive: number; wanted: number; restarts: number } {
    return this.#pool?.health() ?? { alive: 0, wanted: this.#options.workers, restarts: 0 };
  }

  load(): readonly number[] {
    return this.#pool?.load() ?? [];
  }

  handles(): MediaHandles {
    return this.#handles.now();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#handles.stop();
    for (const { peers } of this.#rooms.values()) for (const peer of [...peers]) peer.close();
    this.#rooms.clear();
    this.#pool?.close();
    return Promise.resolve();
  }

  #enter(key: ConferenceKey): Room {
    if (this.#closed || this.#pool === undefined) throw new WeirError('WEIR_FOCUS_STOPPING', 'media is closed');
    const before = this.#rooms.get(key);
    if (before !== undefined) {
      before.users += 1;
      return before;
    }
    const load = (slot: WorkerSlot): number =>
      [...this.#rooms.values()].reduce((sum, room) => sum + (room.slot === slot ? room.users : 0), 0);
    const slot = this.#pool.least(load);
    const room: Room = { slot, media: this.#createConference(slot), users: 1, peers: new Set() };
    this.#rooms.set(key, room);
    return room;
  }

  #leave(key: ConferenceKey, room: Room): void {
    room.users -= 1;
    if (room.users > 0) return;
    if (this.#rooms.get(key) === room) this.#rooms.delete(key);
    room.media.then(
      ({ router }) => router.close(),
      () => undefined,
    );
  }

  async #createConference({ worker, server }: WorkerSlot): Promise<ConferenceMedia> {
    const codecs = this.#options.codecs ?? DEFAULT_CODECS;
    const router = await worker.createRouter({ mediaCodecs: codecsNamed(codecs) });
    try {
      const direct = await router.createDirectTransport({ maxSendMessageSize: MAX_MESSAGE_SIZE });
      const silent = await direct.produceData();
      return {
        router,
        server,
        capabilities: inOrder(capabilitiesOf(router), codecs),
        data: {
          bridge: { direct, silent },
          count: this.#options.countData ?? uncounted,
          fans: new Map(),
          lastChannelId: 0,
        },
        speech: await Speech.watch(router),
        published: new Map(),
      };
    } catch (thrown) {
      router.close();
      throw thrown;
    }
  }

  #openTransport({ router, server }: ConferenceMedia): Promise<types.WebRtcTransport> {
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

  #workerDied(slot: WorkerSlot): void {
    for (const [key, room] of this.#rooms) {
      if (room.slot !== slot) continue;
      this.#rooms.delete(key);
      for (const peer of [...room.peers]) peer.fail('WEIR_WORKER_DIED', 'the media worker of the conference died');
    }
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
