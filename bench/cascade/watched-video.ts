/** The pictures of one track as they come to a peer whose packets are looked at one by one. */
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { EndpointEvents, TrackIds } from '../../loadtest/peers/endpoint.ts';
import { RtpReception } from '../../loadtest/peers/rtp-reception.ts';

/** A frame that came whole, with all that it builds on. */
export interface WholeFrame {
  /** When its last packet came, ms on the monotonic clock. */
  at: number;
  /** px. */
  width: number;
}

/** A frame of a camera is kept for so long. */
const KEPT = 2_000;

export class WatchedVideo {
  readonly #track: TrackIds;
  readonly #reception: RtpReception;
  readonly #frames: WholeFrame[] = [];

  constructor(track: TrackIds) {
    this.#track = track;
    this.#reception = new RtpReception(track);
  }

  endpoint(events: EndpointEvents): DatachannelEndpoint {
    return new DatachannelEndpoint(events, { onRtp: (track, packet) => this.#take(track, packet) });
  }

  /** The latest 2,000. */
  get frames(): readonly WholeFrame[] {
    return this.#frames;
  }

  #take({ streamId, trackId }: TrackIds, packet: Buffer): void {
    if (streamId !== this.#track.streamId || trackId !== this.#track.trackId) return;
    const at = performance.now();
    this.#reception.take(packet, at);
    const { frames, size } = this.#reception.report(at);
    if (frames === 0 || size === undefined) return;
    this.#frames.push({ at, width: size.width });
    if (this.#frames.length > KEPT) this.#frames.shift();
  }
}
