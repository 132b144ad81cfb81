import { randomInt } from 'node:crypto';
import type { types } from 'mediasoup';
import type { Bundling } from '../../signalling/sdp/agree.ts';
import { type Asked, readOffer } from '../../signalling/sdp/answer.ts';
import { afterOurAnswer, afterTheirAnswer, EMPTY_LEDGER, type Ledger } from '../../signalling/sdp/ledger.ts';
import { readDescription } from '../../signalling/sdp/read.ts';
import { receiveCapabilities } from '../../signalling/sdp/receive.ts';
import type { RemoteDescription, RemoteTransport } from '../../signalling/sdp/remote.ts';
import type { Capabilities } from '../../signalling/sdp/rtp.ts';
import type { Section } from '../../signalling/sdp/sections.ts';
import { writeDescription } from '../../signalling/sdp/write.ts';
import { asWeirError, type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { AnsweredOffer, Clock, OfferedTrack, Peer, PeerEvents } from '../ports.ts';
import type { SessionKey, TrackRef } from '../session.ts';
import type { ConferenceMedia } from './conference-media.ts';
import { ControlChannel } from './control-channel.ts';
import { Lane } from './lane.ts';
import type { Logger } from './options.ts';
import { Path } from './path.ts';
import { Publications } from './publications.ts';
import { SentTracks } from './sent-tracks.ts';

/** Calls of one peer that may wait: a message can adjust every track of a large conference. */
const MAX_WAITING_CALLS = 4_096;

export interface PeerSettings {
  session: SessionKey;
  events: PeerEvents;
  clock: Clock;
  logger: Logger;
  maxAudioBitrate: number | undefined;
  /** Opens a transport; only the one that the client publishes over carries its control channel. */
  openTransport(control: boolean): Promise<types.WebRtcTransport>;
  /** Called once, when the peer has closed. */
  closed(): void;
}

/** How the peer connection of the client is laid out, once its first offer tells. */
type Layout =
  | { kind: 'unknown' }
  | { kind: 'one_group' }
  /** The transport that the client receives over is opened in the background: the first offer of ours awaits it. */
  | { kind: 'two_groups'; receiving: Promise<Path>; opened: Path | undefined };

/** The media of one session on mediasoup. */
export class MediasoupPeer implements Peer {
  readonly #conference: ConferenceMedia;
  readonly #settings: PeerSettings;
  readonly #publishing: Path;
  readonly #publications: Publications;
  readonly #sent: SentTracks;
  readonly #lane = new Lane(MAX_WAITING_CALLS);
  readonly #sessionId = randomInt(1, 2 ** 47);
  #control: ControlChannel | undefined;
  #version = 0;
  #layout: Layout = { kind: 'unknown' };
  #ledger: Ledger = EMPTY_LEDGER;
  #lastOffer: RemoteDescription | undefined;
  #closed = false;

  static async open(conference: ConferenceMedia, settings: PeerSettings): Promise<MediasoupPeer> {
    const transport = await settings.openTransport(true);
    const peer = new MediasoupPeer(conference, settings, transport);
    const { events, logger } = settings;
    try {
      peer.#control = await ControlChannel.listen(
        transport,
        conference.bridge,
        {
          open: () => peer.tell(() => events.controlOpen()),
          message: text => peer.tell(() => events.control(text)),
          overflow: () => peer.fail('WEIR_OVERLOADED', 'the client does not take its control messages'),
        },
        logger,
      );
      return peer;
    } catch (thrown) {
      transport.close();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  private constructor(
    conference: ConferenceMedia,
    settings: PeerSettings,
    transport: types.WebRtcTransport,
  ) {
    this.#conference = conference;
    this.#settings = settings;
    this.#publishing = new Path(transport);
    this.#publications = new Publications(conference, settings.session, settings.clock);
    this.#sent = new SentTracks(conference, settings.logger);
    this.#watchPath(transport);
    this.#watchDtls(transport);
  }

  answer(sdp: string): Promise<AnsweredOffer> {
    return this.#lane.run(() => this.#answer(sdp));
  }

  offer(tracks: OfferedTrack[]): Promise<{ sdp: string }> {
    return this.#lane.run(() => this.#offer(tracks));
  }

  accept(sdp: string): Promise<void> {
    return this.#lane.run(() => this.#accept(sdp));
  }

  adjust(track: TrackRef, layer: number | undefined, paused: boolean): Promise<void> {
    return this.#lane.run(() => this.#sent.adjust(track, layer, paused));
  }

  sendControl(text: string): boolean {
    return !this.#closed && this.#control?.send(text) === true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lane.close();
    this.#sent.close();
    this.#publications.close();
    this.#control?.close();
    this.#publishing.transport.close();
    if (this.#layout.kind === 'two_groups') this.#layout.opened?.transport.close();
    this.#settings.closed();
  }

  /** Passes an event on, unless the peer is closed. */
  tell(event: () => void): void {
    if (!this.#closed) event();
  }

  fail(code: ErrorCode, message: string): void {
    this.tell(() => this.#settings.events.failed(code, message));
  }

  async #answer(sdp: string): Promise<AnsweredOffer> {
    const offer = readDescription(sdp);
    const bundling = this.#bundlingFor(offer);
    const terms = {
      capabilities: this.#conference.capabilities,
      bundling,
      maxAudioBitrate: this.#settings.maxAudioBitrate,
    };
    const asked = readOffer(this.#ledger, offer, terms);
    const remotes = this.#remotesOf(offer, asked);
    const change = await this.#publications.follow(this.#publishing.transport, asked, ({ section, wanted }) =>
      this.#sent.answer(section, wanted),
    );
    try {
      await this.#follow(remotes);
    } catch (thrown) {
      change.undo();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
    change.commit();
    this.#lastOffer = offer;
    this.#ledger = afterOurAnswer(this.#ledger, change.sections);
    this.#settle(asked, change.sections);
    if (this.#layout.kind === 'unknown') this.#layOut(bundling);
    return {
      sdp: this.#write('answer', change.sections),
      published: this.#publications.list(),
      refused: change.refused,
    };
  }

  async #offer(tracks: OfferedTrack[]): Promise<{ sdp: string }> {
    const lastOffer = this.#lastOffer;
    if (lastOffer === undefined)
      throw new WeirError('WEIR_UNEXPECTED_MESSAGE', 'the client has not offered anything yet');
    const path = this.#layout.kind === 'two_groups' ? await this.#layout.receiving : this.#publishing;
    const capabilities: Capabilities = receiveCapabilities(this.#conference.capabilities, lastOffer);
    this.#ledger = await this.#sent.propose(tracks, this.#ledger, path.transport, capabilities);
    return { sdp: this.#write('offer', this.#ledger.offered ?? []) };
  }

  async #accept(sdp: string): Promise<void> {
    const answer = readDescription(sdp);
    const { ledger, taken, stopped } = afterTheirAnswer(this.#ledger, answer);
    const first = (receiving: boolean): RemoteTransport | undefined =>
      answer.sections.find(
        ({ rejected }, index) => !rejected && (ledger.agreed[index]?.kind === 'receiving') === receiving,
      )?.transport;
    await this.#follow({ publishing: first(false), receiving: first(true) });
    this.#ledger = ledger;
    for (const mid of stopped) this.#publications.stop(mid);
    this.#sent.settle(taken);
  }

  #bundlingFor(offer: RemoteDescription): Bundling {
    if (this.#layout.kind !== 'unknown') return this.#layout.kind;
    return offer.stack === 'one_transport' ? 'one_group' : 'two_groups';
  }

  /** The client's ends of both transports, as an offer states them. */
  #remotesOf(offer: RemoteDescription, asked: readonly Asked[]): Remotes {
    const first = (receiving: boolean): RemoteTransport | undefined => {
      const index = asked.findIndex(({ act }) => act !== 'refuse' && (act === 'receive') === receiving);
      return offer.sections[index]?.transport;
    };
    const publishing = first(false);
    if (publishing === undefined && !this.#publishing.connected) {
      throw new WeirError('WEIR_BAD_SDP', 'the offer has no section that can be used');
    }
    if (publishing?.setup === 'passive') {
      throw new WeirError('WEIR_BAD_SDP', 'the client must be ready to be the DTLS client');
    }
    return { publishing, receiving: first(true) };
  }

  async #follow({ publishing, receiving }: Remotes): Promise<void> {
    const other = this.#layout.kind === 'two_groups' ? this.#layout.opened : undefined;
    if (publishing !== undefined) this.#publishing.check(publishing);
    if (receiving !== undefined) other?.check(receiving);
    if (publishing !== undefined) await this.#publishing.follow(publishing);
    if (receiving !== undefined) await other?.follow(receiving);
  }

  /** After our answer: what is sent goes on, or stops, section by section. */
  #settle(asked: readonly Asked[], sections: readonly Section[]): void {
    for (const [index, each] of asked.entries()) {
      const section = sections[index];
      if (each.act === 'channel') this.#control?.limit(each.maxMessageSize);
      if (each.act === 'refuse') this.#sent.settle(new Map([[each.section.mid, 'refuses']]));
      if (each.act !== 'receive' || section?.kind !== 'receiving') continue;
      this.#sent.settle(new Map([[section.mid, section.direction === 'sendonly' ? 'receives' : 'holds']]));
    }
  }

  #layOut(bundling: Bundling): void {
    if (bundling === 'one_group') {
      this.#layout = { kind: 'one_group' };
      return;
    }
    const receiving = this.#settings.openTransport(false).then(transport => {
      const path = new Path(transport);
      if (this.#layout.kind === 'two_groups') this.#layout.opened = path;
      if (this.#closed) transport.close();
      else this.#watchDtls(transport);
      return path;
    });
    // The first offer that awaits it reports it.
    receiving.catch((thrown: unknown) => {
      this.fail('WEIR_MEDIA_FAILED', asWeirError(thrown).message);
    });
    this.#layout = { kind: 'two_groups', receiving, opened: undefined };
  }

  #write(type: 'offer' | 'answer', sections: readonly Section[]): string {
    const bundling: Bundling = this.#layout.kind === 'one_group' ? 'one_group' : 'two_groups';
    const publishing = this.#publishing.describe();
    const other = this.#layout.kind === 'two_groups' ? this.#layout.opened : undefined;
    this.#version += 1;
    return writeDescription({
      type,
      bundling,
      version: this.#version,
      sessionId: this.#sessionId,
      sections,
      publishing,
      receiving: other?.describe() ?? publishing,
    });
  }

  #watchPath(transport: types.WebRtcTransport): void {
    let told: 'heard' | 'silent' | undefined;
    transport.on('icestatechange', state => {
      const now = state === 'connected' || state === 'completed' ? 'heard' : state === 'disconnected' ? 'silent' : told;
      if (now === undefined || now === told) return;
      told = now;
      this.tell(() => this.#settings.events.path(now));
    });
  }

  #watchDtls(transport: types.WebRtcTransport): void {
    transport.on('dtlsstatechange', state => {
      if (state === 'failed') this.fail('WEIR_MEDIA_FAILED', 'the DTLS handshake failed');
    });
  }
}

interface Remotes {
  publishing: RemoteTransport | undefined;
  receiving: RemoteTransport | undefined;
}
