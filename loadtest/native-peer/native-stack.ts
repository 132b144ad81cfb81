import type { EndpointEvents } from '../peers/endpoint.ts';
import type { Latency } from './messages.ts';
import { NativeEndpoint, type NativeOptions } from './native-endpoint.ts';
import { NativeEngine } from './native-engine.ts';

/** One engine, and all the endpoints in it: fit for hundreds of peers beside a focus. */
export class NativeStack {
  readonly engine: NativeEngine;
  readonly #options: NativeOptions;
  #latency: Latency | undefined;

  /** `binary`: what setup/load-peer.ts builds. Rejects where it does not start. */
  static async start(binary: string, options: NativeOptions = {}): Promise<NativeStack> {
    return new NativeStack(await NativeEngine.start(binary), options);
  }

  private constructor(engine: NativeEngine, options: NativeOptions) {
    this.engine = engine;
    this.#options = options;
  }

  endpoint(events: EndpointEvents): NativeEndpoint {
    return new NativeEndpoint(this.engine, events, this.#options);
  }

  /** Brings the reports of all endpoints up to now. */
  async refresh(): Promise<void> {
    this.#latency = await this.engine.report();
  }

  /** Ages of the stamped packets that came between the last two calls of `refresh`; undefined where none came. */
  get latency(): Latency | undefined {
    return this.#latency;
  }

  /** All endpoints that are left go without a word. */
  close(): Promise<void> {
    return this.engine.close();
  }
}
