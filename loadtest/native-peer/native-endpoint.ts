import { randomBytes, randomInt } from 'node:crypto';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { type FrameSize, RECORDED_SIZE } from '../media/recordings.ts';
import { type Endpoint, type EndpointEvents, keyOf, type SentTrack, type TrackIds } from '../peers/endpoint.ts';
import type { PeerReport, ReceivedTrack } from '../peers/received-media.ts';
import { type FocusDescription, readFocusDescription } from './focus-description.ts';
import type { PeerFigures, TrackFigures } from './messages.ts';
import type { NativeEngine, SaidOfPeer } from './native-engine.ts';
import {
  EXTENSION_URIS,
  type OwnSection,
  type OwnTransport,
  type SentSsrc,
  writeDescription,
} from './peer-description.ts';

export interface NativeOptions {
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
  readonly camera: FrameSize = RECORDED_SIZE;
  readonly #engine: NativeEngine;
  readonly #events: EndpointEvents;
  readonly #peer: number;
  readonly #transport: OwnTransport;
  readonly #sections: OwnSection[] = [];
  /** Tracks that the next offer brings. */
  readonly #unoffered: OwnSection[] = [];
  /** Tracks of the focus by the number that the engine knows them by. */
  readonly #received = new Map<number, Received>();
  #signaling: 'stable' | 'have-local-offer' = 'stable';
  #version = 0;
  #nextMid = 0;
  #lastTrack = 0;
  #dropped = 0;
  #connected = false;
  #channelOpen = false;
  #closed = false;
  /** Why it lost its connection, where it did. */
  failure: string | undefined;

  constructor(engine: NativeEngine, events: EndpointEvents, options: NativeOptions = {}) {
    const { bindAddress = '127.0.0.1', remb = 0 } = options;
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
    const ssrcs = Array.from(
      { length: track.kind === 'audio' ? 1 : 3 },
      (): SentSsrc => ({ ssrc: randomSsrc(), rtx: undefined }),
    );
    this.#unoffered.push({ kind: 'sent', mid: this.#ownMid(), track, ssrcs });
    return track.trackId;
  }

  setLayers(_track: TrackIds, _active: readonly boolean[]): void {}

  setMuted(_track: TrackIds, _muted: boolean): void {}

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
    const dropped = this.#dropped;
    this.#dropped = 0;
    return {
      connected: this.isConnected(),
      tracks: [...this.#received.values()].map(received => received.takeReport()),
      sent: { packets: 0, bytes: 0, keyframesAsked: 0, repaired: 0 },
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
        received.told = 1;
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

  #count({ tracks, dropped }: PeerFigures): void {
    this.#dropped += dropped;
    for (const figures of tracks) {
      const received = this.#received.get(figures.track);
      if (received === undefined) continue;
      received.add(figures);
      // The first one was told at once.
      const untold = figures.packets - received.told;
      received.told = Math.max(0, -untold);
      if (untold > 0) this.#events.packet(received.ids, untold);
    }
  }

  /** Brings the engine to where a description of the focus puts it. */
  #take({ transport, sections }: FocusDescription): void {
    const kept = new Map([...this.#received].map(([track, received]) => [keyOf(received.ids), track]));
    const wanted = new Map<number, Received>();
    const tracks = sections.flatMap(({ media, direction, port, track: ids, ssrc, rtxSsrc, repairs }) => {
      const sends = port !== 0 && (direction === 'sendonly' || direction === 'sendrecv');
      if (ids === undefined || ssrc === undefined || !sends || (media !== 'audio' && media !== 'video')) return [];
      const track = kept.get(keyOf(ids)) ?? (this.#lastTrack += 1);
      wanted.set(track, this.#received.get(track) ?? new Received(ids, media));
      const rtx = rtxSsrc === undefined ? {} : { rtx: rtxSsrc };
      return { track, kind: media, ssrc, ...rtx, repairs };
    });
    this.#received.clear();
    for (const [track, received] of wanted) this.#received.set(track, received);
    const transportCc = sections
      .filter(({ track }) => track !== undefined)
      .map(({ extensions }) => extensions.get(EXTENSION_URIS.transportCc))
      .find(id => id !== undefined);
    this.#engine.do({ do: 'receive', peer: this.#peer, tracks, transportCc: transportCc ?? 0 });
    if (transport !== undefined) this.#engine.do({ do: 'remote', peer: this.#peer, ...transport });
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

/** A track that the focus sends, and what came of it since the last report. */
class Received {
  readonly ids: TrackIds;
  /** Packets that were told before they stood in a report. */
  told = 0;
  #sum: ReceivedTrack;

  constructor(ids: TrackIds, kind: ReceivedTrack['kind']) {
    this.ids = ids;
    this.#sum = nothing(ids, kind, undefined);
  }

  add(figures: TrackFigures): void {
    const sum = this.#sum;
    sum.packets += figures.packets;
    sum.bytes += figures.bytes;
    sum.lost += figures.lost;
    sum.repaired += figures.repaired;
    sum.jitterMs = figures.jitterMs;
    sum.keyframes += figures.keyframes;
    sum.frames += figures.frames;
    sum.longestGapMs = Math.max(sum.longestGapMs, figures.longestGapMs);
    if (figures.width > 0) sum.size = { width: figures.width, height: figures.height };
  }

  takeReport(): ReceivedTrack {
    const taken = this.#sum;
    this.#sum = nothing(taken, taken.kind, taken.size);
    this.#sum.jitterMs = taken.jitterMs;
    return taken;
  }
}

function nothing(
  { streamId, trackId }: TrackIds,
  kind: ReceivedTrack['kind'],
  size: ReceivedTrack['size'],
): ReceivedTrack {
  const none = { packets: 0, bytes: 0, lost: 0, repaired: 0, jitterMs: 0, keyframes: 0, frames: 0, longestGapMs: 0 };
  return { streamId, trackId, kind, ...none, size };
}

function randomSsrc(): number {
  return randomInt(1, 0xffff_ffff);
}
