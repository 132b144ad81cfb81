import type { TrunkOffer, TrunkTrack } from '../../../signalling/wire/trunk-description.ts';
import { MAX_TRUNK_TRACKS } from '../../../signalling/wire/trunk-description.ts';
import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { OfferedTrack, Served } from '../../ports.ts';
import { keyOfTrack, type SubscriptionKey, type TrackKey } from '../../session.ts';
import type { ConferenceMedia } from '../conference-media.ts';
import type { Publication } from '../publication.ts';
import type { SentMedia } from '../sent-media.ts';
import { describe, extensionsSent } from './parameters.ts';
import { SentStream, type SentStreamSettings } from './sent-stream.ts';

/** A track with a stream for each of its layers, the lowest first. */
interface SentTrack {
  publication: Publication;
  streams: readonly SentStream[];
  described: TrunkTrack;
  /** Which layers the subscriptions to it are to. */
  subscriptions: Map<SubscriptionKey, SentStream>;
}

/** All tracks that another focus is sent, or could be. */
export class SentTracks implements SentMedia {
  /** Streams over a trunk follow transport-wide reports. */
  readonly followRemb = false;
  readonly #conference: ConferenceMedia;
  readonly #settings: SentStreamSettings;
  readonly #tracks = new Map<TrackKey, SentTrack>();
  /** Tracks that the other focus does not take: not offered again while they are wanted. */
  #declined = new Set<TrackKey>();

  constructor(conference: ConferenceMedia, settings: SentStreamSettings) {
    this.#conference = conference;
    this.#settings = settings;
  }

  get count(): number {
    return this.#tracks.size;
  }

  get flowing(): readonly SentStream[] {
    return this.#streams().filter(({ flows }) => flows);
  }

  get wantVideo(): boolean {
    return this.flowing.some(({ publication }) => publication.kind === 'video');
  }

  holdPictures(): void {
    for (const stream of this.#streams()) stream.hold();
  }

  releasePictures(): void {
    for (const stream of this.#streams()) stream.release();
  }

  forgetVoices(): void {
    for (const stream of this.#streams()) if (stream.publication.kind === 'audio') stream.forgetSent();
  }

  adjust(subscription: SubscriptionKey, served: Served): void {
    for (const { subscriptions } of this.#tracks.values())
      subscriptions.get(subscription)?.adjust(subscription, served);
  }

  /** Ends what is not wanted any more, makes streams of what is new, and describes all of it. */
  async propose(offered: readonly OfferedTrack[]): Promise<TrunkOffer> {
    const wanted = Map.groupBy(offered, ({ source }) => keyOfTrack(source));
    this.#declined = new Set([...this.#declined].filter(key => wanted.has(key)));
    for (const [key, sent] of this.#tracks) {
      const isSame = this.#conference.published.get(key) === sent.publication;
      if (wanted.has(key) && isSame && sent.streams.every(({ closed }) => !closed)) continue;
      this.#tracks.delete(key);
      for (const stream of sent.streams) stream.close();
    }
    const missing = [...wanted].flatMap(([key, [first]]) => {
      const publication = this.#conference.published.get(key);
      const known = this.#tracks.has(key) || this.#declined.has(key);
      // One that vanished meanwhile is simply not offered.
      return known || publication === undefined || publication.publisher !== first?.publisher ? [] : publication;
    });
    const room = MAX_TRUNK_TRACKS - this.#tracks.size;
    if (missing.length > room)
      this.#settings.logger.warn({ tracks: missing.length - room }, 'a trunk takes no more tracks');
    const made = await Promise.all(missing.slice(0, room).map(publication => this.#send(publication)));
    for (const sent of made) if (sent !== undefined) this.#tracks.set(sent.publication.key, sent);
    for (const [key, sent] of this.#tracks) this.#subscribe(sent, wanted.get(key) ?? []);
    return {
      extensions: extensionsSent(this.#settings.capabilities),
      tracks: [...this.#tracks.values()].map(({ described }) => described),
    };
  }

  /** What the other focus made of the latest offer. */
  settle(refused: ReadonlySet<TrackKey>): void {
    for (const [key, { streams }] of this.#tracks) {
      if (!refused.has(key)) {
        for (const stream of streams) stream.open();
        continue;
      }
      this.#declined.add(key);
      this.#tracks.delete(key);
      for (const stream of streams) stream.close();
    }
  }

  close(): void {
    for (const stream of this.#streams()) stream.close();
    this.#tracks.clear();
  }

  /** All its streams at once: the other end's producer is made of their ssrcs, and its layers never change. */
  async #send(publication: Publication): Promise<SentTrack | undefined> {
    const { ref, kind, layers, svc, producer } = publication;
    const highest = layers.length - 1;
    const carried = svc === undefined ? layers.map((_, layer) => layer) : [highest];
    const making = await Promise.allSettled(carried.map(layer => SentStream.make(publication, layer, this.#settings)));
    const streams = making.flatMap(one => (one.status === 'fulfilled' ? one.value : []));
    try {
      for (const one of making) if (one.status === 'rejected') throw one.reason;
      const dtx = producer.rtpParameters.encodings?.some(encoding => encoding.dtx === true) ?? false;
      const described = describe(
        ref,
        kind,
        streams.map(({ parameters }) => parameters),
        dtx,
      );
      return { publication, streams, described, subscriptions: new Map() };
    } catch (thrown) {
      for (const stream of streams) stream.close();
      if (!producer.closed)
        this.#settings.logger.warn({ track: ref, error: asWeirError(thrown).message }, 'track cannot cross');
      return undefined;
    }
  }

  #subscribe({ streams, subscriptions }: SentTrack, offered: readonly OfferedTrack[]): void {
    const keys = new Set(offered.map(({ key }) => key));
    for (const [key, stream] of subscriptions) {
      if (keys.has(key)) continue;
      subscriptions.delete(key);
      stream.forget(key);
    }
    for (const track of offered) {
      if (subscriptions.has(track.key)) continue;
      const stream = streams[Math.min(track.layer ?? 0, streams.length - 1)];
      if (stream === undefined) continue;
      subscriptions.set(track.key, stream);
      stream.adjust(track.key, track);
    }
  }

  #streams(): SentStream[] {
    return [...this.#tracks.values()].flatMap(({ streams }) => streams);
  }
}
