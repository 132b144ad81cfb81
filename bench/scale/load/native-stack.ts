import type { Endpoint, EndpointEvents } from '../../../loadtest/peers/endpoint.ts';
import { NativeEndpoint } from '../../../loadtest/native-peer/native-endpoint.ts';
import { NativeEngine } from '../../../loadtest/native-peer/native-engine.ts';
import type { ReceiverStack } from './stack.ts';

/** The native engine, in a process of its own: it decrypts and counts, and gives feedback as a browser does. */
export class NativeStack implements ReceiverStack {
  readonly #engine: NativeEngine;

  static async start(binary: string): Promise<NativeStack> {
    return new NativeStack(await NativeEngine.start(binary));
  }

  private constructor(engine: NativeEngine) {
    this.#engine = engine;
  }

  endpoint(events: EndpointEvents): Endpoint {
    return new NativeEndpoint(this.#engine, events);
  }

  async tellCounts(): Promise<void> {
    await this.#engine.report();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine.close();
  }
}
