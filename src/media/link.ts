import type { Clock } from '../ports.ts';
import { Ceiling } from './ceiling.ts';
import { Estimate } from './estimate.ts';
import type { Logger } from './options.ts';
import { Relief } from './relief.ts';
import { RembFloor } from './remb-floor.ts';
import type { SentMedia } from './sent-media.ts';
import type { LinkTransport } from './link-transport.ts';

/** Share of an estimate. Where a link has plenty, nobody need hear of so little. */
const TWITCH = 0.01;

export interface LinkEvents {
  /** bit/s. */
  estimate(available: number): void;
  /** What the client can receive did not become known again after a silence, and it wants video. */
  lost(): void;
}

/** The link to one client, or to another focus: what it carries, and what is done when that becomes less. */
export class Link {
  readonly #events: LinkEvents;
  readonly #estimate: Estimate;
  readonly #ceiling: Ceiling;
  readonly #relief: Relief;
  readonly #floor: RembFloor;
  #told: number | undefined;

  /** `most`: bit/s that it is never taken for more than; 0 where there is no such bound. */
  constructor(transport: LinkTransport, sent: SentMedia, clock: Clock, logger: Logger, events: LinkEvents, most = 0) {
    this.#events = events;
    this.#ceiling = new Ceiling(transport, clock, logger, most);
    this.#relief = new Relief(this.#ceiling, sent, clock);
    this.#floor = new RembFloor(transport, clock, logger, () => ({
      followsRemb: sent.followRemb,
      showsPicture: sent.wantVideo,
      available: this.#estimate.available,
    }));
    this.#estimate = new Estimate(transport, clock, logger, () => sent.wantVideo, {
      changed: (estimated, seen) => this.#tell(this.#relief.estimated(estimated, seen)),
      lost: () => events.lost(),
    });
  }

  /** From now on what the link carries is told. */
  watch(): Promise<void> {
    return this.#estimate.watch();
  }

  watchClosely(closely: boolean): void {
    this.#estimate.watchClosely(closely);
  }

  /** Tracks were added to what is sent. */
  carriesMore(): void {
    this.#floor.watch();
  }

  /** Something bad was heard of it. */
  suspect(): void {
    this.#estimate.suspect();
  }

  /** The client is silent. */
  suspend(): void {
    this.#estimate.suspend();
  }

  /** The client is back after a silence: what it can receive has to become known again. */
  expect(): void {
    this.#estimate.expect();
  }

  close(): void {
    this.#estimate.close();
    this.#relief.close();
    this.#ceiling.close();
    this.#floor.close();
  }

  #tell(available: number): void {
    const told = this.#told;
    const isNews = told === undefined || Math.abs(available - told) > told * TWITCH;
    if (!isNews && !this.#estimate.isWatchedClosely) return;
    this.#told = available;
    this.#events.estimate(available);
  }
}
