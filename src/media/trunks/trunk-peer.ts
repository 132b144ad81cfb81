import { asWeirError, type ErrorCode, WeirError } from '../../../signalling/wire/errors.ts';
import {
  readTrunkAnswer,
  readTrunkOffer,
  type TrunkEnd,
  writeTrunkAnswer,
  writeTrunkOffer,
} from '../../../signalling/wire/trunk-description.ts';
import type { Parsed } from '../../../signalling/wire/parse.ts';
import { withoutFeedback } from '../../../signalling/sdp/extensions.ts';
import type {
  AnsweredOffer,
  Clock,
  OfferedTrack,
  Served,
  TrunkTraffic,
  TrunkPeer,
  TrunkPeerEvents,
} from '../../ports.ts';
import { keyOfTrack, type SessionKey, type SubscriptionKey } from '../../session.ts';
import type { ConferenceMedia, ServedPeer } from '../conference-media.ts';
import { Lane } from '../lane.ts';
import { Link } from '../link.ts';
import type { Logger } from '../options.ts';
import type { ConferenceRouter } from '../routers/conference-router.ts';
import type { DataRates } from '../data-channels/allowance.ts';
import { TrunkData } from './data.ts';
import { trunkCapabilities } from './parameters.ts';
import { ReceivedTracks } from './received-tracks.ts';
import { SentTracks } from './sent-tracks.ts';
import { type TrunkListening, TrunkTransport } from './transport.ts';

/** Calls that may wait: a message can adjust every layer of every track. */
const MAX_WAITING_CALLS = 4_096;

export interface TrunkSettings {
  conference: ConferenceMedia;
  /** The one of the conference's that the trunk ends on. */
  router: ConferenceRouter;
  session: SessionKey;
  events: TrunkPeerEvents;
  clock: Clock;
  logger: Logger;
  congestionControl: boolean;
  listening: TrunkListening;
  /** bit/s that the other focus is sent at most, probing included. */
  maxBitrate: number;
  /** How much application data each of those may send who are on the other focus. */
  dataRates: DataRates;
  /** Called once, when the trunk has closed. */
  closed(): void;
}

/** The media between two foci, for one conference, on mediasoup. */
export class MediasoupTrunk implements TrunkPeer, ServedPeer {
  readonly data: TrunkData;
  readonly #settings: TrunkSettings;
  readonly #end: TrunkTransport;
  readonly #sent: SentTracks;
  readonly #received: ReceivedTracks;
  readonly #link: Link;
  readonly #lane = new Lane(MAX_WAITING_CALLS);
  /** Whether an offer of ours waits for its answer. */
  #offering = false;
  #closed = false;

  static async open(settings: TrunkSettings): Promise<MediasoupTrunk> {
    const end = await TrunkTransport.open(settings.router.router, settings.listening);
    const trunk = new MediasoupTrunk(settings, end);
    try {
      if (settings.congestionControl) await trunk.#link.watch();
      return trunk;
    } catch (thrown) {
      trunk.#release();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  private constructor(settings: TrunkSettings, end: TrunkTransport) {
    const { conference, router, session, events, clock, logger, congestionControl } = settings;
    const { transport } = end;
    this.#settings = settings;
    this.#end = end;
    this.data = new TrunkData({ conference: conference.data, session, events, clock, rates: settings.dataRates });
    const ours = congestionControl ? router.capabilities : withoutFeedback(router.capabilities);
    this.#sent = new SentTracks(conference, {
      transport,
      router,
      capabilities: trunkCapabilities(ours),
      logger,
      events: {
        shown: (track, layer) => this.#tell(() => events.shown(track, layer)),
        suffers: () => this.#link.suspect(),
      },
    });
    this.#received = new ReceivedTracks(
      { conference, router, session, clock, logger },
      transport,
      router.capabilities,
      {
        measured: tracks => this.#tell(() => events.measured(tracks)),
        loud: (track, level) => this.#tell(() => events.loud(track, level)),
        dominant: track => this.#tell(() => events.dominant(track)),
      },
    );
    this.#link = new Link(
      transport,
      this.#sent,
      clock,
      logger,
      {
        estimate: available => this.#tell(() => events.estimate(available)),
        // Only who follows REMB loses its estimate for good.
        lost: () => undefined,
      },
      settings.maxBitrate,
    );
  }

  get end(): TrunkEnd {
    return this.#end.end;
  }

  connect(far: TrunkEnd): Promise<void> {
    return this.#run(async () => {
      if (this.#end.connected) return this.#end.connect(far);
      await this.#end.connect(far);
      this.#tell(() => this.#settings.events.path('heard'));
    });
  }

  /** Takes what the other focus sends. Rejects with WEIR_BAD_SDP; all is then as it was. */
  answer(offer: string): Promise<AnsweredOffer> {
    return this.#run(async () => {
      const refused = await this.#received.follow(valueOf(readTrunkOffer(offer)));
      return {
        sdp: writeTrunkAnswer({
          refused: refused.map(({ ref, code }) => ({ stream_id: ref.streamId, track_id: ref.trackId, code })),
        }),
        published: this.#received.list(),
        refused: refused.map(({ ref, code, message }) => ({ mid: keyOfTrack(ref), code, message })),
      };
    });
  }

  offer(tracks: OfferedTrack[]): Promise<{ sdp: string }> {
    return this.#run(async () => {
      const sdp = writeTrunkOffer(await this.#sent.propose(tracks));
      this.#offering = true;
      if (this.#settings.congestionControl) this.#link.carriesMore();
      return { sdp };
    });
  }

  /** Takes the other focus's answer to the latest offer. Rejects with WEIR_BAD_SDP or WEIR_UNEXPECTED_MESSAGE. */
  accept(answer: string): Promise<void> {
    return this.#run(() => {
      const { refused } = valueOf(readTrunkAnswer(answer));
      if (!this.#offering) throw new WeirError('WEIR_UNEXPECTED_MESSAGE', 'an answer without an offer');
      this.#offering = false;
      for (const { stream_id, track_id, code } of refused)
        this.#settings.logger.info({ streamId: stream_id, trackId: track_id, code }, 'a track is not taken');
      this.#sent.settle(
        new Set(refused.map(({ stream_id, track_id }) => keyOfTrack({ streamId: stream_id, trackId: track_id }))),
      );
    });
  }

  adjust(track: SubscriptionKey, served: Served): Promise<void> {
    return this.#lane.run(() => this.#sent.adjust(track, served));
  }

  watchLink(closely: boolean): void {
    if (this.#closed || !this.#settings.congestionControl) return;
    this.#link.watchClosely(closely);
  }

  sendControl(): boolean {
    return false;
  }

  async figures(): Promise<TrunkTraffic> {
    const flowing = this.#sent.flowing;
    try {
      const [[stats], roundTripMs] = await Promise.all([this.#end.transport.getStats(), flowing[0]?.roundTripMs()]);
      return {
        sent: (stats?.rtpSendBitrate ?? 0) + (stats?.rtxSendBitrate ?? 0) + (stats?.probationSendBitrate ?? 0),
        received: (stats?.rtpRecvBitrate ?? 0) + (stats?.rtxRecvBitrate ?? 0),
        mediaBytesSent: stats?.rtpBytesSent ?? 0,
        mediaBytesReceived: stats?.rtpBytesReceived ?? 0,
        lossSent: stats?.rtpPacketLossSent ?? 0,
        lossReceived: stats?.rtpPacketLossReceived ?? 0,
        roundTripMs,
        tracksSent: this.#sent.count,
        tracksReceived: this.#received.count,
        layersSent: flowing.length,
      };
    } catch (thrown) {
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  fail(code: ErrorCode, message: string): void {
    this.#tell(() => this.#settings.events.failed(code, message));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
    this.#settings.closed();
  }

  #release(): void {
    this.data.close();
    this.#link.close();
    this.#lane.close();
    this.#sent.close();
    this.#received.close();
    this.#end.transport.close();
  }

  /** Passes an event on, unless the trunk is closed. */
  #tell(event: () => void): void {
    if (!this.#closed) event();
  }

  #run<T>(task: () => Promise<T> | T): Promise<T> {
    return this.#lane.run(() => {
      if (this.#end.transport.closed) throw new WeirError('WEIR_WORKER_DIED', 'the media worker is gone');
      return task();
    });
  }
}

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'bad') throw parsed.error;
  return parsed.value;
}
