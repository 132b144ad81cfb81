import type { types } from 'mediasoup';

/** What of a transport a link is known by. */
export interface LinkTransport {
  readonly closed: boolean;
  on(event: 'trace', heard: (trace: types.TransportTraceEventData) => void): unknown;
  enableTraceEvent(events: types.TransportTraceEventType[]): Promise<void>;
  getStats(): Promise<types.BaseTransportStats[]>;
  /** bit/s; 0: no bound. */
  setMaxOutgoingBitrate(bitrate: number): Promise<void>;
  setMinOutgoingBitrate(bitrate: number): Promise<void>;
}
