import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock } from '../ports.ts';
import type { LinkTransport } from './link-transport.ts';
import type { Logger } from './options.ts';

const EVERY_MS = 1_000;
/** In a second without a picture. */
const GROWTH = 1.08;
/** bit/s. Enough for a first picture, whose packets tell the rest. */
const MOST = 300_000;
/** ms in which a receiver has reported on what flows again. */
const REPORTS_WITHIN_MS = 3_000;

/** What is known of the link of a viewer whose own estimate (REMB) drives. */
export interface RembLink {
  readonly followsRemb: boolean;
  /** Whether a picture is sent. */
  readonly showsPicture: boolean;
  /** bit/s. */
  readonly available: number | undefined;
}

/**
 * Brings viewers back whose own estimate (REMB) drives. It counts packets of pictures alone: where none fits it stands still, and
 * none would ever fit again. So while none is sent the least that their link is taken for grows, until one is, and tells.
 */
export class RembFloor {
  readonly #transport: Pick<LinkTransport, 'setMinOutgoingBitrate' | 'closed'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #link: () => RembLink;
  #floor = 0;
  #lastDarkAt = Number.NEGATIVE_INFINITY;
  #turn: ReturnType<Clock['after']> | undefined;
  #closed = false;

  constructor(
    transport: Pick<LinkTransport, 'setMinOutgoingBitrate' | 'closed'>,
    clock: Clock,
    logger: Logger,
    link: () => RembLink,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#logger = logger;
    this.#link = link;
  }

  /** From now on, for as long as the viewer's own estimate drives. To be called when it may have begun to. */
  watch(): void {
    if (this.#closed || (this.#floor === 0 && !this.#link().followsRemb)) return;
    this.#turn ??= this.#clock.after(EVERY_MS, () => {
      this.#turn = undefined;
      this.#look();
      this.watch();
    });
  }

  close(): void {
    this.#closed = true;
    this.#turn?.cancel();
  }

  #look(): void {
    const { followsRemb, showsPicture, available } = this.#link();
    if (followsRemb && !showsPicture) {
      this.#lastDarkAt = this.#clock.now();
      if (available !== undefined && available < MOST) this.#set(Math.min(MOST, available * GROWTH));
    } else if (this.#floor > 0 && this.#clock.now() - this.#lastDarkAt >= REPORTS_WITHIN_MS) {
      this.#set(0);
    }
  }

  #set(bitrate: number): void {
    this.#floor = bitrate;
    this.#transport.setMinOutgoingBitrate(Math.round(bitrate)).catch((thrown: unknown) => {
      if (!this.#transport.closed) this.#logger.debug({ error: asWeirError(thrown).message }, 'floor not set');
    });
  }
}
