import type { types } from 'mediasoup';
import { afterOurOffer, type Ledger, mayCarry, midFor, type Taken } from '../../signalling/sdp/ledger.ts';
import type { Capabilities } from '../../signalling/sdp/rtp.ts';
import type { ReceivingSection } from '../../signalling/sdp/sections.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { OfferedTrack, Served } from '../ports.ts';
import { keyOfTrack, type SubscriptionKey } from '../session.ts';
import type { ConferenceMedia } from './conference-media.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import type { SentMedia } from './sent-media.ts';
import { SentTrack, type SentTrackEvents } from './sent-track.ts';

/** The tracks that one client is sent: a consumer each, in a section each. */
export class SentTracks implements SentMedia {
  readonly #conference: ConferenceMedia;
  readonly #router: ConferenceRouter;
  readonly #logger: Logger;
  readonly #events: SentTrackEvents;
  readonly #sent = new Map<SubscriptionKey, SentTrack>();
  /** Tracks whose section the client refused for good: not offered again while they are wanted. */
  #declined = new Set<SubscriptionKey>();

  constructor(conference: ConferenceMedia, router: ConferenceRouter, logger: Logger, events: SentTrackEvents) {
    this.#conference = conference;
    this.#router = router;
    this.#logger = logger;
    this.#events = events;
  }

  /** The track in a section of ours, if something is (still) sent there. */
  at(mid: string): SentTrack | undefined {
    return [...this.#sent.values()].find(sent => sent.mid === mid && !sent.closed);
  }

  get wantVideo(): boolean {
    return [...this.#sent.values()].some(sent => sent.wantsVideo);
  }

  get followRemb(): boolean {
    return [...this.#sent.values()].some(sent => !sent.closed && sent.followsRemb);
  }

  adjust(track: SubscriptionKey, served: Served): void {
    this.#sent.get(track)?.adjust(served);
  }

  holdPictures(): void {
    for (const sent of this.#sent.values()) sent.hold();
  }

  releasePictures(): void {
    for (const sent of this.#sent.values()) sent.release();
  }

  forgetVoices(): void {
    for (const sent of this.#sent.values()) if (sent.publication.kind === 'audio') sent.forgetSent();
  }

  /** Ends what is not wanted, makes consumers of what is new, and puts all of it into the ledger's next offer. */
  async propose(
    tracks: readonly OfferedTrack[],
    ledger: Ledger,
    transport: types.WebRtcTransport,
    capabilities: Capabilities,
  ): Promise<Ledger> {
    const wanted = new Map(tracks.map(track => [track.key, track]));
    this.#declined = new Set([...this.#declined].filter(key => wanted.has(key)));
    for (const [key, sent] of this.#sent) {
      if (wanted.has(key) && !sent.closed && mayCarry(ledger, sent.mid)) continue;
      sent.close();
      this.#sent.delete(key);
    }
    const missing = [...wanted].flatMap(([key, track]) => {
      const publication = this.#conference.published.get(keyOfTrack(track.source));
      const known = this.#sent.has(key) || this.#declined.has(key);
      // One that vanished meanwhile is simply not offered.
      return known || publication?.publisher !== track.publisher ? [] : { track, publication };
    });
    const inUse = new Set([...this.#sent.values()].map(({ mid }) => mid));
    const made = missing.map(({ track, publication }) => {
      const mid = midFor(ledger, publication.kind, inUse);
      inUse.add(mid);
      return this.#consume(track, publication, mid, transport, capabilities);
    });
    for (const sent of await Promise.all(made)) if (sent !== undefined) this.#sent.set(sent.key, sent);
    const live = [...this.#sent.values()].filter(({ closed }) => !closed).map(sent => sent.describe());
    return afterOurOffer(ledger, live);
  }

  /** What the client made of our sections. */
  settle(taken: ReadonlyMap<string, Taken>): void {
    for (const [mid, outcome] of taken) {
      const sent = this.at(mid);
      if (sent === undefined) continue;
      if (outcome === 'refuses') this.#decline(sent);
      else sent.open(outcome === 'receives');
    }
  }

  /** A section of ours as it stands in our answer. */
  answer(section: ReceivingSection, wanted: boolean): ReceivingSection {
    const sent = wanted ? this.at(section.mid) : undefined;
    return sent === undefined ? { ...section, direction: 'inactive' } : sent.describe();
  }

  close(): void {
    for (const sent of this.#sent.values()) sent.close();
    this.#sent.clear();
  }

  #decline(sent: SentTrack): void {
    this.#declined.add(sent.key);
    this.#sent.delete(sent.key);
    sent.close();
  }

  async #consume(
    track: OfferedTrack,
    publication: Publication,
    mid: string,
    transport: types.WebRtcTransport,
    capabilities: Capabilities,
  ): Promise<SentTrack | undefined> {
    try {
      const settings = {
        mid,
        transport,
        router: this.#router,
        capabilities,
        logger: this.#logger,
        events: this.#events,
      };
      return await SentTrack.make(track, publication, settings);
    } catch (thrown) {
      if (!publication.producer.closed) {
        this.#logger.warn({ track: track.ref, error: asWeirError(thrown).message }, 'track cannot be sent');
      }
      return undefined;
    }
  }
}
