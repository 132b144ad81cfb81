import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { Clock } from '../../ports.ts';
import type { LinkTransport } from '../link-transport.ts';
import type { Logger } from '../options.ts';

/** ms after which feedback alone counts, in any case. */
const PRESUMED_FOR_MS = 3_000;

/**
 * Takes a new trunk for one that carries `bitrate` (bit/s) until feedback says otherwise. On a plain transport the worker begins with
 * 600 kbit/s, and learns of more only where more is sent: without this a trunk would never come to the larger layers. Once the
 * estimate stands there it may fall as any.
 */
export class PresumedRate {
  readonly #transport: Pick<LinkTransport, 'setMinOutgoingBitrate' | 'closed'>;
  readonly #logger: Logger;
  readonly #bitrate: number;
  readonly #end: ReturnType<Clock['after']>;
  #over = false;

  constructor(
    transport: Pick<LinkTransport, 'setMinOutgoingBitrate' | 'closed'>,
    clock: Clock,
    logger: Logger,
    bitrate: number,
  ) {
    this.#transport = transport;
    this.#logger = logger;
    this.#bitrate = Math.round(bitrate);
    this.#set(this.#bitrate);
    this.#end = clock.after(PRESUMED_FOR_MS, () => this.#stop());
  }

  /** An estimate came, in bit/s. The first is the worker's own, from before it was told of ours. */
  estimated(available: number): void {
    if (available >= this.#bitrate) this.#stop();
  }

  close(): void {
    this.#over = true;
    this.#end.cancel();
  }

  #stop(): void {
    if (this.#over) return;
    this.close();
    this.#set(0);
  }

  #set(bitrate: number): void {
    this.#transport.setMinOutgoingBitrate(bitrate).catch((thrown: unknown) => {
      if (!this.#transport.closed) this.#logger.debug({ error: asWeirError(thrown).message }, 'floor not set');
    });
  }
}
