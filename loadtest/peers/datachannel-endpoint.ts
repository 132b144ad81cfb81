import {
  type DataChannel,
  type DataChannelInitConfig,
  PeerConnection,
  type Track,
  Audio,
  Video,
} from 'node-datachannel';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { type FrameSize, LIGHT_SIZE, RECORDED_SIZE } from '../media/recordings.ts';
import { type Endpoint, type EndpointEvents, keyOf, type SentTrack, type TrackIds, tracksByMid } from './endpoint.ts';
import { LightSource } from './light-source.ts';
import { type MediaSource, noFigures, type SendPacket, type SentFigures } from './media-source.ts';
import { isRtp, PAYLOAD_TYPES } from './rtp.ts';
import { SimulcastSource } from './simulcast-source.ts';
import { mediaTicker } from './ticker.ts';
import { until } from './until.ts';
import { VoiceSource } from './voice-source.ts';

/** What it sends: next to nothing, or a recorded camera in three layers and a recorded voice. */
export type Media = 'light' | 'recorded';

export interface DatachannelOptions {
  /** Light unless given. */
  media?: Media;
  /** Makes what a track sends, instead of `media`. */
  source?: (kind: 'audio' | 'video', send: SendPacket) => MediaSource;
  /** Address that its socket is bound to; loopback unless given. */
  bindAddress?: string;
  /** Gets each RTP packet of a track that the focus sends. */
  onRtp?: (track: TrackIds, packet: Buffer) => void;
  /** Hears of the data channels that the focus opens. */
  onChannel?: (channel: DataChannel) => void;
}

/** A peer on libdatachannel: one transport, publishes by ssrc. */
export class DatachannelEndpoint implements Endpoint {
  readonly camera: FrameSize;
  readonly #events: EndpointEvents;
  readonly #makeSource: (kind: 'audio' | 'video', send: SendPacket) => MediaSource;
  readonly #onRtp: DatachannelOptions['onRtp'];
  readonly #connection: PeerConnection;
  readonly #control: DataChannel;
  readonly #sources = new Map<string, MediaSource>();
  /** The library drops tracks and channels that nobody holds. */
  readonly #tracks: Track[] = [];
  readonly #channels: DataChannel[] = [];
  #remote = new Map<string, TrackIds>();
  #described: ((sdp: string) => void) | undefined;
  #nextMid = 0;
  #closed = false;

  constructor(events: EndpointEvents, options: DatachannelOptions = {}) {
    const { media = 'light', bindAddress = '127.0.0.1', onChannel } = options;
    this.#events = events;
    this.#makeSource = options.source ?? ((kind, send) => sourceOf(media, kind, send));
    this.#onRtp = options.onRtp;
    this.camera = media === 'light' ? LIGHT_SIZE : RECORDED_SIZE;
    this.#connection = new PeerConnection('peer', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      bindAddress,
    });
    this.#connection.onLocalDescription(sdp => {
      this.#described?.(sdp);
    });
    this.#connection.onTrack(track => {
      this.#listen(track);
    });
    if (onChannel !== undefined) this.#connection.onDataChannel(onChannel);
    this.#control = this.#connection.createDataChannel(CONTROL_CHANNEL_LABEL);
    this.#control.onOpen(() => {
      if (!this.#closed) events.controlOpen();
    });
    this.#control.onClosed(() => {
      if (!this.#closed) events.controlClosed();
    });
    this.#control.onMessage(message => {
      if (!this.#closed && typeof message === 'string') events.control(message);
    });
  }

  send(sent: SentTrack): string {
    // The focus numbers its sections in its own way; names of ours never meet its.
    const mid = `c${this.#nextMid}`;
    this.#nextMid += 1;
    const source = this.#makeSource(sent.kind, packet => {
      if (track.isOpen()) track.sendMessageBinary(packet);
    });
    const track = this.#connection.addTrack(sectionOf(mid, sent, source.ssrcs));
    track.onMessage(packet => {
      if (!isRtp(packet)) source.hear(packet);
    });
    track.onOpen(() => {
      if (!this.#closed) mediaTicker.add(source);
    });
    this.#sources.set(keyOf(sent), source);
    this.#tracks.push(track);
    return sent.trackId;
  }

  setLayers(track: TrackIds, active: readonly boolean[]): void {
    this.#sources.get(keyOf(track))?.setLayers(active);
  }

  setMuted(track: TrackIds, muted: boolean): void {
    this.#sources.get(keyOf(track))?.setMuted(muted);
  }

  /** What it has sent, all tracks together. */
  sent(): SentFigures {
    const sum = noFigures();
    for (const { figures } of this.#sources.values()) {
      sum.packets += figures.packets;
      sum.bytes += figures.bytes;
      sum.keyframesAsked += figures.keyframesAsked;
      sum.repaired += figures.repaired;
    }
    return sum;
  }

  offer(): Promise<string> {
    return this.#describe('offer');
  }

  takeAnswer(sdp: string): Promise<void> {
    return this.#attempt(() => {
      this.#connection.setRemoteDescription(sdp, 'answer');
    });
  }

  async answer(sdp: string): Promise<string> {
    await this.#attempt(() => {
      // Before: packets may come as soon as it is set.
      this.#remote = tracksByMid(sdp);
      this.#connection.setRemoteDescription(sdp, 'offer');
    });
    return this.#describe('answer');
  }

  /** The local description with its candidates: an ICE-lite focus needs none, another peer does. */
  async gathered(): Promise<string> {
    await until('candidates are gathered', 5_000, () => this.#connection.gatheringState() === 'complete');
    return this.#connection.localDescription()?.sdp ?? '';
  }

  hasLocalOffer(): boolean {
    return this.#connection.signalingState() === 'have-local-offer';
  }

  sendControl(text: string): boolean {
    if (this.#closed || !this.#control.isOpen()) return false;
    try {
      return this.#control.sendMessage(text);
    } catch {
      return false; // closed by the other side since we looked
    }
  }

  /** Opens a data channel of an application. */
  openChannel(label: string, options: DataChannelInitConfig = {}): DataChannel {
    const channel = this.#connection.createDataChannel(label, options);
    this.#channels.push(channel);
    return channel;
  }

  isConnected(): boolean {
    return !this.#closed && this.#connection.state() === 'connected';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const source of this.#sources.values()) mediaTicker.remove(source);
    this.#connection.close();
  }

  #listen(track: Track): void {
    const mid = track.mid();
    track.onMessage(packet => {
      if (this.#closed || !isRtp(packet)) return;
      const ids = this.#remote.get(mid);
      if (ids === undefined) return;
      this.#events.packet(ids, 1);
      this.#onRtp?.(ids, packet);
    });
    this.#tracks.push(track);
  }

  #describe(type: 'offer' | 'answer'): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#described = sdp => {
        this.#described = undefined;
        resolve(sdp);
      };
      this.#attempt(() => {
        this.#connection.setLocalDescription(type);
      }).catch(reject);
    });
  }

  #attempt(act: () => void): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the peer is closed'));
    try {
      act();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function sourceOf(media: Media, kind: 'audio' | 'video', send: SendPacket): MediaSource {
  if (media === 'light') return new LightSource(kind, send);
  return kind === 'audio' ? new VoiceSource(send) : new SimulcastSource(send);
}

function sectionOf(mid: string, sent: SentTrack, ssrcs: readonly number[]): Audio | Video {
  const direction = sent.direction === 'sendonly' ? 'SendOnly' : 'SendRecv';
  let section: Audio | Video;
  if (sent.kind === 'audio') {
    section = new Audio(mid, direction);
    section.addOpusCodec(PAYLOAD_TYPES.opus);
  } else {
    section = new Video(mid, direction);
    section.addVP8Codec(PAYLOAD_TYPES.vp8);
  }
  for (const ssrc of ssrcs) section.addSSRC(ssrc, 'peer', sent.streamId, sent.trackId);
  // Layers of one picture, lowest first: the older way of simulcast, without rids.
  if (ssrcs.length > 1) section.parseSdpLine(`a=ssrc-group:SIM ${ssrcs.join(' ')}`);
  return section;
}
