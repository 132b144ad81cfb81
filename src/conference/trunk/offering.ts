/** What a trunk is to carry: every track of those who are here, each layer of a video by itself, and nothing that came by a trunk. */
import { keyOfTrack, type SubscriptionKey } from '../../session.ts';
import { isAllowed, mayFlow } from '../permissions.ts';
import type { Client, Conference, Publication, RemoteFocus } from '../state.ts';
import { serve } from '../subscriptions.ts';
import type { ServedTrack } from '../viewing.ts';
import { isLeaving } from './availability.ts';
import { keysAcross } from './layer-keys.ts';

/** All at once and paused, so that what is wanted needs no negotiation; a track once offered stays while it is published. */
export function tracksAcross(
  conference: Conference,
  focus: RemoteFocus,
  now: number,
): Map<SubscriptionKey, ServedTrack> {
  const due = new Map<SubscriptionKey, ServedTrack>();
  let tracks = 0;
  for (const publication of conference.tracks.values()) {
    const publisher = conference.participants.get(publication.publisher);
    if (publisher?.kind !== 'client' || tracks >= conference.limits.trunkTracks) continue;
    const keys = keysAcross(publication);
    if (!keys.some(key => focus.offered.has(key)) && !isShown(conference, publisher, publication)) continue;
    tracks += 1;
    for (const [layer, key] of keys.entries())
      due.set(key, servedAcross(conference, focus, publisher, publication, layer, key, now));
  }
  return due;
}

/** Nobody is offered a track before it can flow. */
function isShown(conference: Conference, publisher: Client, publication: Publication): boolean {
  const { streamId } = publication.track.ref;
  const isPresent = publisher.stage.kind === 'present' && isAllowed(conference, publisher, publication);
  return isPresent && Object.hasOwn(publisher.shown, streamId);
}

function servedAcross(
  conference: Conference,
  focus: RemoteFocus,
  publisher: Client,
  publication: Publication,
  layer: number,
  key: SubscriptionKey,
  now: number,
): ServedTrack {
  const wanted = focus.wanted.get(key);
  const served = serve(conference, focus, publication, key, wanted);
  if (publication.track.kind === 'audio') return served;
  const before = focus.offered.get(key);
  const staysAWhile =
    served.paused &&
    mayFlow(conference, publisher, publication) &&
    wanted !== undefined &&
    before?.paused === false &&
    before.generation === publication.generation &&
    isLeaving(focus, keyOfTrack(publication.track.ref), layer, now);
  return { ...served, layer, paused: served.paused && !staysAWhile };
}
