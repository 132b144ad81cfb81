/** What the receivers' ends run on. */
import { DatachannelEndpoint } from '../../../loadtest/peers/datachannel-endpoint.ts';
import type { Endpoint, EndpointEvents } from '../../../loadtest/peers/endpoint.ts';

export interface ReceiverStack extends AsyncDisposable {
  /** An end that receives, and tells of what it has counted: some at a time, or when it is asked. */
  endpoint(events: EndpointEvents): Endpoint;
  /** Resolves once all that has arrived is told. */
  tellCounts(): Promise<void>;
}

/** libdatachannel, in this process. */
export class DatachannelStack implements ReceiverStack {
  endpoint(events: EndpointEvents): Endpoint {
    return new DatachannelEndpoint(events);
  }

  tellCounts(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
