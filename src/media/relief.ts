import type { Clock } from '../ports.ts';
import type { Ceiling } from './ceiling.ts';
import type { Seen } from './estimate.ts';
import type { SentMedia } from './sent-media.ts';

/** Of the highest estimate of late: less, and voices are not repaired for a while. */
const FALL = 0.8;
/** Of the highest estimate of late: less, and the link has become narrower for sure; */
const STEEP_FALL = 0.68;
/** so it has with a smaller fall where so many packets are lost, too, */
const LOST = 0.05;
/** or where so many more are lost than usual, whatever the estimate says. */
const LOST_MORE = 0.12;
/** Of what is usual, the share of each look. */
const WEIGHT_OF_LOOK = 0.01;
/** Share of packets lost from which on it is they that tell what the link carries. */
const MOST_LOST = 0.35;
const DOUBLES_WITHIN_MS = 8_000;
/** ms. A fall that goes on is one fall. */
const FALLS_APART_MS = 400;
/** ms for which a fall is looked for: it is made of many small ones. */
const LATE_MS = 1_200;
/** ms after a fall in which no voice is repaired. */
const DRAINS_WITHIN_MS = 2_500;
const FORGET_EVERY_MS = 150;
/** ms in which a queue of a quarter of a second, as most links have, drains while voices alone flow. */
const HELD_FOR_MS = 300;
/** bit/s. Below, the worker's own ceiling is its initial estimate, and stays there. */
const CEILING_MOVES_FROM = 2_000_000;

type HeldTracks = Pick<SentMedia, 'forgetVoices' | 'holdPictures' | 'releasePictures'>;

/**
 * What follows when a client's link becomes narrower. Most packets are lost then, each is asked for several times, and all that is
 * sent again comes to many times what the link carries. So pictures wait until its queue has drained, and go on with a keyframe,
 * mostly of a smaller layer; voices are not sent again, and the worker does not probe for more.
 */
export class Relief {
  readonly #ceiling: Pick<Ceiling, 'lower'>;
  readonly #sent: HeldTracks;
  readonly #clock: Clock;
  #since = Number.NEGATIVE_INFINITY;
  #late: { available: number; at: number }[] = [];
  #steepAt = Number.NEGATIVE_INFINITY;
  #usuallyLost = 0;
  #proven = { bitrate: Number.POSITIVE_INFINITY, at: 0 };
  #turn: ReturnType<Clock['after']> | undefined;
  #held: ReturnType<Clock['after']> | undefined;

  constructor(ceiling: Pick<Ceiling, 'lower'>, sent: HeldTracks, clock: Clock) {
    this.#ceiling = ceiling;
    this.#sent = sent;
    this.#clock = clock;
  }

  /** Takes a new estimate, in bit/s; gives what is to be believed of it. */
  estimated(estimate: number, seen: Seen): number {
    const believed = this.#believed(estimate, seen);
    const lostMore = seen.lost - this.#usuallyLost;
    this.#usuallyLost += WEIGHT_OF_LOOK * lostMore;
    this.#follow(believed, seen.lost, lostMore);
    return believed;
  }

  /**
   * Where most packets are lost the worker's estimate may stand still for want of reports. What arrived then is what the link
   * carries; more is believed bit by bit, until the worker knows better.
   */
  #believed(estimate: number, { lost, sent }: Seen): number {
    const now = this.#clock.now();
    if (lost > MOST_LOST) this.#proven = { bitrate: sent * (1 - lost), at: now };
    const proven = this.#proven.bitrate * 2 ** ((now - this.#proven.at) / DOUBLES_WITHIN_MS);
    if (estimate >= proven) return proven;
    this.#proven = { bitrate: Number.POSITIVE_INFINITY, at: now };
    return estimate;
  }

  #follow(available: number, lost: number, lostMore: number): void {
    const now = this.#clock.now();
    // An estimate holds until the next one.
    const late = this.#late.filter((_, index) => now - (this.#late[index + 1]?.at ?? now) < LATE_MS);
    const highest = late.reduce((most, one) => Math.max(most, one.available), available);
    this.#late = [...late, { available, at: now }];
    if (available >= highest * FALL && lostMore <= LOST_MORE) return;
    this.#since = now;
    // What was lost is heard of for some time after.
    const tellsLoss = lost > LOST && now - this.#steepAt >= DRAINS_WITHIN_MS;
    const fellSteeply = available < highest * STEEP_FALL && now - this.#steepAt >= FALLS_APART_MS;
    if (fellSteeply || tellsLoss) {
      // What falls further is compared with this from now on.
      this.#late = [{ available, at: now }];
      this.#steepAt = now;
      if (highest > CEILING_MOVES_FROM) this.#ceiling.lower(available);
      this.#holdPictures();
    }
    if (this.#turn === undefined) this.#forgetAgain();
  }

  close(): void {
    this.#turn?.cancel();
    this.#held?.cancel();
  }

  #forgetAgain(): void {
    this.#sent.forgetVoices();
    this.#turn = this.#clock.after(FORGET_EVERY_MS, () => {
      this.#turn = undefined;
      if (this.#clock.now() - this.#since < DRAINS_WITHIN_MS) this.#forgetAgain();
    });
  }

  #holdPictures(): void {
    this.#held?.cancel();
    this.#sent.holdPictures();
    this.#held = this.#clock.after(HELD_FOR_MS, () => this.#sent.releasePictures());
  }
}
