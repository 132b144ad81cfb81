import type { Clock } from '../ports.ts';

/** ms. So long a link is watched after it was opened, came back, or was heard to lose packets. */
const WATCHFUL_MS = 10_000;

/**
 * How often a link is looked at. A look costs this process and the worker more than all else that a viewer makes them do: so one that
 * has plenty left, and of which nothing bad was heard of late, is looked at now and then alone.
 */
export class LinkAttention {
  /** It carries hardly more than is sent. */
  isTight = false;
  /** The latest look found that it loses packets. */
  loses = false;
  readonly #clock: Clock;
  #watchfulUntil: number;

  /** The link has just been opened. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#watchfulUntil = clock.now() + WATCHFUL_MS;
  }

  /** Something bad was heard of the link. True where nothing was of late: it is to be looked at soon. */
  suspect(): boolean {
    const isNews = this.lookInMs === LOOK_IN_MS.calm;
    this.#watchfulUntil = this.#clock.now() + WATCHFUL_MS;
    return isNews;
  }

  /** ms until the next look. */
  get lookInMs(): number {
    if (this.isTight || this.loses) return LOOK_IN_MS.close;
    return this.#clock.now() < this.#watchfulUntil ? LOOK_IN_MS.watchful : LOOK_IN_MS.calm;
  }
}

export const LOOK_IN_MS = { calm: 5_000, watchful: 1_000, close: 100 } as const;
