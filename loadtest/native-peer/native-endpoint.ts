import { randomBytes } from 'node:crypto';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { type FrameSize, LIGHT_SIZE, RECORDED_SIZE } from '../media/recordings.ts';
import { type Endpoint, type EndpointEvents, keyOf, type SentTrack, type TrackIds } from '../peers/endpoint.ts';
import { noFigures } from '../peers/media-source.ts';
import type { PeerReport } from '../peers/received-media.ts';
import { type FocusDescription, type FocusTransport, readFocusDescription } from './focus-description.ts';
import type { PeerFigures, TrackOffer } from './messages.ts';
import type { NativeEngine, SaidOfPeer } from './native-engine.ts';
import { EXTENSION_URIS, type OwnSection, type OwnTransport, writeDescription } from './peer-description.ts';
import { Received } from './received.ts';
import { Sent, type SentMedia } from './sent.ts';

export interface NativeOptions {
  /** Light unless given. */
  media?: SentMedia['media'];
  /** Packets carry the time at which they are sent: for benches of native peers alone. */
  stamped?: boolean;
  /** IPv4 address that its socket is bound to; loopback unless given. */
  bindAddress?: string;
  /** bit/s that it tells of its link by REMB, whatever the focus asks for; says nothing unless given. */
  remb?: number;
}

export interface NativeReport extends PeerReport {
  /** Packets that the system dropped because the engine read them too late. */
  dropped: number;
}

/** A peer whose media side lives in a NativeEngine: what comes is counted there, and no packet is seen here. */
export class NativeEndpoint implements Endpoint {
  readonly camera: FrameSize;
  readonly #engine: NativeEngine;
  readonly #events: EndpointEvents;
  readonly #peer: number;
  readonly #media: SentMedia;
  readonly #transport: OwnTransport;
  readonly #sent = new Map<string, Sent>();
  readonly #sections: OwnSection[] = [];
  /** Tracks that the next offer brings. */
  readonly #unoffered: OwnSection[] = [];
  /** Tracks of the focus by the number that the engine knows them by. */
  readonly #received = new Map<number, Received>();
  #focus: FocusTransport | undefined;
  #signaling: 'stable' | 'have-local-offer' = 'stable';
  #version = 0;
  #nextMid = 0;
  #lastTrack = 0;
  #figures = noFigures();
  #dropped = 0;
  #connected = false;
  #channelOpen = false;
  #closed = false;
  /** Why it lost its connection, where it did. */
  failure: string | undefined;

  constructor(engine: NativeEngine, events: EndpointEvents, options: NativeOptions = {}) {
    const { media = 'light', stamped = false, bindAddress = '127.0.0.1', remb = 0 } = options;
    this.#media = { media, stamped };
    this.camera = media === 'light' ? LIGHT_SIZE : RECORDED_SIZE;
    this.#engine = engine;
    this.#events = events;
    this.#peer = engine.enlist(said => {
      if (!this.#closed) this.#hear(said);
    });
    this.#transport = {
      ufrag: randomBytes(6).toString('hex'),
      password: randomBytes(16).toString('hex'),
      fingerprint: engine.fingerprint,
    };
    const { ufrag } = this.#transport;
    engine.do({ do: 'open', peer: this.#peer, bind: bindAddress, ufrag, label: CONTROL_CHANNEL_LABEL, remb });
  }

  send(track: SentTrack): string {
    this.#lastTrack += 1;
    const sent = new Sent(this.#peer, this.#lastTrack, track, this.#media, command => {
      if (!this.#closed) this.#engine.do(command);
    });
    this.#sent.set(keyOf(track), sent);
    this.#unoffered.push({ kind: 'sent', mid: this.#ownMid(), sent });
    return track.trackId;
  }

  setLayers(track: TrackIds, active: readonly boolean[]): void {
    this.#sent.get(keyOf(track))?.setLayers(active);
  }

  setMuted(track: TrackIds, muted: boolean): void {
    this.#sent.get(keyOf(track))?.setMuted(muted);
  }

  async offer(): Promise<string> {
    this.#mustBeOpen();
    this.#sections.push(...this.#unoffered.splice(0));
    if (!this.#sections.some(({ kind }) => kind === 'channel')) {
      this.#sections.push({ kind: 'channel', mid: this.#ownMid() });
    }
    this.#signaling = 'have-local-offer';
    return this.#describe('offer');
  }

  async takeAnswer(sdp: string): Promise<void> {
    this.#mustBeOpen();
    if (!this.hasLocalOffer()) throw new Error('an answer to no offer');
    const description = readFocusDescription(sdp);
    if (description.sections.length !== this.#sections.length) throw new Error('an answer with other sections');
    this.#take(description);
    this.#signaling = 'stable';
  }

  async answer(sdp: string): Promise<string> {
    this.#mustBeOpen();
    const description = readFocusDescription(sdp);
    for (const [index, section] of description.sections.entries()) {
      const known = this.#sections[index];
      if (known !== undefined && known.kind !== 'received') continue;
      this.#sections[index] = { kind: 'received', mid: section.mid, offered: section };
    }
    this.#take(description);
    return this.#describe('answer');
  }

  hasLocalOffer(): boolean {
    return this.#signaling === 'have-local-offer';
  }

  sendControl(text: string): boolean {
    if (this.#closed || !this.#channelOpen) return false;
    this.#engine.do({ do: 'text', peer: this.#peer, text });
    return true;
  }

  isConnected(): boolean {
    return !this.#closed && this.#connected;
  }

  /** What came since the last report; as of a second ago at most, or of now after NativeEngine.report(). */
  report(): NativeReport {
    const [dropped, sent] = [this.#dropped, this.#figures];
    this.#dropped = 0;
    this.#figures = noFigures();
    return {
      connected: this.isConnected(),
      tracks: [...this.#received.values()].map(received => received.takeReport()),
      sent,
      dropped,
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.forget(this.#peer);
    this.#engine.do({ do: 'close', peer: this.#peer });
  }

  #hear(said: SaidOfPeer): void {
    switch (said.say) {
      case 'connected':
        this.#connected = true;
        return;
      case 'lost':
        this.#connected = false;
        this.failure = said.why;
        this.#closeChannel();
        return;
      case 'channel-open':
        this.#channelOpen = true;
        this.#events.controlOpen();
        return;
      case 'channel-closed':
        this.#closeChannel();
        return;
      case 'text':
        this.#events.control(said.text);
        return;
      case 'first-packet': {
        const received = this.#received.get(said.track);
        if (received === undefined) return;
        received.tellFirst();
        this.#events.packet(received.ids, 1);
        return;
      }
      case 'figures':
        this.#count(said.figures);
        return;
    }
  }

  #closeChannel(): void {
    if (!this.#channelOpen) return;
    this.#channelOpen = false;
    this.#events.controlClosed();
  }

  #count({ tracks, sent, dropped }: PeerFigures): void {
    this.#dropped += dropped;
    this.#figures.packets += sent.packets;
    this.#figures.bytes += sent.bytes;
    this.#figures.keyframesAsked += sent.keyframesAsked;
    this.#figures.repaired += sent.repaired;
    for (const figures of tracks) {
      const received = this.#received.get(figures.track);
      if (received === undefined) continue;
      const untold = received.add(figures);
      if (untold > 0) this.#events.packet(received.ids, untold);
    }
  }

  /** Brings the engine to where a description of the focus puts it. */
  #take({ transport, sections }: FocusDescription): void {
    const kept = new Map([...this.#received].map(([track, received]) => [keyOf(received.ids), track]));
    const wanted = new Map<number, Received>();
    const tracks = sections.flatMap(({ media, direction, port, track: ids, ssrc, rtxSsrc, repairs }): TrackOffer[] => {
      const sends = port !== 0 && (direction === 'sendonly' || direction === 'sendrecv');
      if (ids === undefined || ssrc === undefined || !sends || (media !== 'audio' && media !== 'video')) return [];
      const track = kept.get(keyOf(ids)) ?? (this.#lastTrack += 1);
      wanted.set(track, this.#received.get(track) ?? new Received(ids, media));
      const rtx = rtxSsrc === undefined ? {} : { rtx: rtxSsrc };
      return [{ track, kind: media, ssrc, ...rtx, repairs }];
    });
    this.#received.clear();
    for (const [track, received] of wanted) this.#received.set(track, received);
    const transportCc = sections
      .filter(({ track }) => track !== undefined)
      .map(({ extensions }) => extensions.get(EXTENSION_URIS.transportCc))
      .find(id => id !== undefined);
    this.#engine.do({ do: 'receive', peer: this.#peer, tracks, transportCc: transportCc ?? 0 });
    this.#reach(transport);
    for (const [index, section] of sections.entries()) {
      const own = this.#sections[index];
      if (own?.kind === 'sent') this.#sent.get(keyOf(own.sent.track))?.agree(section);
    }
  }

  /** Checks against the focus's end of the transport, anew where that has changed. */
  #reach(transport: FocusTransport | undefined): void {
    const isKnown = JSON.stringify(transport) === JSON.stringify(this.#focus);
    if (transport === undefined || isKnown) return;
    this.#focus = transport;
    this.#engine.do({ do: 'remote', peer: this.#peer, ...transport });
  }

  #describe(type: 'offer' | 'answer'): string {
    this.#version += 1;
    return writeDescription({ type, version: this.#version, transport: this.#transport, sections: this.#sections });
  }

  #ownMid(): string {
    // The focus numbers its sections in its own way; names of ours never meet its.
    this.#nextMid += 1;
    return `c${this.#nextMid - 1}`;
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Error('the peer is closed');
  }
}
