/** Keeps what is looked up in step with the participants. */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import { type DeviceKey, deviceOf, keyOfTrack, type TrackKey, trackOfSubscription } from '../session.ts';
import { reallocate, trackChanged } from './due.ts';
import { allowedMetadata } from './permissions.ts';
import { showAnew } from './shown-streams.ts';
import { wantsOf } from './speakers.ts';
import type { Client, Conference, Participant } from './state.ts';
import { isCopy } from './viewing.ts';

const NO_STREAMS: StreamMetadata = {};

export function enlist({ participants, roster }: Conference, participant: Participant): void {
  participants.set(participant.key, participant);
  if (participant.kind === 'focus') {
    roster.foci.add(participant);
    return;
  }
  const { userId } = participant.session;
  const sessions = roster.ofUser.get(userId) ?? new Set();
  roster.ofUser.set(userId, sessions.add(participant));
}

/** Takes it out of everything but the tracks. */
export function strike(conference: Conference, participant: Participant): void {
  const { participants, roster, due } = conference;
  participants.delete(participant.key);
  if (participant.kind === 'focus') for (const set of [roster.foci, due.foci]) set.delete(participant);
  else strikeClient(conference, participant);
  for (const streamId of Object.keys(participant.metadata)) roster.announcers.delete(streamId);
  for (const track of participant.viewing.follows) unfollow(conference, participant, track);
  for (const set of [roster.dataPublishers, roster.dataViewers]) set.delete(participant);
  for (const set of [roster.publishers, due.stages, due.participants, due.looks]) set.delete(participant);
  showAnew(conference.shown, participant, participant.shown, NO_STREAMS);
}

function strikeClient({ roster }: Conference, client: Client): void {
  const { userId } = client.session;
  const sessions = roster.ofUser.get(userId);
  sessions?.delete(client);
  if (sessions?.size === 0) roster.ofUser.delete(userId);
  for (const set of [roster.auto, roster.listeners]) set.delete(client);
}

/** Nobody wants tracks any more that are gone. */
export function forgetTracks(conference: Conference, tracks: Iterable<TrackKey>): void {
  for (const track of new Set(tracks)) {
    for (const follower of conference.roster.followers.get(track) ?? []) {
      for (const [key, wanted] of follower.wanted)
        if (trackOfSubscription(key, wanted) === track) follower.wanted.delete(key);
      reallocate(conference, follower);
    }
    trackChanged(conference, track);
  }
}

export function sessionsOf({ roster }: Conference, userId: string): Client[] {
  return [...(roster.ofUser.get(userId) ?? [])];
}

/** The session of a device that is here. */
export function clientOf(conference: Conference, device: DeviceKey): Client | undefined {
  const { userId, deviceId } = deviceOf(device);
  return sessionsOf(conference, userId).find(({ session }) => session.deviceId === deviceId);
}

/** It announces these streams now; nobody else announces any of them. */
export function setMetadata({ roster }: Conference, participant: Participant, metadata: StreamMetadata): void {
  for (const streamId of Object.keys(participant.metadata)) roster.announcers.delete(streamId);
  for (const streamId of Object.keys(metadata)) roster.announcers.set(streamId, participant);
  participant.metadata = metadata;
}

/** The others are told of its streams while it is present, as far as it may publish. */
export function showStreams(conference: Conference, participant: Participant): void {
  const after = participant.stage.kind === 'present' ? allowedMetadata(conference, participant) : NO_STREAMS;
  if (after === participant.shown) return;
  showAnew(conference.shown, participant, participant.shown, after);
  participant.shown = after;
}

/** What happens to the track concerns the viewer from now on. */
export function follow({ roster }: Conference, viewer: Participant, track: TrackKey): void {
  viewer.viewing.follows.add(track);
  const followers = roster.followers.get(track) ?? new Set();
  roster.followers.set(track, followers.add(viewer));
}

function unfollow({ roster }: Conference, viewer: Participant, track: TrackKey): void {
  viewer.viewing.follows.delete(track);
  const followers = roster.followers.get(track);
  followers?.delete(viewer);
  if (followers?.size === 0) roster.followers.delete(track);
}

/** It follows what it wants and what it was offered, and nothing else. */
export function followAnew(conference: Conference, viewer: Participant): void {
  const tracks = followedBy(conference, viewer);
  for (const track of viewer.viewing.follows) if (!tracks.has(track)) unfollow(conference, viewer, track);
  for (const track of tracks) if (!viewer.viewing.follows.has(track)) follow(conference, viewer, track);
}

function followedBy(conference: Conference, viewer: Participant): Set<TrackKey> {
  const tracks = new Set<TrackKey>();
  for (const [key, wanted] of wantsOf(conference, viewer)) tracks.add(trackOfSubscription(key, wanted));
  for (const [key, served] of viewer.offered)
    tracks.add(
      isCopy(served) || viewer.kind === 'focus' ? keyOfTrack(served.source) : trackOfSubscription(key, served.source),
    );
  return tracks;
}
