import type { types } from 'mediasoup';
import type { DataChannelKey } from '../../session.ts';

/** What carries messages of the data channels of a conference between the worker and this process. */
export interface DataBridge {
  direct: types.DirectTransport;
  /** Says nothing itself: consumers need a producer, and send what they are given. */
  silent: types.DataProducer;
}

/** A publisher's channel, as those are served who subscribe to it. */
export interface Fan {
  readonly producer: types.DataProducer;
  /** Bytes that went to each subscriber. */
  bytes: number;
}

/** The application data of one conference. */
export interface ConferenceData {
  readonly bridge: DataBridge;
  /** Channels that were accepted; they reject where they cannot be served. */
  readonly fans: Map<DataChannelKey, Promise<Fan>>;
  lastChannelId: number;
}

/** Subchannel of those whose channel is open: nothing but OPEN is sent to the others. */
export const OPEN_SUBCHANNEL = 1;
