import type { types } from 'mediasoup';
import type { DataOutcome } from '../../ports.ts';
import type { DataChannelKey } from '../../session.ts';

/** What carries messages of the data channels of a conference between the worker and this process. */
export interface DataBridge {
  direct: types.DirectTransport;
  /** Says nothing itself: consumers need a producer, and send what they are given. */
  silent: types.DataProducer;
}

/** So many messages came to the same end. */
export type CountData = (outcome: DataOutcome, count: number) => void;

/** A publisher's channel, as those are served who subscribe to it. */
export interface Fan {
  readonly producer: types.DataProducer;
  /** What went to each subscriber. */
  messages: number;
  bytes: number;
}

/** The application data of one conference. */
export interface ConferenceData {
  readonly bridge: DataBridge;
  readonly count: CountData;
  /** Channels that were accepted; they reject where they cannot be served. */
  readonly fans: Map<DataChannelKey, Promise<Fan>>;
  lastChannelId: number;
}

/** Subchannel of those whose channel is open: nothing but OPEN is sent to the others. */
export const OPEN_SUBCHANNEL = 1;
