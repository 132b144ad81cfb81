import type { EndpointEvents } from '../peers/endpoint.ts';
import type { PeerStack, ReportingEndpoint } from '../peers/reporting-endpoint.ts';
import { NativeEndpoint, type NativeOptions } from './native-endpoint.ts';
import { NativeEngine } from './native-engine.ts';

/** Peers of one engine. */
export class NativeStack implements PeerStack {
  readonly #engine: NativeEngine;
  readonly #options: NativeOptions;

  /** `binary` is what setup/load-peer.ts builds. Rejects where it does not start. */
  static async start(binary: string, options: NativeOptions): Promise<NativeStack> {
    return new NativeStack(await NativeEngine.start(binary), options);
  }

  private constructor(engine: NativeEngine, options: NativeOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  endpoint(events: EndpointEvents): ReportingEndpoint {
    return new NativeEndpoint(this.#engine, events, this.#options);
  }

  async refresh(): Promise<void> {
    await this.#engine.report();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
