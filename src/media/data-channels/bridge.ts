import type { types } from 'mediasoup';
import type { DataOutcome } from '../../ports.ts';
import type { DataChannelKey } from '../../session.ts';
import type { Fan } from './fan.ts';

/** What carries messages of data channels between one router and this process. */
export interface DataBridge {
  direct: types.DirectTransport;
  /** Says nothing itself: consumers need a producer, and send what they are given. */
  silent: types.DataProducer;
}

/** So many messages came to the same end. */
export type CountData = (outcome: DataOutcome, count: number) => void;

/** The application data of one conference. */
export interface ConferenceData {
  readonly count: CountData;
  /** Channels that were accepted; they reject where they cannot be served. */
  readonly fans: Map<DataChannelKey, Promise<Fan>>;
  lastChannelId: number;
}
