import type { types } from 'mediasoup';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Logger } from './options.ts';

/** Between what the worker may take the client's link for, in bit/s; 0 lifts a bound. */
export class WorkerBounds {
  readonly #transport: types.WebRtcTransport;
  readonly #logger: Logger;

  constructor(transport: types.WebRtcTransport, logger: Logger) {
    this.#transport = transport;
    this.#logger = logger;
  }

  setCeiling(bitrate: number): void {
    this.#watch('ceiling', this.#transport.setMaxOutgoingBitrate(Math.round(bitrate)));
  }

  /** The worker goes on from there at once, and falls no further. */
  setFloor(bitrate: number): void {
    this.#watch('floor', this.#transport.setMinOutgoingBitrate(Math.round(bitrate)));
  }

  #watch(bound: 'ceiling' | 'floor', set: Promise<void>): void {
    set.catch((thrown: unknown) => {
      if (!this.#transport.closed) this.#logger.debug({ error: asWeirError(thrown).message }, `${bound} not set`);
    });
  }
}
