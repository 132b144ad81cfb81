import type { types } from 'mediasoup';
import type { Clock } from '../../ports.ts';
import type { Logger } from '../options.ts';
import type { ConferenceRouter } from './conference-router.ts';
import { type Hold, PipedTrack } from './piped-track.ts';
import type { RouterLinks } from './router-links.ts';

/** Who is on the publisher's own router needs no pipe. */
const AT_HOME: Hold = { flow: () => undefined, release: () => undefined };

/** How far a published track reaches: its publisher's router, and by pipes each other one where somebody holds it. */
export class TrackReach {
  readonly #producer: types.Producer;
  readonly #home: ConferenceRouter;
  readonly #links: RouterLinks;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #piped = new Map<ConferenceRouter, PipedTrack>();
  #closed = false;

  constructor(producer: types.Producer, home: ConferenceRouter, links: RouterLinks, clock: Clock, logger: Logger) {
    this.#producer = producer;
    this.#home = home;
    this.#links = links;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Brings the track to a router, under its producer's id, until the hold is released. Rejects where it cannot be brought there. */
  async hold(router: ConferenceRouter): Promise<Hold> {
    if (router === this.#home) return AT_HOME;
    if (this.#closed) throw new TypeError('the track has ended');
    const piped = this.#piped.get(router) ?? this.#pipe(router);
    return piped.hold();
  }

  close(): void {
    this.#closed = true;
    for (const piped of this.#piped.values()) piped.close();
    this.#piped.clear();
  }

  #pipe(router: ConferenceRouter): PipedTrack {
    const crossing = this.#links.carry(this.#producer, this.#home, router);
    const piped: PipedTrack = new PipedTrack(crossing, this.#clock, this.#logger, () => {
      if (this.#piped.get(router) === piped) this.#piped.delete(router);
    });
    this.#piped.set(router, piped);
    return piped;
  }
}
