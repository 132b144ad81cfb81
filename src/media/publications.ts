import type { types } from 'mediasoup';
import type { Refusal } from '../../signalling/sdp/agree.ts';
import type { Asked } from '../../signalling/sdp/answer.ts';
import { codecName } from '../../signalling/sdp/codecs.ts';
import type { RtpParameters } from '../../signalling/sdp/rtp.ts';
import type { Section } from '../../signalling/sdp/sections.ts';
import { spatialLayersOf } from '../../signalling/sdp/svc.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock, MeasuredTrack, PublishedTrack } from '../ports.ts';
import { keyOfTrack, type SessionKey, type TrackRef } from '../session.ts';
import type { ConferenceMedia } from './conference-media.ts';
import { KeyframeGate } from './keyframe-gate.ts';
import { Measurement } from './measurement.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import { TrackReach } from './routers/track-reach.ts';

/** ms. */
const KEYFRAME_REQUEST_DELAY_MS = 350;

interface Own {
  publication: Publication;
  /** What its packets are told by; the same track sent otherwise needs another producer. */
  sentAs: string;
}

/** What an offer does to the tracks of a client, ready to be carried out or left. */
export interface Change {
  sections: Section[];
  refused: Refusal[];
  /** Ends what the offer ends, and lets the others see what it brings. */
  commit(): void;
  undo(): void;
}

/** What is noticed of tracks while they flow. */
export interface PublicationEvents {
  measured(tracks: MeasuredTrack[]): void;
  loud(track: TrackRef, level: number): void;
  dominant(track: TrackRef): void;
}

/** The tracks that one client sends, by the mid of their section. */
export class Publications {
  readonly #conference: ConferenceMedia;
  readonly #router: ConferenceRouter;
  readonly #publisher: SessionKey;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: PublicationEvents;
  readonly #measurement: Measurement;
  #own = new Map<string, Own>();

  constructor(
    conference: ConferenceMedia,
    router: ConferenceRouter,
    publisher: SessionKey,
    clock: Clock,
    logger: Logger,
    events: PublicationEvents,
  ) {
    this.#conference = conference;
    this.#router = router;
    this.#publisher = publisher;
    this.#clock = clock;
    this.#logger = logger;
    this.#events = events;
    this.#measurement = new Measurement(
      clock,
      logger,
      () => [...this.#own.values()].map(({ publication }) => publication),
      tracks => events.measured(tracks),
    );
  }

  list(): PublishedTrack[] {
    return [...this.#own.values()].map(({ publication: { ref, kind, codec, layers, svc } }) => ({
      ref,
      kind,
      codec,
      layers,
      ...(svc === undefined ? {} : { svc: true }),
    }));
  }

  /** Makes the producers that an offer asks for. A section whose producer is refused is answered without media. */
  async follow(
    transport: types.WebRtcTransport,
    asked: readonly Asked[],
    receiving: (asked: Extract<Asked, { act: 'receive' }>) => Section,
  ): Promise<Change> {
    const next = new Map<string, Own>();
    const made: Own[] = [];
    const refused: Refusal[] = [];
    const sections: Section[] = [];
    for (const each of asked) {
      if ('refusal' in each) refused.push(each.refusal);
      if (each.act === 'receive') sections.push(receiving(each));
      if (each.act === 'refuse' || each.act === 'channel' || each.act === 'idle') sections.push(each.section);
      if (each.act !== 'publish') continue;
      const { section, track, parameters } = each;
      const { mid } = section;
      const sentAs = identityOf(parameters);
      const key = keyOfTrack(track);
      const before = this.#own.get(mid);
      if (before !== undefined && before.publication.key === key && before.sentAs === sentAs) {
        next.set(mid, before);
        sections.push(section);
        continue;
      }
      const taken = this.#conference.published.get(key);
      if (
        [...next.values()].some(own => own.publication.key === key) ||
        (taken && taken.publisher !== this.#publisher)
      ) {
        refused.push({ mid, code: 'WEIR_TRACK_TAKEN', message: 'its ids belong to another track' });
        sections.push({ ...section, direction: 'inactive' });
        continue;
      }
      // A section that changed its track cannot have two producers at once: their packets would be the same.
      before?.publication.producer.close();
      before?.publication.reach.close();
      try {
        const producer = await transport.produce({
          kind: section.media,
          rtpParameters: parameters,
          keyFrameRequestDelay: KEYFRAME_REQUEST_DELAY_MS,
        });
        const publication: Publication = {
          ref: { streamId: track.streamId, trackId: track.trackId },
          key,
          publisher: this.#publisher,
          kind: section.media,
          ...layersOf(parameters),
          producer,
          reach: new TrackReach(producer, this.#router, this.#conference.links, this.#clock, this.#logger),
          gate: new KeyframeGate(this.#clock),
        };
        const own = { publication, sentAs };
        made.push(own);
        next.set(mid, own);
        sections.push(section);
      } catch (thrown) {
        refused.push({ mid, code: 'WEIR_MEDIA_FAILED', message: asWeirError(thrown).message });
        sections.push({ ...section, direction: 'inactive' });
      }
    }
    return {
      sections,
      refused,
      commit: () => {
        for (const [mid, own] of this.#own) if (next.get(mid) !== own) this.#end(own);
        this.#own = next;
        for (const { publication } of made) {
          this.#conference.published.set(publication.key, publication);
          this.#observe(publication);
        }
      },
      undo: () => {
        for (const own of made) this.#end(own);
      },
    };
  }

  /** Ends the track of a section, if it has one. */
  stop(mid: string): void {
    const own = this.#own.get(mid);
    if (own === undefined) return;
    this.#own.delete(mid);
    this.#end(own);
  }

  close(): void {
    this.#measurement.close();
    for (const mid of [...this.#own.keys()]) this.stop(mid);
  }

  #observe(publication: Publication): void {
    const { kind, ref, producer } = publication;
    this.#measurement.start();
    if (kind === 'video') {
      producer.on('score', () => this.#measurement.now());
      return;
    }
    this.#conference.speech.listen(publication, {
      loud: level => this.#events.loud(ref, level),
      dominant: () => this.#events.dominant(ref),
    });
  }

  #end({ publication }: Own): void {
    publication.producer.close();
    publication.reach.close();
    publication.gate.close();
    if (this.#conference.published.get(publication.key) === publication) {
      this.#conference.published.delete(publication.key);
    }
  }
}

/** What is sent, in which layers. */
function layersOf({ codecs, encodings }: RtpParameters): Pick<Publication, 'codec' | 'layers' | 'svc'> {
  const [codec] = codecs;
  const [{ scalabilityMode } = {}, ...others] = encodings;
  const spatial = scalabilityMode === undefined ? undefined : spatialLayersOf(scalabilityMode);
  const svc = others.length === 0 && spatial !== undefined && spatial > 1 ? scalabilityMode : undefined;
  return {
    codec: codec === undefined ? '' : codecName(codec),
    layers:
      svc === undefined
        ? encodings.map(({ rid }) => ({ rid }))
        : Array.from({ length: spatial ?? 1 }, () => ({ rid: undefined })),
    svc,
  };
}

function identityOf({ codecs, encodings }: RtpParameters): string {
  return JSON.stringify([codecs.map(({ payloadType }) => payloadType), encodings]);
}
