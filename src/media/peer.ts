import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import { type Asked, readOffer, withinOffer } from '../../signalling/sdp/answer.ts';
import { receivableCodecs, withCodecs } from '../../signalling/sdp/codecs.ts';
import { receiveCapabilities, withoutFeedback } from '../../signalling/sdp/extensions.ts';
import { afterOurAnswer, afterTheirAnswer, EMPTY_LEDGER, type Ledger } from '../../signalling/sdp/ledger.ts';
import { readDescription } from '../../signalling/sdp/read.ts';
import type { RemoteDescription, RemoteTransport } from '../../signalling/sdp/remote.ts';
import type { Capabilities } from '../../signalling/sdp/rtp.ts';
import type { Section } from '../../signalling/sdp/sections.ts';
import { writeDescription } from '../../signalling/sdp/write.ts';
import { asWeirError, type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { AnsweredOffer, Clock, OfferedTrack, Peer, PeerEvents, ScalabilityModes, Served } from '../ports.ts';
import { keyOfTrack, type SessionKey, type SubscriptionKey, type TrackRef } from '../session.ts';
import type { ConferenceMedia, ServedPeer } from './conference-media.ts';
import { ControlChannel } from './control-channel.ts';
import type { DataRates } from './data-channels/allowance.ts';
import { ApplicationData } from './data-channels/index.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import type { Logger } from './options.ts';
import { Path } from './path.ts';
import { Publications } from './publications.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import { SentTracks } from './sent-tracks.ts';

/** Calls of one peer that may wait: a message can adjust every track of a large conference. */
const MAX_WAITING_CALLS = 4_096;

export interface PeerSettings {
  conference: ConferenceMedia;
  /** The one of the conference's that the peer is on. */
  router: ConferenceRouter;
  session: SessionKey;
  events: PeerEvents;
  clock: Clock;
  logger: Logger;
  maxAudioBitrate: number | undefined;
  codecOrder: 'publisher' | 'focus';
  congestionControl: boolean;
  dataRates: DataRates;
  openTransport(): Promise<types.WebRtcTransport>;
  /** Called once, when the peer has closed. */
  closed(): void;
}

/** The media of one session on mediasoup. */
export class MediasoupPeer implements Peer, ServedPeer {
  readonly data: ApplicationData;
  readonly #settings: PeerSettings;
  readonly #path: Path;
  readonly #control: ControlChannel;
  readonly #publications: Publications;
  readonly #sent: SentTracks;
  readonly #link: Link;
  readonly #lane = new Lane(MAX_WAITING_CALLS);
  readonly #sessionId = randomInt(1, 2 ** 47);
  #version = 0;
  #ledger: Ledger = EMPTY_LEDGER;
  #lastOffer: RemoteDescription | undefined;
  #closed = false;

  static async open(settings: PeerSettings): Promise<MediasoupPeer> {
    const transport = await settings.openTransport();
    const peer = new MediasoupPeer(settings, transport);
    try {
      await Promise.all([
        peer.#control.listen(1),
        peer.data.listen(),
        settings.congestionControl ? peer.#link.watch() : undefined,
      ]);
      return peer;
    } catch (thrown) {
      transport.close();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  private constructor(settings: PeerSettings, transport: types.WebRtcTransport) {
    const { conference, router, session, events, clock, logger } = settings;
    this.#settings = settings;
    this.#path = new Path(transport);
    this.#publications = new Publications(
      { conference, router, session, clock, logger },
      {
        measured: tracks => this.#tell(() => events.measured(tracks)),
        loud: (track, level) => this.#tell(() => events.loud(track, level)),
        dominant: track => this.#tell(() => events.dominant(track)),
      },
    );
    this.#sent = new SentTracks(conference, router, logger, {
      shown: (track, layer) => this.#tell(() => events.shown(track, layer)),
      suffers: () => this.#link.suspect(),
    });
    this.#link = new Link(transport, this.#sent, clock, logger, {
      estimate: available => this.#tell(() => events.estimate(available)),
      lost: () =>
        this.fail('WEIR_MEDIA_FAILED', 'the client was silent, and what it can receive did not become known again'),
    });
    this.#control = new ControlChannel(
      transport,
      router.bridge,
      {
        open: streamId => {
          this.data.controlOn(streamId);
          this.#tell(() => events.controlOpen());
        },
        message: text => this.#tell(() => events.control(text)),
        overflow: () => this.fail('WEIR_OVERLOADED', 'the client does not take its control messages'),
      },
      logger,
    );
    this.data = new ApplicationData({
      transport,
      bridge: router.bridge,
      conference: conference.data,
      session,
      clock,
      logger,
      rates: settings.dataRates,
      events: events.data,
    });
    this.#watch(transport);
  }

  answer(sdp: string, modes: ScalabilityModes = new Map()): Promise<AnsweredOffer> {
    return this.#run(() => this.#answer(sdp, modes));
  }

  offer(tracks: OfferedTrack[]): Promise<{ sdp: string }> {
    return this.#run(() => this.#offer(tracks));
  }

  accept(sdp: string): Promise<void> {
    return this.#run(() => this.#accept(sdp));
  }

  adjust(track: SubscriptionKey, served: Served): Promise<void> {
    return this.#lane.run(() => this.#sent.adjust(track, served));
  }

  watchLink(closely: boolean): void {
    if (this.#closed || !this.#settings.congestionControl) return;
    this.#link.watchClosely(closely);
  }

  sendControl(text: string): boolean {
    return !this.#closed && this.#control.send(text);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#link.close();
    this.#lane.close();
    this.#sent.close();
    this.#publications.close();
    this.#control.close();
    this.data.close();
    this.#path.transport.close();
    this.#settings.closed();
  }

  /** Passes an event on, unless the peer is closed. */
  #tell(event: () => void): void {
    if (!this.#closed) event();
  }

  fail(code: ErrorCode, message: string): void {
    this.#tell(() => this.#settings.events.failed(code, message));
  }

  #run<T>(task: () => Promise<T>): Promise<T> {
    return this.#lane.run(() => {
      if (this.#path.transport.closed) throw new WeirError('WEIR_WORKER_DIED', 'the media worker is gone');
      return task();
    });
  }

  async #answer(sdp: string, modes: ScalabilityModes): Promise<AnsweredOffer> {
    const offer = readDescription(sdp);
    const { router, maxAudioBitrate, codecOrder } = this.#settings;
    const { capabilities } = router;
    const scalabilityModeOf = (track: TrackRef): string | undefined => modes.get(keyOfTrack(track));
    const terms = { capabilities, maxAudioBitrate, codecOrder, scalabilityModeOf };
    const asked = readOffer(this.#ledger, offer, terms);
    const remote = this.#remoteOf(offer, asked);
    // Before the answer: the channel opens as soon as the client has it. Browsers always begin with the first id.
    if (offer.stack === 'other') await this.#control.listen(2);
    const change = await this.#publications.follow(this.#path.transport, asked, ({ section, wanted, offered }) =>
      withinOffer(this.#sent.answer(section, wanted), offered),
    );
    try {
      if (remote !== undefined) await this.#path.follow(remote);
    } catch (thrown) {
      change.undo();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
    change.commit();
    this.#lastOffer = offer;
    this.#ledger = afterOurAnswer(this.#ledger, change.sections);
    this.#settle(asked, change.sections);
    return {
      sdp: this.#write('answer', change.sections),
      published: this.#publications.list(),
      refused: change.refused,
      receives: receivableCodecs(offer, this.#sendable(offer)),
      offerDue: change.sections.some(
        section => section.kind === 'publishing' && section.direction !== 'inactive' && section.added.length > 0,
      ),
    };
  }

  async #offer(tracks: OfferedTrack[]): Promise<{ sdp: string }> {
    const lastOffer = this.#lastOffer;
    if (lastOffer === undefined)
      throw new WeirError('WEIR_UNEXPECTED_MESSAGE', 'the client has not offered anything yet');
    const sendable = this.#sendable(lastOffer);
    const capabilities = withCodecs(sendable, receivableCodecs(lastOffer, sendable));
    this.#ledger = await this.#sent.propose(tracks, this.#ledger, this.#path.transport, capabilities);
    if (this.#settings.congestionControl) this.#link.carriesMore();
    return { sdp: this.#write('offer', this.#ledger.offered ?? []) };
  }

  /** What the client can be sent with, as far as header extensions go. */
  #sendable(offer: RemoteDescription): Capabilities {
    const { router, congestionControl } = this.#settings;
    const { capabilities } = router;
    const ours = congestionControl ? capabilities : withoutFeedback(capabilities);
    return receiveCapabilities(ours, offer, this.#ledger.agreed);
  }

  async #accept(sdp: string): Promise<void> {
    const answer = readDescription(sdp);
    const { ledger, taken, stopped } = afterTheirAnswer(this.#ledger, answer);
    const remote = answer.sections.find(({ rejected }) => !rejected)?.transport;
    if (remote !== undefined) await this.#path.follow(remote);
    this.#ledger = ledger;
    for (const mid of stopped) this.#publications.stop(mid);
    this.#sent.settle(taken);
  }

  /** The client's end of the transport, as an offer states it. */
  #remoteOf(offer: RemoteDescription, asked: readonly Asked[]): RemoteTransport | undefined {
    const remote = offer.sections[asked.findIndex(({ act }) => act !== 'refuse')]?.transport;
    if (remote === undefined && !this.#path.connected) {
      throw new WeirError('WEIR_BAD_SDP', 'the offer has no section that can be used');
    }
    // Its data channels would have other ids (RFC 8832 section 6), and the control channel is listened for on one.
    if (remote?.setup === 'passive')
      throw new WeirError('WEIR_BAD_SDP', 'the client must be ready to be the DTLS client');
    if (remote !== undefined) this.#path.check(remote);
    return remote;
  }

  /** After our answer: what is sent goes on, or stops, section by section. */
  #settle(asked: readonly Asked[], sections: readonly Section[]): void {
    for (const [index, each] of asked.entries()) {
      const section = sections[index];
      if (each.act === 'channel') this.#control.limit(each.maxMessageSize);
      if (each.act === 'refuse') this.#sent.settle(new Map([[each.section.mid, 'refuses']]));
      if (each.act !== 'receive' || section?.kind !== 'receiving') continue;
      this.#sent.settle(new Map([[section.mid, section.direction === 'sendonly' ? 'receives' : 'holds']]));
    }
  }

  #write(type: 'offer' | 'answer', sections: readonly Section[]): string {
    this.#version += 1;
    return writeDescription({
      type,
      stack: this.#lastOffer?.stack ?? 'other',
      allowsLongExtensions: this.#lastOffer?.allowsLongExtensions ?? false,
      version: this.#version,
      sessionId: this.#sessionId,
      sections,
      transport: this.#path.describe(),
    });
  }

  #watch(transport: types.WebRtcTransport): void {
    let told: 'heard' | 'silent' | undefined;
    transport.on('icestatechange', state => {
      const now = state === 'connected' || state === 'completed' ? 'heard' : state === 'disconnected' ? 'silent' : told;
      if (now === undefined || now === told) return;
      if (told === 'silent') {
        // The worker forgets its estimate in a silence, and sends no video without one; a receiver that gets no video makes
        // none (REMB). A new session does.
        if (this.#sent.followRemb) {
          this.fail('WEIR_MEDIA_FAILED', 'the client was silent, and what it can receive is not known any more');
          return;
        }
        this.#link.expect();
      } else this.#link.suspend();
      told = now;
      this.#tell(() => this.#settings.events.path(now));
    });
    transport.on('dtlsstatechange', state => {
      if (state === 'failed') this.fail('WEIR_MEDIA_FAILED', 'the DTLS handshake failed');
    });
  }
}
