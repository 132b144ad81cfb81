/** The state of one conference. `step` alone changes it; its mailbox alone owns it. */
import type { WantedTrack } from '../../signalling/wire/control.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { OfferedTrack, PublishedTrack } from '../ports.ts';
import type { ConferenceId, SessionId, SessionKey, TrackKey } from '../session.ts';

export interface Conference {
  readonly id: ConferenceId;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly participants: Map<SessionKey, Participant>;
  /** Who publishes each track now, whether the others may see it or not. */
  readonly tracks: Map<TrackKey, Publication>;
  /** Counts changes of what the participants are told of each other. */
  metadataVersion: number;
  /** Counts negotiations, so that a late outcome of an overtaken one is known as such. */
  lastRevision: number;
}

/** All in ms. */
export interface Timing {
  /** From the invite until media and control channel are up. */
  joinTimeout: number;
  /** Silence after which the others no longer see a participant. */
  silentAfter: number;
  /** How long a silent participant's session is kept. */
  keepSilentFor: number;
  pingEvery: number;
  /** How long an offer that only completes what the client publishes waits for tracks to offer with it. */
  offerPatience: number;
  /** How long an offer of ours may stay unanswered before it is made again. */
  offerTimeout: number;
}

export interface Limits {
  participants: number;
  /** Offers in a row that a client may leave unanswered. */
  unansweredOffers: number;
  /** Client offers that may wait for their answer at once. */
  pendingClientOffers: number;
  /** Tracks that a newcomer is offered with the answer to its invite. */
  earlyTracks: number;
}

export const DEFAULT_TIMING: Timing = {
  joinTimeout: 20_000,
  silentAfter: 8_000,
  keepSilentFor: 30_000,
  pingEvery: 2_500,
  offerPatience: 1_000,
  offerTimeout: 5_000,
};

export const DEFAULT_LIMITS: Limits = {
  participants: 1_000,
  unansweredOffers: 3,
  pendingClientOffers: 4,
  earlyTracks: 16,
};

export interface Publication {
  publisher: SessionKey;
  track: PublishedTrack;
  /** New each time a track of these ids begins: what viewers had of an earlier one ended with it. */
  readonly generation: number;
}

/** A track as a viewer was offered it and may be sent it. */
export interface Served extends OfferedTrack {
  readonly generation: number;
}

export interface Participant {
  readonly key: SessionKey;
  readonly session: SessionId;
  readonly callId: string;
  stage: Stage;
  path: 'unknown' | 'heard' | 'silent';
  control: ControlChannel;
  negotiation: Negotiation;
  /** What it says of its own streams, with user and device as the homeserver gave them. */
  metadata: StreamMetadata;
  /** It takes an offer with the answer to its invite. */
  readonly earlyOffer: boolean;
  readonly published: Set<TrackKey>;
  readonly wanted: Map<TrackKey, WantedTrack>;
  /** What it has been offered and may be sent, as it was last set. */
  readonly offered: Map<TrackKey, Served>;
  /** `metadataVersion` of what it was told last. */
  toldVersion: number;
}

/** How far a participant is. Others see it only while it is present. */
export type Stage =
  | { kind: 'joining'; since: number; until: number }
  | { kind: 'present'; since: number }
  | { kind: 'silent'; since: number; until: number };

export type ControlChannel =
  | { kind: 'closed' }
  /** `ponged`: a client that never answered a ping is judged by its path alone. */
  | { kind: 'open'; pingedAt: number; heardAt: number; ponged: boolean };

/** Where the offer/answer exchange of a participant stands (RFC 8829; the client is impolite, so the focus rolls back). */
export type Negotiation =
  /** The media engine works on `outstanding` offers of the client. */
  | { kind: 'answering'; revision: number; outstanding: number; replyBy: ReplyWay; offerDueAt: number | undefined }
  /** `offerDueAt`: when an offer of ours must go out whether or not the tracks changed; with them it goes at once. */
  | { kind: 'stable'; offerDueAt: number | undefined }
  /** The media engine makes an offer. `heldAnswer`: to the invite, which goes out with an early offer. */
  | { kind: 'preparing'; revision: number; attempt: number; heldAnswer: string | undefined }
  /** Our offer is with the client. */
  | { kind: 'offering'; revision: number; attempt: number; since: number }
  /** The media engine takes the client's answer. */
  | { kind: 'settling'; revision: number };

/** The door by which an offer came and its answer goes. */
export type ReplyWay = 'invite' | 'to-device' | 'control';

export function emptyConference(
  id: ConferenceId,
  timing: Timing = DEFAULT_TIMING,
  limits: Limits = DEFAULT_LIMITS,
): Conference {
  return { id, timing, limits, participants: new Map(), tracks: new Map(), metadataVersion: 0, lastRevision: 0 };
}

/** A number for the next negotiation, larger than all before. */
export function nextRevision(conference: Conference): number {
  return ++conference.lastRevision;
}
