import type { types } from 'mediasoup';
import type { Refusal } from '../../signalling/sdp/agree.ts';
import type { Asked } from '../../signalling/sdp/answer.ts';
import type { RtpParameters } from '../../signalling/sdp/rtp.ts';
import type { Section } from '../../signalling/sdp/sections.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { PublishedTrack } from '../ports.ts';
import { keyOfTrack } from '../session.ts';
import { Measurement } from './measurement.ts';
import type { Publication } from './publication.ts';
import {
  KEYFRAME_REQUEST_DELAY_MS,
  listed,
  type PublicationEvents,
  publicationOf,
  publish,
  type Publisher,
  unpublish,
} from './publishing.ts';

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

/** The tracks that one client sends, by the mid of their section. */
export class Publications {
  readonly #publisher: Publisher;
  readonly #events: PublicationEvents;
  readonly #measurement: Measurement;
  #own = new Map<string, Own>();

  constructor(publisher: Publisher, events: PublicationEvents) {
    this.#publisher = publisher;
    this.#events = events;
    this.#measurement = new Measurement(
      publisher.clock,
      publisher.logger,
      () => [...this.#own.values()].map(({ publication }) => publication),
      tracks => events.measured(tracks),
    );
  }

  list(): PublishedTrack[] {
    return [...this.#own.values()].map(({ publication }) => listed(publication));
  }

  /** Makes the producers that an offer asks for. A section whose producer is refused is answered without media. */
  async follow(
    transport: types.WebRtcTransport,
    asked: readonly Asked[],
    receiving: (asked: Extract<Asked, { act: 'receive' }>) => Section,
  ): Promise<Change> {
    const { conference, session } = this.#publisher;
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
      const taken = conference.published.get(key);
      if ([...next.values()].some(own => own.publication.key === key) || (taken && taken.publisher !== session)) {
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
        const publication = publicationOf(this.#publisher, track, section.media, parameters, producer);
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
        for (const [mid, own] of this.#own) if (next.get(mid) !== own) unpublish(own.publication, conference);
        this.#own = next;
        for (const { publication } of made) publish(publication, conference, this.#measurement, this.#events);
      },
      undo: () => {
        for (const { publication } of made) unpublish(publication, conference);
      },
    };
  }

  /** Ends the track of a section, if it has one. */
  stop(mid: string): void {
    const own = this.#own.get(mid);
    if (own === undefined) return;
    this.#own.delete(mid);
    unpublish(own.publication, this.#publisher.conference);
  }

  close(): void {
    this.#measurement.close();
    for (const mid of [...this.#own.keys()]) this.stop(mid);
  }
}

function identityOf({ codecs, encodings }: RtpParameters): string {
  return JSON.stringify([codecs.map(({ payloadType }) => payloadType), encodings]);
}
