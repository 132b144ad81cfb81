import type { types } from 'mediasoup';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock } from '../ports.ts';
import { LinkAttention, LOOK_IN_MS } from './link-attention.ts';
import type { LinkTransport } from './link-transport.ts';
import type { Logger } from './options.ts';

/** From a client's return until its estimate has to be there again. */
const PATIENCE_MS = 8_000;
/** Of the estimate before: less, and the link is watched. */
const FALL = 0.97;
/** Share of packets lost. */
const WORTH_TELLING = 0.05;

/** A look at what flows to a client. */
export interface Seen {
  /** Share of the latest packets that were lost. */
  lost: number;
  /** bit/s of all that is sent. */
  sent: number;
}

const NOTHING_SEEN: Seen = { lost: 0, sent: 0 };

export interface EstimateEvents {
  /** bit/s, and what was seen of the link, where it was looked at. */
  changed(available: number, seen: Seen): void;
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
  readonly #transport: LinkTransport;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: EstimateEvents;
  readonly #wanted: () => boolean;
  readonly #attention: LinkAttention;
  #available: number | undefined;
  #recovery: ReturnType<Clock['after']> | undefined;
  #look: ReturnType<Clock['after']> | undefined;
  #closed = false;

  /** `wanted`: whether the client wants video now; without an estimate none flows. */
  constructor(transport: LinkTransport, clock: Clock, logger: Logger, wanted: () => boolean, events: EstimateEvents) {
    this.#transport = transport;
    this.#clock = clock;
    this.#logger = logger;
    this.#wanted = wanted;
    this.#events = events;
    this.#attention = new LinkAttention(clock);
    transport.on('trace', trace => {
      const available = availableOf(trace);
      if (available !== undefined) this.#take(available);
    });
  }

  /** bit/s; undefined before there is an estimate. */
  get available(): number | undefined {
    return this.#available;
  }

  get isWatchedClosely(): boolean {
    return this.#attention.isTight;
  }

  async watch(): Promise<void> {
    await this.#transport.enableTraceEvent(['bwe']);
    this.#lookAgain();
  }

  /**
   * Whether the estimate is to be looked at several times a second. By itself the worker tells of it once a second, and sooner
   * only of a single fall by a quarter.
   */
  watchClosely(closely: boolean): void {
    if (this.#attention.isTight === closely) return;
    this.#attention.isTight = closely;
    this.#lookAgain();
  }

  /** Something bad was heard of the link. */
  suspect(): void {
    if (this.#attention.suspect()) this.#lookAgain(LOOK_IN_MS.close);
  }

  /** The client is silent (again). */
  suspend(): void {
    this.#recovery?.cancel();
  }

  /** The client is back after a silence, in which the worker forgets its estimate. Mostly one comes back with its feedback. */
  expect(): void {
    this.suspect();
    this.#recovery = this.#clock.after(PATIENCE_MS, () => {
      this.#check().catch((thrown: unknown) => {
        if (!this.#closed) this.#logger.warn({ error: asWeirError(thrown).message }, 'estimate not checked');
      });
    });
  }

  close(): void {
    this.#closed = true;
    this.#recovery?.cancel();
    this.#look?.cancel();
  }

  #take(available: number, seen = NOTHING_SEEN): void {
    if (this.#closed) return;
    const before = this.#available ?? available;
    this.#available = available;
    if (available < before * FALL) this.suspect();
    this.#events.changed(available, seen);
  }

  #lookAgain(delayMs = this.#attention.lookInMs): void {
    this.#look?.cancel();
    if (this.#closed) return;
    this.#look = this.#clock.after(delayMs, () => {
      this.#readEstimate()
        .catch((thrown: unknown) => {
          if (!this.#closed) this.#logger.debug({ error: asWeirError(thrown).message }, 'estimate not read');
        })
        .finally(() => this.#lookAgain());
    });
  }

  async #readEstimate(): Promise<void> {
    const [stats] = await this.#transport.getStats();
    if (stats === undefined) return;
    const { availableOutgoingBitrate: available, rtpPacketLossSent: lost = 0 } = stats;
    const sent = stats.rtpSendBitrate + stats.rtxSendBitrate + stats.probationSendBitrate;
    this.#attention.loses = lost > WORTH_TELLING;
    // What rises is told by the worker soon enough.
    const matters = available !== undefined && this.#available !== undefined && available < this.#available;
    if (matters || (available !== undefined && lost > WORTH_TELLING)) this.#take(available, { lost, sent });
  }

  async #check(): Promise<void> {
    const [stats] = await this.#transport.getStats();
    if (!this.#closed && this.#wanted() && stats?.availableOutgoingBitrate === 0) this.#events.lost();
  }
}
