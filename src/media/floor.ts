import type { types } from 'mediasoup';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Logger } from './options.ts';

/** The least that the worker may take the client's link for. It goes on from there at once, and falls no further. */
export class Floor {
  readonly #transport: types.WebRtcTransport;
  readonly #logger: Logger;

  constructor(transport: types.WebRtcTransport, logger: Logger) {
    this.#transport = transport;
    this.#logger = logger;
  }

  /** bit/s; 0 for none. */
  set(bitrate: number): void {
    this.#transport.setMinOutgoingBitrate(Math.round(bitrate)).catch((thrown: unknown) => {
      if (!this.#transport.closed) this.#logger.debug({ error: asWeirError(thrown).message }, 'floor not set');
    });
  }
}
