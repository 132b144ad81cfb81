import type { types } from 'mediasoup';

/** What carries messages of data channels between one router and this process. */
export interface DataBridge {
  direct: types.DirectTransport;
  /** Says nothing itself: consumers need a producer, and send what they are given. */
  silent: types.DataProducer;
}
