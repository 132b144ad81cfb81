/** What viewers want (MSC3898 m.call.track_subscription), and which layer of it they get. */
import type { ControlMessage, WantedTrack } from '../../signalling/wire/control.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import { layerScales, smallestCoveringLayer } from '../allocation/layer-choice.ts';
import { keyOfTrack, type TrackRef } from '../session.ts';
import { note, tell } from './effects.ts';
import type { Effect } from './messages.ts';
import { captureOf, isAnnounced } from './metadata.ts';
import type { Conference, Participant, Publication, Served } from './state.ts';

/** Takes a subscription message. Saying the same twice changes nothing; unknown tracks are answered with an error. */
export function subscribe(
  conference: Conference,
  viewer: Participant,
  message: Extract<ControlMessage, { kind: 'subscription' }>,
  effects: Effect[],
): void {
  for (const track of message.unsubscribe) viewer.wanted.delete(keyOfTrack(track));
  const unknown: TrackRef[] = [];
  for (const track of message.subscribe) {
    if (isAnnounced(conference, viewer, track)) viewer.wanted.set(keyOfTrack(track), track);
    else unknown.push({ streamId: track.streamId, trackId: track.trackId });
  }
  if (unknown.length === 0) return;
  const error = new WeirError('WEIR_UNKNOWN_TRACK', 'nobody in the conference publishes the track');
  effects.push(note(viewer, error.code, error.message));
  effects.push(tell(viewer, { kind: 'error', error, inReplyTo: 'm.call.track_subscription', tracks: unknown }));
}

/** How a viewer is to get a track now. */
export function serve(publisher: Participant, publication: Publication, wanted: WantedTrack | undefined): Served {
  const { track } = publication;
  return {
    ref: track.ref,
    publisher: publisher.key,
    layer: track.kind === 'audio' ? undefined : layerFor(publisher, publication, wanted),
    paused: wanted === undefined || publisher.stage.kind !== 'present',
    generation: publication.generation,
  };
}

function layerFor(publisher: Participant, { track }: Publication, wanted: WantedTrack | undefined): number {
  const capture = captureOf(publisher, track.ref);
  const { width, height } = wanted ?? {};
  return smallestCoveringLayer(
    capture.size,
    layerScales(capture.purpose, track.layers),
    width === undefined || height === undefined ? undefined : { width, height },
  );
}
