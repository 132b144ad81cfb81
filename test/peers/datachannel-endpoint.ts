import { type DataChannel, PeerConnection, type Track, Audio, Video } from 'node-datachannel';
import { CONTROL_CHANNEL_LABEL } from '../../signalling/wire/names.ts';
import { type Endpoint, type EndpointEvents, type SentTrack, type TrackIds, tracksByMid } from './endpoint.ts';
import { until } from './until.ts';
import { AudioSource, asksForKeyframe, isRtp, PAYLOAD_TYPES, VideoSource } from './media-source.ts';

/** How often a peer sends: seldom enough that ten of them leave the machine to the focus. */
export interface Pace {
  audioEveryMs: number;
  videoEveryMs: number;
}
export const LIGHT_PACE: Pace = { audioEveryMs: 60, videoEveryMs: 100 };

/** A peer on libdatachannel: one transport, publishes by ssrc. */
export class DatachannelEndpoint implements Endpoint {
  readonly #events: EndpointEvents;
  readonly #pace: Pace;
  readonly #connection: PeerConnection;
  readonly #control: DataChannel;
  readonly #timers: NodeJS.Timeout[] = [];
  /** The library drops a track that nobody holds. */
  readonly #tracks: Track[] = [];
  #remote = new Map<string, TrackIds>();
  #described: ((sdp: string) => void) | undefined;
  #nextMid = 0;
  #closed = false;

  constructor(events: EndpointEvents, pace: Pace = LIGHT_PACE) {
    this.#events = events;
    this.#pace = pace;
    this.#connection = new PeerConnection('peer', {
      iceServers: [],
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      bindAddress: '127.0.0.1',
    });
    this.#connection.onLocalDescription(sdp => {
      this.#described?.(sdp);
    });
    this.#connection.onTrack(track => {
      this.#listen(track);
    });
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
    const ssrc = 1 + Math.floor(Math.random() * 0xffff_fffe);
    const direction = sent.direction === 'sendonly' ? 'SendOnly' : 'SendRecv';
    const section = sent.kind === 'audio' ? new Audio(mid, direction) : new Video(mid, direction);
    if (sent.kind === 'audio') (section as Audio).addOpusCodec(PAYLOAD_TYPES.opus);
    else (section as Video).addVP8Codec(PAYLOAD_TYPES.vp8);
    section.addSSRC(ssrc, 'peer', sent.streamId, sent.trackId);
    const track = this.#connection.addTrack(section);
    const source = sent.kind === 'audio' ? new AudioSource(ssrc) : new VideoSource(ssrc);
    const everyMs = sent.kind === 'audio' ? this.#pace.audioEveryMs : this.#pace.videoEveryMs;
    this.#timers.push(
      setInterval(() => {
        const packet = source.next(everyMs);
        if (track.isOpen()) track.sendMessageBinary(packet);
      }, everyMs),
    );
    track.onMessage(packet => {
      if (source instanceof VideoSource && !isRtp(packet) && asksForKeyframe(packet)) source.restart();
    });
    this.#tracks.push(track);
    return sent.trackId;
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
    return !this.#closed && this.#control.isOpen() && this.#control.sendMessage(text);
  }

  isConnected(): boolean {
    return !this.#closed && this.#connection.state() === 'connected';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#connection.close();
  }

  #listen(track: Track): void {
    const mid = track.mid();
    track.onMessage(packet => {
      if (this.#closed || !isRtp(packet)) return;
      const ids = this.#remote.get(mid);
      if (ids !== undefined) this.#events.packet(ids);
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
