import type { types } from 'mediasoup';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import type { Hold } from './routers/piped-track.ts';

/** ms between two looks at the levels. */
const LEVELS_EVERY_MS = 400;
/** ms between two looks at who the main speaker is. */
const DOMINANCE_EVERY_MS = 300;
/** dBov; quieter is no speech. */
const QUIETEST_SPEECH = -60;
const MOST_HEARD_AT_ONCE = 12;

/** What is heard of one audio track. */
export interface Listener {
  loud(level: number): void;
  dominant(): void;
}

interface Observers {
  router: ConferenceRouter;
  levels: types.AudioLevelObserver;
  dominance: types.ActiveSpeakerObserver;
}

interface Heard {
  publication: Publication;
  listener: Listener;
  /** Where it is listened to now. */
  at: Promise<Observers> | undefined;
  hold: Hold | undefined;
}

/**
 * Who speaks in a conference: by the levels in the packets' headers (RFC 6464), so also where media is encrypted. All voices are
 * compared on one router, where those of the others are piped to; another one takes over when it goes.
 */
export class Speech {
  readonly #logger: Logger;
  /** By the id of their producers, which is the same on all routers. */
  readonly #heard = new Map<string, Heard>();
  #place: Promise<ConferenceRouter> | undefined;
  #observers: Promise<Observers> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Listens on this router from now on. */
  moveTo(place: Promise<ConferenceRouter> | undefined): void {
    if (place === this.#place) return;
    this.#place = place;
    this.#observers = place?.then(router => this.#watch(router));
    this.#observers?.catch(() => undefined);
    for (const heard of this.#heard.values()) this.#hear(heard);
  }

  /** Listens to a voice until it is released. */
  listen(publication: Publication, listener: Listener): void {
    const { producer } = publication;
    const heard: Heard = { publication, listener, at: undefined, hold: undefined };
    this.#heard.set(producer.id, heard);
    producer.observer.once('close', () => {
      this.#heard.delete(producer.id);
      heard.hold?.release();
    });
    this.#hear(heard);
  }

  async #watch(place: ConferenceRouter): Promise<Observers> {
    const { router } = place;
    const [levels, dominance] = await Promise.all([
      router.createAudioLevelObserver({
        interval: LEVELS_EVERY_MS,
        threshold: QUIETEST_SPEECH,
        maxEntries: MOST_HEARD_AT_ONCE,
      }),
      router.createActiveSpeakerObserver({ interval: DOMINANCE_EVERY_MS }),
    ]);
    levels.on('volumes', volumes => {
      for (const { producer, volume } of volumes) this.#heard.get(producer.id)?.listener.loud(volume);
    });
    dominance.on('dominantspeaker', ({ producer }) => this.#heard.get(producer.id)?.listener.dominant());
    return { router: place, levels, dominance };
  }

  #hear(heard: Heard): void {
    const at = this.#observers;
    heard.hold?.release();
    heard.hold = undefined;
    heard.at = at;
    if (at === undefined) return;
    this.#hearAt(heard, at).catch((thrown: unknown) => {
      const isWanted = heard.at === at && !heard.publication.producer.closed;
      if (isWanted) this.#logger.warn({ error: asWeirError(thrown).message }, 'a track is not listened to');
    });
  }

  /** The observers forget a producer by themselves when it closes. */
  async #hearAt(heard: Heard, at: Promise<Observers>): Promise<void> {
    const { router, levels, dominance } = await at;
    const { reach, producer } = heard.publication;
    const hold = await reach.hold(router);
    if (heard.at !== at || producer.closed) {
      hold.release();
      return;
    }
    heard.hold = hold;
    hold.flow(true);
    await Promise.all([
      levels.addProducer({ producerId: producer.id }),
      dominance.addProducer({ producerId: producer.id }),
    ]);
  }
}
