import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { Clock } from '../../ports.ts';
import type { Logger } from '../options.ts';
import type { Crossing } from './router-links.ts';

/**
 * ms. What nobody wants any more goes on crossing for so long: who looks back has its layers at once, while those of a new pipe take
 * 2 s to be trusted by the worker.
 */
const LINGER_MS = 10_000;

/** Somebody's hold on a track on a router. */
export interface Hold {
  /** Whether it is to flow for this holder. */
  flow(wanted: boolean): void;
  release(): void;
}

/** A track on a router that is not its publisher's. It flows while somebody there wants it, and ends some time after nobody holds it. */
export class PipedTrack {
  readonly #crossing: Promise<Crossing>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #ended: () => void;
  readonly #holds = new Set<Hold>();
  readonly #wanting = new Set<Hold>();
  /** What the worker was told last, or will have been. */
  #flows = true;
  #steering: Promise<void> = Promise.resolve();
  #idle: ReturnType<Clock['after']> | undefined;
  #closed = false;

  /** `ended` is called once. */
  constructor(crossing: Promise<Crossing>, clock: Clock, logger: Logger, ended: () => void) {
    this.#crossing = crossing;
    this.#clock = clock;
    this.#logger = logger;
    this.#ended = ended;
    crossing.then(
      ({ producer }) => producer.observer.once('close', () => this.close()),
      () => this.close(),
    );
  }

  /** Resolves once consumers find the track there. Rejects where it does not get there. */
  async hold(): Promise<Hold> {
    const hold: Hold = {
      flow: wanted => this.#want(hold, wanted),
      release: () => {
        this.#holds.delete(hold);
        this.#want(hold, false);
      },
    };
    this.#holds.add(hold);
    try {
      await this.#crossing;
    } catch (thrown) {
      hold.release();
      throw thrown;
    }
    this.#look();
    return hold;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idle?.cancel();
    this.#crossing.then(
      crossing => crossing.close(),
      () => undefined,
    );
    this.#ended();
  }

  #want(hold: Hold, wanted: boolean): void {
    if (wanted && this.#holds.has(hold)) this.#wanting.add(hold);
    else this.#wanting.delete(hold);
    this.#look();
  }

  #look(): void {
    if (this.#closed) return;
    if (this.#wanting.size > 0) {
      this.#idle?.cancel();
      this.#idle = undefined;
      this.#steer(true);
      return;
    }
    // Nothing is left to be done for one that is held, and stands still.
    if (this.#idle !== undefined || (!this.#flows && this.#holds.size > 0)) return;
    this.#idle = this.#clock.after(LINGER_MS, () => {
      this.#idle = undefined;
      if (this.#holds.size === 0) this.close();
      else this.#steer(false);
    });
  }

  #steer(flows: boolean): void {
    if (this.#flows === flows) return;
    this.#flows = flows;
    this.#steering = this.#steering.then(async () => {
      try {
        const { consumer, producer } = await this.#crossing;
        // Not the near end first: a keyframe that comes before the far one is open would be lost.
        if (flows) {
          await producer.resume();
          await consumer.resume();
        } else {
          await consumer.pause();
          await producer.pause();
        }
      } catch (thrown) {
        if (!this.#closed) this.#logger.warn({ error: asWeirError(thrown).message }, 'a pipe does not follow');
      }
    });
  }
}
