import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock } from '../ports.ts';
import type { LinkTransport } from './link-transport.ts';
import type { Logger } from './options.ts';

/** ms after a fall in which the link's queue drains: nothing is tried. */
const DRAINS_WITHIN_MS = 2_500;

/**
 * The most that the worker may take the client's link for. The worker tries a link, at its own ceiling and at twice that, whenever that
 * ceiling moves; it is 1.35 times what could be sent at most, so it moves with all that is paused and resumed. In a fall that would
 * fill the queue anew: one of ours is kept still then.
 */
export class Ceiling {
  readonly #transport: LinkTransport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #most: number;
  #turn: ReturnType<Clock['after']> | undefined;

  /** `most`: bit/s of the ceiling at other times; 0: none of ours. */
  constructor(transport: LinkTransport, clock: Clock, logger: Logger, most: number) {
    this.#transport = transport;
    this.#clock = clock;
    this.#logger = logger;
    this.#most = most;
    if (most > 0) this.#set(most);
  }

  /** The link has become narrower, to so many bit/s: for a while nothing more is tried. */
  lower(available: number): void {
    this.#set(this.#most > 0 ? Math.min(available, this.#most) : available);
    this.#turn?.cancel();
    this.#turn = this.#clock.after(DRAINS_WITHIN_MS, () => this.#set(this.#most));
  }

  close(): void {
    this.#turn?.cancel();
  }

  #set(bitrate: number): void {
    this.#transport.setMaxOutgoingBitrate(Math.round(bitrate)).catch((thrown: unknown) => {
      if (!this.#transport.closed) this.#logger.debug({ error: asWeirError(thrown).message }, 'ceiling not set');
    });
  }
}
