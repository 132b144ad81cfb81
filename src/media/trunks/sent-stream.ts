import type { types } from 'mediasoup';
import type { Capabilities } from '../../../signalling/sdp/rtp.ts';
import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { Served } from '../../ports.ts';
import type { SubscriptionKey } from '../../session.ts';
import { FULL_SCORE, preferredAcross } from '../consumers.ts';
import type { Logger } from '../options.ts';
import type { Publication } from '../publication.ts';
import type { ConferenceRouter } from '../routers/conference-router.ts';
import type { Hold } from '../routers/piped-track.ts';

const NOT_WANTED: Served = { layer: undefined, paused: true, priority: 1 };

export interface SentStreamEvents {
  /** Which layer of its source the stream carries now, if any. */
  shown(subscription: SubscriptionKey, layer: number | undefined): void;
  /** The other focus reports that packets of it are lost. */
  suffers(): void;
}

export interface SentStreamSettings {
  transport: types.PlainTransport;
  /** The trunk's. */
  router: ConferenceRouter;
  capabilities: Capabilities;
  logger: Logger;
  events: SentStreamEvents;
}

/**
 * One stream on its way to another focus: a voice, a layer of a video, or all spatial layers of one that come in one stream (SVC).
 * It is made paused, keeps its ssrc for as long as its track lives, and flows while it is wanted.
 */
export class SentStream {
  readonly publication: Publication;
  readonly parameters: types.RtpParameters;
  readonly #consumer: types.Consumer;
  readonly #layer: number;
  /** On the track, on the trunk's router. */
  readonly #hold: Hold;
  readonly #logger: Logger;
  /** How it is wanted, by each subscription: one alone, but of an SVC stream, where each of its layers is one. */
  readonly #asked = new Map<SubscriptionKey, Served>();
  #applied = { paused: true, layer: 0, priority: 1 };
  #taken = false;
  /** Whether it waits for the link's queue to drain. */
  #held = false;

  /** `layer` of the publication: the highest one of an SVC stream. */
  static async make(publication: Publication, layer: number, settings: SentStreamSettings): Promise<SentStream> {
    const { transport, router, capabilities } = settings;
    const hold = await publication.reach.hold(router);
    try {
      const consumer = await transport.consume({
        producerId: publication.producer.id,
        rtpCapabilities: capabilities,
        paused: true,
        enableRtx: true,
        ...(publication.layers.length > 1 ? { preferredLayers: preferredAcross(layer) } : {}),
      });
      return new SentStream(publication, layer, consumer, hold, settings);
    } catch (thrown) {
      hold.release();
      throw thrown;
    }
  }

  private constructor(
    publication: Publication,
    layer: number,
    consumer: types.Consumer,
    hold: Hold,
    { logger, events }: SentStreamSettings,
  ) {
    this.publication = publication;
    this.parameters = consumer.rtpParameters;
    this.#layer = layer;
    this.#applied.layer = layer;
    this.#consumer = consumer;
    this.#hold = hold;
    this.#logger = logger;
    if (publication.kind === 'video')
      consumer.on('layerschange', layers => {
        for (const key of this.#asked.keys()) events.shown(key, layers?.spatialLayer);
      });
    consumer.on('score', ({ score }) => {
      if (score < FULL_SCORE) events.suffers();
    });
  }

  get closed(): boolean {
    return this.#consumer.closed || this.publication.producer.closed;
  }

  /** Whether it is sent now: wanted, and there. */
  get flows(): boolean {
    return !this.closed && !this.#applied.paused && this.#arrives;
  }

  adjust(subscription: SubscriptionKey, served: Served): void {
    this.#asked.set(subscription, served);
    this.#steer();
  }

  forget(subscription: SubscriptionKey): void {
    if (this.#asked.delete(subscription)) this.#steer();
  }

  /** The other focus takes it: nothing flows before. */
  open(): void {
    this.#taken = true;
    this.#steer();
  }

  /** Sends nothing of a picture until it is released, and forgets what could be sent again. */
  hold(): void {
    if (this.publication.kind !== 'video' || this.closed) return;
    this.#held = true;
    this.#steer();
  }

  release(): void {
    this.#held = false;
    this.#steer();
  }

  /** A pause is what makes the worker forget what it could send again. */
  forgetSent(): void {
    if (!this.flows) return;
    this.#guard(this.#consumer.pause());
    this.#guard(this.#consumer.resume());
  }

  /** ms to the other focus and back, where the worker knows. */
  async roundTripMs(): Promise<number | undefined> {
    const [stat] = await this.#consumer.getStats();
    const roundTrip: unknown = Reflect.get(Object(stat), 'roundTripTime');
    return typeof roundTrip === 'number' && roundTrip > 0 ? roundTrip : undefined;
  }

  close(): void {
    this.publication.gate.forget(this);
    this.#consumer.close();
    this.#hold.release();
  }

  get #wanted(): Served {
    const active = [...this.#asked.values()].filter(({ paused }) => !paused);
    const [first = NOT_WANTED] = active.toSorted((one, other) => (other.layer ?? 0) - (one.layer ?? 0));
    return { ...first, priority: active.reduce((most, { priority }) => Math.max(most, priority), 1) };
  }

  /** Whether its publisher sends it; of what is no layer of several nobody says when it stops. */
  get #arrives(): boolean {
    const { layers, svc } = this.publication;
    if (layers.length === 1 || svc !== undefined) return true;
    return this.publication.producer.score.some(({ encodingIdx, score }) => encodingIdx === this.#layer && score > 0);
  }

  #steer(): void {
    if (this.closed) return;
    const { gate, kind } = this.publication;
    const wanted = this.#wanted;
    if (this.#applied.priority !== wanted.priority) {
      this.#applied.priority = wanted.priority;
      this.#guard(this.#consumer.setPriority(wanted.priority));
    }
    if (wanted.paused || this.#held || !this.#taken) {
      gate.forget(this);
      this.#pause();
      return;
    }
    if (!this.#applied.paused && this.#applied.layer === this.#layerFor(wanted)) {
      gate.forget(this);
      return;
    }
    // Audio needs no keyframe, and a layer that is still to come begins with one.
    if (kind === 'audio' || !this.#arrives) this.#apply();
    else gate.pass(this, () => this.#apply());
  }

  #layerFor({ layer = 0 }: Served): number {
    return this.publication.svc === undefined ? this.#layer : Math.min(layer, this.#layer);
  }

  #pause(): void {
    if (this.#applied.paused) return;
    this.#applied.paused = true;
    this.#hold.flow(false);
    this.#guard(this.#consumer.pause());
  }

  #apply(): void {
    if (this.closed) return;
    const layer = this.#layerFor(this.#wanted);
    if (this.#applied.layer !== layer) {
      this.#applied.layer = layer;
      this.#guard(this.#consumer.setPreferredLayers(preferredAcross(layer)));
    }
    if (!this.#applied.paused) return;
    this.#applied.paused = false;
    this.#hold.flow(true);
    this.#guard(this.#consumer.resume());
  }

  #guard(request: Promise<unknown>): void {
    request.catch((thrown: unknown) => {
      if (!this.closed)
        this.#logger.warn({ track: this.publication.ref, error: asWeirError(thrown).message }, 'consumer refused');
    });
  }
}
