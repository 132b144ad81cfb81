import type { types } from 'mediasoup';
import type { Capabilities } from '../../../signalling/sdp/rtp.ts';
import { asWeirError, type ErrorCode, WeirError } from '../../../signalling/wire/errors.ts';
import type { TrunkOffer, TrunkTrack } from '../../../signalling/wire/trunk-description.ts';
import type { PublishedTrack } from '../../ports.ts';
import { keyOfTrack, type TrackKey, type TrackRef } from '../../session.ts';
import { Measurement } from '../measurement.ts';
import type { Publication } from '../publication.ts';
import {
  KEYFRAME_REQUEST_DELAY_MS,
  listed,
  type PublicationEvents,
  publicationOf,
  publish,
  type Publisher,
  unpublish,
} from '../publishing.ts';
import { receivedParameters } from './parameters.ts';

/** A track that is not taken. */
export interface RefusedTrack {
  ref: TrackRef;
  code: ErrorCode;
  message: string;
}

interface Received {
  publication: Publication;
  /** As it was described; the same track sent otherwise needs another producer. */
  sentAs: string;
}

/** The tracks that another focus sends: to this conference they are published like any. */
export class ReceivedTracks {
  readonly #publisher: Publisher;
  readonly #transport: types.PlainTransport;
  readonly #capabilities: Capabilities;
  readonly #events: PublicationEvents;
  readonly #measurement: Measurement;
  readonly #tracks = new Map<TrackKey, Received>();

  constructor(
    publisher: Publisher,
    transport: types.PlainTransport,
    capabilities: Capabilities,
    events: PublicationEvents,
  ) {
    this.#publisher = publisher;
    this.#transport = transport;
    this.#capabilities = capabilities;
    this.#events = events;
    this.#measurement = new Measurement(
      publisher.clock,
      publisher.logger,
      () => [...this.#tracks.values()].map(({ publication }) => publication),
      tracks => this.#events.measured(tracks),
    );
  }

  get count(): number {
    return this.#tracks.size;
  }

  list(): PublishedTrack[] {
    return [...this.#tracks.values()].map(({ publication }) => listed(publication));
  }

  /** Ends what is not sent any more, and makes producers of what is new. One after the other: a flood waits for its turn. */
  async follow({ extensions, tracks }: TrunkOffer): Promise<RefusedTrack[]> {
    const described = new Map(
      tracks.map(track => [
        keyOfTrack(refOf(track)),
        { track, sentAs: JSON.stringify([track, extensions[track.kind]]) },
      ]),
    );
    for (const [key, { sentAs }] of this.#tracks) if (described.get(key)?.sentAs !== sentAs) this.#end(key);
    const refused: RefusedTrack[] = [];
    for (const [key, { track, sentAs }] of described) {
      if (this.#tracks.has(key)) continue;
      try {
        this.#tracks.set(key, await this.#take(key, track, extensions, sentAs));
      } catch (thrown) {
        const { code, message } = asWeirError(thrown, 'WEIR_MEDIA_FAILED');
        refused.push({ ref: refOf(track), code, message });
      }
    }
    return refused;
  }

  close(): void {
    this.#measurement.close();
    for (const key of [...this.#tracks.keys()]) this.#end(key);
  }

  async #take(
    key: TrackKey,
    track: TrunkTrack,
    extensions: TrunkOffer['extensions'],
    sentAs: string,
  ): Promise<Received> {
    const { conference } = this.#publisher;
    const parameters = receivedParameters(track, extensions, this.#capabilities);
    this.#refuseTaken(key);
    const { kind } = track;
    const producer = await this.#transport.produce({
      kind,
      rtpParameters: parameters,
      keyFrameRequestDelay: KEYFRAME_REQUEST_DELAY_MS,
    });
    const publication = publicationOf(this.#publisher, refOf(track), kind, parameters, producer);
    try {
      // While it was made somebody else may have come with the same ids.
      this.#refuseTaken(key);
    } catch (thrown) {
      unpublish(publication, conference);
      throw thrown;
    }
    publish(publication, conference, this.#measurement, this.#events);
    return { publication, sentAs };
  }

  #refuseTaken(key: TrackKey): void {
    if (this.#publisher.conference.published.has(key))
      throw new WeirError('WEIR_TRACK_TAKEN', 'its ids belong to another track');
  }

  #end(key: TrackKey): void {
    const received = this.#tracks.get(key);
    if (received === undefined) return;
    this.#tracks.delete(key);
    unpublish(received.publication, this.#publisher.conference);
  }
}

function refOf({ stream_id: streamId, track_id: trackId }: TrunkTrack): TrackRef {
  return { streamId, trackId };
}
