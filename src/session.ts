/** Identities of the call's rules. */

/** A conference is a conf_id in a room: conf_ids alone are not unique. */
export interface ConferenceId {
  roomId: string;
  confId: string;
}

/** One stay of one device in a conference. A device that joins again is a new session. */
export interface SessionId {
  userId: string;
  deviceId: string;
  sessionId: string;
}

/** A focus is a Matrix device. */
export interface FocusId {
  userId: string;
  deviceId: string;
}

declare const sessionKey: unique symbol;
/** (user, device, session) as one map key. */
export type SessionKey = string & { readonly [sessionKey]: true };

/** A device of a Matrix user; a focus is one, too. */
export interface DeviceId {
  userId: string;
  deviceId: string;
}

declare const deviceKey: unique symbol;
/** (user, device) as one map key. */
export type DeviceKey = string & { readonly [deviceKey]: true };

/** A focus in one text, as it stands in tokens of trunks. */
export function nameOfFocus({ userId, deviceId }: FocusId): string {
  return `${userId} ${deviceId}`;
}

/** The order of foci that is the same for all: that of their names in UTF-8. */
export function compareFoci(one: FocusId, other: FocusId): number {
  return Buffer.compare(Buffer.from(nameOfFocus(one)), Buffer.from(nameOfFocus(other)));
}

declare const conferenceKey: unique symbol;
/** (room, conf) as one map key. */
export type ConferenceKey = string & { readonly [conferenceKey]: true };

declare const trackKey: unique symbol;
/** (stream, track) as one map key. */
export type TrackKey = string & { readonly [trackKey]: true };

// JSON keeps the parts apart whatever characters they hold.
export function keyOfSession(session: SessionId): SessionKey {
  return JSON.stringify([session.userId, session.deviceId, session.sessionId]) as SessionKey;
}

export function keyOfDevice({ userId, deviceId }: DeviceId): DeviceKey {
  return JSON.stringify([userId, deviceId]) as DeviceKey;
}

/** The device of a key; of a session's, whose it is. */
export function deviceOf(key: SessionKey | DeviceKey): DeviceId {
  const [userId, deviceId] = JSON.parse(key) as [string, string];
  return { userId, deviceId };
}

export function keyOfConference(conference: ConferenceId): ConferenceKey {
  return JSON.stringify([conference.roomId, conference.confId]) as ConferenceKey;
}

/** A track, by the ids of its publisher's msid (RFC 8830). */
export interface TrackRef {
  streamId: string;
  trackId: string;
}

export function keyOfTrack(track: TrackRef): TrackKey {
  return JSON.stringify([track.streamId, track.trackId]) as TrackKey;
}

declare const subscriptionKey: unique symbol;
/** A track as one viewer is sent it: the track itself, or a variant of it, as one map key. */
export type SubscriptionKey = string & { readonly [subscriptionKey]: true };

export function keyOfSubscription(track: TrackRef & { variant?: string }): SubscriptionKey {
  const { streamId, trackId, variant } = track;
  return JSON.stringify(variant === undefined ? [streamId, trackId] : [streamId, trackId, variant]) as SubscriptionKey;
}

/** The track that a subscription is to; where it is to no variant of it, the keys are the same. */
export function trackOfSubscription(key: SubscriptionKey, track: TrackRef & { variant?: string }): TrackKey {
  return track.variant === undefined ? (key as string as TrackKey) : keyOfTrack(track);
}

/** A data channel of a publisher. */
export interface DataChannelRef {
  publisher: SessionKey;
  channelId: number;
}

declare const dataChannelKey: unique symbol;
/** (publisher, channel) as one map key. */
export type DataChannelKey = string & { readonly [dataChannelKey]: true };

export function keyOfDataChannel(channel: DataChannelRef): DataChannelKey {
  return JSON.stringify([channel.publisher, channel.channelId]) as DataChannelKey;
}

/** A session that has been answered, as a restarted focus needs it to hang up. */
export interface OpenSession {
  conference: ConferenceId;
  session: SessionId;
  callId: string;
}
