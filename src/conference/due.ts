/** Who and what a step has to look at: what it does not name here is as it was. */
import type { TrackKey } from '../session.ts';
import type { Conference, Participant } from './state.ts';

/** Serves and tells it anew. */
export function attend({ due }: Conference, participant: Participant): void {
  due.stages.add(participant);
  due.participants.add(participant);
}

/** Something that its allocation is made of has changed. */
export function reallocate({ due }: Conference, viewer: Participant): void {
  viewer.viewing.isStale = true;
  due.participants.add(viewer);
}

/** A track began, ended, or is another one to those who follow it. */
export function trackChanged(conference: Conference, track: TrackKey): void {
  conference.due.tracks.add(track);
  conference.due.upstream.add(track);
  conference.streamsVersion++;
}

/** Its publisher's pictures are worth more, or less, to who sees them. */
export function rankChanged(conference: Conference, track: TrackKey): void {
  conference.due.weights.add(track);
  conference.streamsVersion++;
}

/** It takes more or less of the links of those who follow it. */
export function bitrateChanged(conference: Conference, track: TrackKey): void {
  conference.due.weights.add(track);
}

/** Its allocation has to be looked at, and it has to be served anew only where that changes something. */
export function lookAgain({ due }: Conference, viewer: Participant): void {
  viewer.viewing.isStale = true;
  due.looks.add(viewer);
}

export function everythingChanged(conference: Conference): void {
  conference.due.everything = true;
  conference.streamsVersion++;
}

/** Makes everybody due whom what has changed concerns. */
export function spread(conference: Conference): void {
  const { due, roster, participants, tracks } = conference;
  if (due.everything) {
    for (const participant of participants.values()) reallocate(conference, participant);
    for (const track of tracks.keys()) due.upstream.add(track);
    return;
  }
  for (const track of due.tracks)
    for (const viewer of roster.followers.get(track) ?? []) reallocate(conference, viewer);
  for (const track of due.weights)
    for (const viewer of roster.followers.get(track) ?? []) lookAgain(conference, viewer);
  if (due.before.streamsVersion !== conference.streamsVersion) {
    for (const viewer of roster.auto) reallocate(conference, viewer);
    // They are offered all.
    for (const focus of roster.foci) due.participants.add(focus);
  }
}

/** The consequences are drawn. */
export function nothingIsDue({ due, streamsVersion, dataVersion, speakers, floor }: Conference): void {
  due.stages.clear();
  due.participants.clear();
  due.looks.clear();
  due.foci.clear();
  due.tracks.clear();
  due.weights.clear();
  due.upstream.clear();
  due.everything = false;
  due.clock = false;
  Object.assign(due.before, { streamsVersion, dataVersion, speakersVersion: speakers.version, floor });
}
