import type { types } from 'mediasoup';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock } from '../ports.ts';
import type { Logger } from './options.ts';

/** From a client's return until its estimate has to be there again. */
const PATIENCE_MS = 8_000;
/** Of the estimate before. */
const FALL = 0.8;

export interface EstimateEvents {
  /** bit/s. `fell`: by so much that the link must have become narrower. */
  changed(available: number, fell: boolean): void;
  /** It did not come back after a silence, and the client wants video. */
  lost(): void;
}

function availableOf({ type, info }: types.TransportTraceEventData): number | undefined {
  if (type !== 'bwe' || typeof info !== 'object' || info === null) return undefined;
  const available: unknown = Reflect.get(info, 'availableBitrate');
  return typeof available === 'number' ? available : undefined;
}

/** What a client's link carries, as the worker estimates it from the client's feedback. */
export class Estimate {
  readonly #transport: types.WebRtcTransport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: EstimateEvents;
  readonly #wanted: () => boolean;
  #available: number | undefined;
  #recovery: ReturnType<Clock['after']> | undefined;
  #closed = false;

  /** `wanted`: whether the client wants video now; without an estimate none flows. */
  constructor(
    transport: types.WebRtcTransport,
    clock: Clock,
    logger: Logger,
    wanted: () => boolean,
    events: EstimateEvents,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#logger = logger;
    this.#wanted = wanted;
    this.#events = events;
    transport.on('trace', trace => {
      const available = availableOf(trace);
      if (available === undefined || this.#closed) return;
      const fell = this.#available !== undefined && available < this.#available * FALL;
      this.#available = available;
      events.changed(available, fell);
    });
  }

  async watch(): Promise<void> {
    await this.#transport.enableTraceEvent(['bwe']);
  }

  /** The client is silent (again). */
  suspend(): void {
    this.#recovery?.cancel();
  }

  /** The client is back after a silence, in which the worker forgets its estimate. Mostly one comes back with its feedback. */
  expect(): void {
    this.#recovery = this.#clock.after(PATIENCE_MS, () => {
      this.#check().catch((thrown: unknown) => {
        if (!this.#closed) this.#logger.warn({ error: asWeirError(thrown).message }, 'estimate not checked');
      });
    });
  }

  close(): void {
    this.#closed = true;
    this.#recovery?.cancel();
  }

  async #check(): Promise<void> {
    const [stats] = await this.#transport.getStats();
    if (!this.#closed && this.#wanted() && stats?.availableOutgoingBitrate === 0) this.#events.lost();
  }
}
