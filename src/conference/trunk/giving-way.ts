/** Who is here comes before what is said of somebody elsewhere: another focus can take no id from a client. */
import { keyOfDevice, keyOfTrack } from '../../session.ts';
import { copiedStream, tracksOf } from '../metadata.ts';
import { forgetTracks, setMetadata, showStreams } from '../roster.ts';
import type { Conference, Participant, RemoteFocus } from '../state.ts';

/** A client names these streams as its own: another focus that does so has them no longer. */
export function giveWay(conference: Conference, streamIds: readonly string[]): void {
  const { announcers } = conference.roster;
  for (const streamId of streamIds) {
    for (const claimed of [streamId, copiedStream(streamId)]) {
      const owner = claimed === undefined ? undefined : announcers.get(claimed);
      if (claimed !== undefined && owner?.kind === 'focus') takeStream(conference, owner, claimed);
    }
  }
}

/** Somebody came or went: what foci may speak of has to be looked at again. */
export function fociChanged({ roster, due }: Conference, { kind, session }: Participant): void {
  for (const focus of roster.foci) {
    const concerns = kind === 'focus' || focus.refused.since.size > 0 || focus.speaksFor.has(keyOfDevice(session));
    if (concerns) due.foci.add(focus);
  }
}

function takeStream(conference: Conference, focus: RemoteFocus, streamId: string): void {
  const { [streamId]: stream, ...others } = focus.metadata;
  const taken = stream === undefined ? [] : tracksOf({ [streamId]: stream }).map(keyOfTrack);
  for (const key of focus.published) {
    if (conference.tracks.get(key)?.track.ref.streamId !== streamId) continue;
    conference.tracks.delete(key);
    focus.published.delete(key);
    taken.push(key);
  }
  if (focus.published.size === 0) conference.roster.publishers.delete(focus);
  setMetadata(conference, focus, others);
  showStreams(conference, focus);
  forgetTracks(conference, taken);
  conference.due.foci.add(focus);
}
