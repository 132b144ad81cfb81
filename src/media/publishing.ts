/** A track becomes one that the others of the conference can be offered, whoever sends it to the focus, and ends. */
import type { types } from 'mediasoup';
import { codecName } from '../../signalling/sdp/codecs.ts';
import type { MediaKind, RtpParameters } from '../../signalling/sdp/rtp.ts';
import { spatialLayersOf } from '../../signalling/sdp/svc.ts';
import type { Clock, MeasuredTrack, PublishedTrack } from '../ports.ts';
import { keyOfTrack, type SessionKey, type TrackRef } from '../session.ts';
import type { ConferenceMedia } from './conference-media.ts';
import { KeyframeGate } from './keyframe-gate.ts';
import type { Measurement } from './measurement.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';
import type { ConferenceRouter } from './routers/conference-router.ts';
import { TrackReach } from './routers/track-reach.ts';

/** ms. */
export const KEYFRAME_REQUEST_DELAY_MS = 350;

/** Whose tracks they are, and where they arrive. */
export interface Publisher {
  conference: ConferenceMedia;
  router: ConferenceRouter;
  session: SessionKey;
  clock: Clock;
  logger: Logger;
}

/** What is noticed of tracks while they flow. */
export interface PublicationEvents {
  measured(tracks: MeasuredTrack[]): void;
  loud(track: TrackRef, level: number): void;
  dominant(track: TrackRef): void;
}

/** What is sent in these parameters by a producer; nobody sees it yet. */
export function publicationOf(
  { conference, router, session, clock, logger }: Publisher,
  { streamId, trackId }: TrackRef,
  kind: MediaKind,
  parameters: Pick<RtpParameters, 'codecs' | 'encodings'>,
  producer: types.Producer,
): Publication {
  const ref = { streamId, trackId };
  return {
    ref,
    key: keyOfTrack(ref),
    publisher: session,
    kind,
    ...layersOf(parameters),
    producer,
    reach: new TrackReach(producer, router, conference.links, clock, logger),
    gate: new KeyframeGate(clock),
  };
}

/** Lets the others see it. */
export function publish(
  publication: Publication,
  conference: ConferenceMedia,
  measurement: Measurement,
  events: PublicationEvents,
): void {
  const { key, kind, ref, producer } = publication;
  conference.published.set(key, publication);
  measurement.start();
  if (kind === 'video') {
    producer.on('score', () => measurement.now());
    return;
  }
  conference.speech.listen(publication, {
    loud: level => events.loud(ref, level),
    dominant: () => events.dominant(ref),
  });
}

/** Ends it, whether or not the others saw it. */
export function unpublish(publication: Publication, conference: ConferenceMedia): void {
  const { key, producer, reach, gate } = publication;
  producer.close();
  reach.close();
  gate.close();
  if (conference.published.get(key) === publication) conference.published.delete(key);
}

export function listed({ ref, kind, codec, layers, svc }: Publication): PublishedTrack {
  return { ref, kind, codec, layers, ...(svc === undefined ? {} : { svc: true }) };
}

/** What is sent, in which layers. */
function layersOf({
  codecs,
  encodings,
}: Pick<RtpParameters, 'codecs' | 'encodings'>): Pick<Publication, 'codec' | 'layers' | 'svc'> {
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
