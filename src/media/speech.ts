import type { types } from 'mediasoup';

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

/** Who speaks in a conference: by the levels in the packets' headers (RFC 6464), so also where media is encrypted. */
export class Speech {
  readonly #levels: types.AudioLevelObserver;
  readonly #dominance: types.ActiveSpeakerObserver;
  readonly #listeners = new Map<string, Listener>();

  static async watch(router: types.Router): Promise<Speech> {
    const [levels, dominance] = await Promise.all([
      router.createAudioLevelObserver({
        interval: LEVELS_EVERY_MS,
        threshold: QUIETEST_SPEECH,
        maxEntries: MOST_HEARD_AT_ONCE,
      }),
      router.createActiveSpeakerObserver({ interval: DOMINANCE_EVERY_MS }),
    ]);
    return new Speech(levels, dominance);
  }

  private constructor(levels: types.AudioLevelObserver, dominance: types.ActiveSpeakerObserver) {
    this.#levels = levels;
    this.#dominance = dominance;
    levels.on('volumes', volumes => {
      for (const { producer, volume } of volumes) this.#listeners.get(producer.id)?.loud(volume);
    });
    dominance.on('dominantspeaker', ({ producer }) => this.#listeners.get(producer.id)?.dominant());
  }

  /** Listens to a producer until it closes: the observers forget it by themselves then. */
  async listen(producer: types.Producer, listener: Listener): Promise<void> {
    this.#listeners.set(producer.id, listener);
    producer.observer.once('close', () => this.#listeners.delete(producer.id));
    await Promise.all([
      this.#levels.addProducer({ producerId: producer.id }),
      this.#dominance.addProducer({ producerId: producer.id }),
    ]);
  }
}
