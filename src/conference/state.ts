/** The state of one conference. `step` alone changes it; its mailbox alone owns it. */
import { OPEN_TO_ALL, type Permissions } from '../../signalling/wire/permissions.ts';
import type { UpstreamMemory } from '../allocation/upstream.ts';
import type { Grant } from '../allocation/wants.ts';
import type { PublishedTrack } from '../ports.ts';
import type { Floor } from './floor.ts';
import { noTurns, type Turns } from './floor-state.ts';
import type { ConferenceId, FocusId, SessionKey, TrackKey } from '../session.ts';
import { DEFAULT_DATA_LIMITS, type DataLimits } from './data-state.ts';
import type { Client, Participant, RemoteFocus } from './participant.ts';
import { nothingShown, type ShownStreams } from './shown-streams.ts';

export type { Client, ControlWay, Negotiation, Participant, RemoteFocus, ReplyWay } from './participant.ts';

export interface Conference {
  readonly id: ConferenceId;
  /** The focus whose rules these are. */
  readonly self: FocusId;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly participants: Map<SessionKey, Participant>;
  /** Who publishes each track now, whether the others may see it or not. */
  readonly tracks: Map<TrackKey, Publication>;
  readonly speakers: Speakers;
  readonly roster: Roster;
  readonly due: Due;
  /** What the participants are told of each other. */
  readonly shown: ShownStreams;
  permissions: Permissions;
  /** As it is known here. `undefined`: everybody is heard at any time. */
  floor: Floor | undefined;
  readonly turns: Turns;
  /** Media that is not encrypted end to end is forwarded to nobody. */
  encryptionRequired: boolean;
  /** How much of the video that viewers want the focus can send, 0 to 1. */
  videoShare: number;
  /** Counts changes of tracks, of who may see them, and of who speaks. */
  streamsVersion: number;
  /** Counts changes of what decides who is forwarded which data channel. */
  dataVersion: number;
  /** Counts changes of which labels clients want, and how often they asked. */
  dataAsks: number;
  /** Data channels that are forwarded, of all participants together. */
  dataForwards: number;
  /** Counts negotiations, so that a late outcome of an overtaken one is known as such. */
  lastRevision: number;
}

/** What is looked up rather than searched for: a step must not walk through a conference of a thousand. */
export interface Roster {
  /** The sessions of each user. */
  readonly ofUser: Map<string, Set<Client>>;
  /** The other ends of trunks. */
  readonly foci: Set<RemoteFocus>;
  /** Who announces each stream. */
  readonly announcers: Map<string, Participant>;
  /** Those with tracks. */
  readonly publishers: Set<Participant>;
  /** Who wants, or was offered, each track. */
  readonly followers: Map<TrackKey, Set<Participant>>;
  /** What is asked of the publisher of each track, by the text of it, and by how many viewers. */
  readonly asked: Map<TrackKey, Map<string, { ask: ViewerAsk; viewers: number }>>;
  /** Who leaves the choice of videos to the focus. */
  readonly auto: Set<Client>;
  /** Who asked to be told of speakers, or of levels. */
  readonly listeners: Set<Client>;
  /** Those with data channels, and those with labels to get any by. */
  readonly dataPublishers: Set<Participant>;
  readonly dataViewers: Set<Participant>;
}

/** What one viewer gets of a video. */
export interface ViewerAsk {
  readonly grant: Grant;
  readonly ideal: number;
  /** The layer that flows to the viewer now. */
  readonly shown: number | undefined;
}

/** What the consequences of a step have to look at; gathered while its inputs are taken, empty after it. */
export interface Due {
  /** Who may have come, fallen silent or come back. */
  readonly stages: Set<Participant>;
  /** Who is served and told anew. */
  readonly participants: Set<Participant>;
  /** Whose link, or the time, calls for another look at its allocation. */
  readonly looks: Set<Participant>;
  /** What they may speak of has to be looked at again. */
  readonly foci: Set<RemoteFocus>;
  /** Tracks that changed for all who follow them. */
  readonly tracks: Set<TrackKey>;
  /** Tracks whose publishers come earlier or later for who sees them, or that take more or less of a link. */
  readonly weights: Set<TrackKey>;
  /** Tracks of which something else may be asked of their publisher. */
  readonly upstream: Set<TrackKey>;
  /** Everybody and everything. */
  everything: boolean;
  /** Time has passed. */
  clock: boolean;
  /** What the step before had drawn its consequences for. */
  readonly before: Settled;
}

/** How far the consequences have been drawn for all. */
export interface Settled {
  streamsVersion: number;
  dataVersion: number;
  speakersVersion: number;
  floor: Floor | undefined;
  /** So few that newcomers were waited for. */
  wasSmall: boolean;
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
  /** How long sections of tracks that ended wait for another offer. */
  endedPatience: number;
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
  /** Further copies of tracks that a viewer may be sent. */
  variants: number;
  /** Tracks that cross a trunk each way, and streams that are announced. */
  trunkTracks: number;
  data: DataLimits;
}

export const DEFAULT_TIMING: Timing = {
  joinTimeout: 20_000,
  silentAfter: 8_000,
  keepSilentFor: 45_000,
  pingEvery: 2_500,
  offerPatience: 1_000,
  endedPatience: 5_000,
  offerTimeout: 5_000,
};

export const DEFAULT_LIMITS: Limits = {
  participants: 1_000,
  unansweredOffers: 3,
  pendingClientOffers: 4,
  earlyTracks: 16,
  variants: 16,
  trunkTracks: 256,
  data: DEFAULT_DATA_LIMITS,
};

export interface Publication {
  publisher: SessionKey;
  track: PublishedTrack;
  /** New each time a track of these ids begins: what viewers had of an earlier one ended with it. */
  readonly generation: number;
  /** ms since 1970. */
  readonly since: number;
  /** Lowest first; as many as the track has. */
  readonly layers: LayerState[];
  /** Which layers anybody wants; `undefined` before that was looked at. */
  upstream: UpstreamMemory | undefined;
  /** Which layers its publisher was told to send; `undefined`: nothing, so it sends all. */
  toldWanted: readonly boolean[] | undefined;
  /** ms since 1970. */
  toldWantedAt: number;
  /** How many want each layer, as the focus was told that sends it. */
  toldViewers: readonly number[];
  /** Its publisher waits to be told again which layers are wanted. */
  owesAnswer: boolean;
  /** When a layer that nobody wants any more may be switched off (ms since 1970). */
  steerAt: number | undefined;
}

/** What is known of one layer of a track. */
export interface LayerState {
  /** bit/s, smoothed; of when it last arrived. `undefined` where it never did. */
  bitrate: number | undefined;
  /** The same when its followers were last made to look at it. */
  lookedAt: number | undefined;
  arrives: boolean;
  /** Since when it does, or does not (ms since 1970). */
  since: number;
  /** Its publisher can send it, as far as it says. */
  offered: boolean;
  /** It was asked for and did not come: its publisher's uplink or encoder does not give it. */
  missed: boolean;
}

/** Who spoke, and how loud who is. */
export interface Speakers {
  /** Audio tracks of those who were the main speaker, the latest first. */
  latest: TrackKey[];
  /** `level` in dBov, `at` in ms since 1970. */
  readonly levels: Map<TrackKey, { level: number; at: number }>;
  /** Counts changes of `latest`. */
  version: number;
  /** Levels that were not told yet to all who asked for them; when some were told last (ms since 1970). */
  levelsDue: boolean;
  levelsAt: number;
}

export function emptyConference(
  id: ConferenceId,
  self: FocusId,
  timing: Timing = DEFAULT_TIMING,
  limits: Limits = DEFAULT_LIMITS,
): Conference {
  return {
    id,
    self,
    timing,
    limits,
    participants: new Map(),
    tracks: new Map(),
    speakers: { latest: [], levels: new Map(), version: 0, levelsDue: false, levelsAt: 0 },
    roster: emptyRoster(),
    due: nothingDue(),
    shown: nothingShown(),
    permissions: OPEN_TO_ALL,
    floor: undefined,
    turns: noTurns(),
    encryptionRequired: false,
    videoShare: 1,
    streamsVersion: 0,
    dataVersion: 0,
    dataAsks: 0,
    dataForwards: 0,
    lastRevision: 0,
  };
}

/** Those who are here themselves, whatever their stage. */
export function clientCount({ participants, roster }: Conference): number {
  return participants.size - roster.foci.size;
}

/** A number for the next negotiation, larger than all before. */
export function nextRevision(conference: Conference): number {
  return ++conference.lastRevision;
}

function emptyRoster(): Roster {
  return {
    ofUser: new Map(),
    foci: new Set(),
    announcers: new Map(),
    publishers: new Set(),
    followers: new Map(),
    asked: new Map(),
    auto: new Set(),
    listeners: new Set(),
    dataPublishers: new Set(),
    dataViewers: new Set(),
  };
}

function nothingDue(): Due {
  return {
    stages: new Set(),
    participants: new Set(),
    looks: new Set(),
    foci: new Set(),
    tracks: new Set(),
    weights: new Set(),
    upstream: new Set(),
    everything: false,
    clock: false,
    before: { streamsVersion: 0, dataVersion: 0, speakersVersion: 0, floor: undefined, wasSmall: true },
  };
}
