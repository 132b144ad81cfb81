/** Endpoints that tell what media they get. */
import { DatachannelEndpoint, type Media } from './datachannel-endpoint.ts';
import { type Endpoint, type EndpointEvents, keyOf } from './endpoint.ts';
import { noFigures } from './media-source.ts';
import type { PeerReport } from './received-media.ts';
import { RtpReception } from './rtp-reception.ts';

export interface ReportingEndpoint extends Endpoint {
  /** Since the last report. */
  report(): PeerReport;
}

/** The WebRTC stack of all peers of a process. */
export interface PeerStack {
  endpoint(events: EndpointEvents): ReportingEndpoint;
  /** Brings the reports of all endpoints up to now. */
  refresh(): Promise<void>;
  /** Ends what is left of it; all endpoints are closed by then. */
  close(): Promise<void>;
}

/** libdatachannel, whose packets are looked at one by one in this process: fit for some dozens of peers. */
export class DatachannelStack implements PeerStack {
  readonly #media: Media;
  readonly #bindAddress: string;

  constructor(media: Media, bindAddress: string) {
    this.#media = media;
    this.#bindAddress = bindAddress;
  }

  endpoint(events: EndpointEvents): ReportingEndpoint {
    const receptions = new Map<string, RtpReception>();
    const endpoint = new DatachannelEndpoint(events, {
      media: this.#media,
      bindAddress: this.#bindAddress,
      onRtp: (track, packet) => {
        const key = keyOf(track);
        const known = receptions.get(key) ?? new RtpReception(track);
        receptions.set(key, known);
        known.take(packet, performance.now());
      },
    });
    let told = noFigures();
    const report = (): PeerReport => {
      const now = performance.now();
      const sent = endpoint.sent();
      const since = {
        packets: sent.packets - told.packets,
        bytes: sent.bytes - told.bytes,
        keyframesAsked: sent.keyframesAsked - told.keyframesAsked,
        repaired: sent.repaired - told.repaired,
      };
      told = sent;
      return {
        connected: endpoint.isConnected(),
        tracks: [...receptions.values()].map(reception => reception.report(now)),
        sent: since,
      };
    };
    return Object.assign(endpoint, { report });
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  /** The library's own threads end with the process. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
