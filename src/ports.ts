/** What the core asks of the world. Adapters implement these; only the assembly joins them. */
import type { ErrorCode, WeirError } from '../signalling/wire/errors.ts';
import type { ToDeviceEvent } from '../signalling/wire/to-device.ts';
import type { TrunkDataMessage } from '../signalling/wire/trunk-data.ts';
import type { TrunkEnd } from '../signalling/wire/trunk-description.ts';
import type {
  ConferenceId,
  ConferenceKey,
  DataChannelRef,
  DeviceId,
  FocusId,
  OpenSession,
  SessionKey,
  SubscriptionKey,
  TrackKey,
  TrackRef,
} from './session.ts';

/** Time, as everything but the adapters sees it. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls `fire` once, `delayMs` from now, unless cancelled. Cancelling twice does no harm. */
  after(delayMs: number, fire: () => void): { cancel(): void };
}

/** Messages to clients by way of the homeserver. */
export interface Signals {
  /**
   * Sends one to-device event, in order per device, with bounded retries.
   * Rejects with WEIR_HOMESERVER_UNREACHABLE or WEIR_HOMESERVER_REFUSED.
   */
  send(userId: string, deviceId: string, event: ToDeviceEvent): Promise<void>;
}

/** What a restart must know: where the sync stood, and which sessions were open. */
export interface Store {
  /** Reads what an earlier run left. Rejects with WEIR_STORE_FAILED where it is there but cannot be read. */
  load(): Promise<StoredState>;
  /** Resolves once the session is on disk: it may be answered then, not before. */
  rememberSession(session: OpenSession): Promise<void>;
  forgetSession(key: SessionKey): Promise<void>;
  rememberSync(position: SyncPosition): Promise<void>;
  /** Waits for what is being written, then refuses more. */
  close(): Promise<void>;
}

/** Token of the homeserver's sync stream, and when it was received (ms since 1970). */
export interface SyncPosition {
  since: string;
  at: number;
}

export interface StoredState {
  sync: SyncPosition | undefined;
  sessions: OpenSession[];
}

/** A track as its publisher sends it. */
export interface PublishedTrack {
  ref: TrackRef;
  kind: 'audio' | 'video';
  /** Name of what it is sent in: `opus`, `VP8`… */
  codec: string;
  /** The lowest first: simulcast layers, by their rids where they have any, or spatial ones of one stream. At least one. */
  layers: readonly { rid: string | undefined }[];
  /** The layers are spatial ones of one stream (SVC). */
  svc?: boolean;
}

/** Scalability modes (W3C WebRTC-SVC) of those tracks that have one. */
export type ScalabilityModes = ReadonlyMap<TrackKey, string>;

/** How a viewer is served of a track. */
export interface Served {
  /** Spatial layer that the viewer gets at most, 0 the lowest; `undefined` for audio. */
  layer: number | undefined;
  paused: boolean;
  /** 1 to 255, the highest first, where the link does not carry everything. */
  priority: number;
}

/** A track that a viewer is to be offered. */
export interface OfferedTrack extends Served {
  key: SubscriptionKey;
  /** Ids under which the viewer receives it: the track's own, or those of a variant. */
  ref: TrackRef;
  source: TrackRef;
  /** Session of its publisher. */
  publisher: SessionKey;
}

/** How much of a publisher's track arrives at the focus. */
export interface MeasuredTrack {
  ref: TrackRef;
  /** bit/s of each layer, the lowest first; 0 where nothing arrives. */
  bitrates: number[];
}

/** A data channel that a client opened beside its control channel. */
export interface OpenedData {
  /** Never used again in the conference. */
  channelId: number;
  label: string;
  /** Of RFC 8832; empty where it names none. */
  protocol: string;
  ordered: boolean;
  /** False: opened with a limit of retransmissions or of lifetime. */
  reliable: boolean;
}

/** A channel of a publisher as a subscriber is to have it. */
export interface ForwardedData extends DataChannelRef, Pick<OpenedData, 'label' | 'ordered' | 'reliable'> {
  /** What the subscriber's channel states as its protocol. */
  protocol: string;
}

/** What the media engine tells of a peer's application data, at any time until it is closed. */
export interface DataEvents {
  /** The client opened a channel; nothing of it is taken until `accept`. */
  opened(channel: OpenedData): void;
  /** A channel of the client is gone; `error` where it was the focus that had to close it. */
  closed(channelId: number, error?: WeirError): void;
  /** Messages of the client were dropped. Said once a second at most. */
  dropped(error: WeirError): void;
  /** A channel to the client is gone: the client closed it, or with `error` it could not be opened or kept. */
  forwardEnded(channel: DataChannelRef, error?: WeirError): void;
}

/** The data channels of a peer beside its control channel. Nothing fails here: events say what came of it. */
export interface PeerData {
  /** Makes room for all channels that the client may open at a time. */
  expect(): void;
  /** Takes a channel of the client: its messages go to those whom it is forwarded to. */
  accept(channelId: number): void;
  /** Closes a channel of the client, also one that was accepted before. */
  refuse(channelId: number): void;
  /** Opens a channel to the client that carries what comes on a publisher's, in the same conference. */
  forward(channel: ForwardedData): void;
  /** Closes such a channel. */
  stop(channel: DataChannelRef): void;
}

/** A channel of somebody who is on another focus, as it comes from there. */
export interface ReceivedData extends Pick<OpenedData, 'channelId' | 'label' | 'ordered' | 'reliable'> {
  /** Whose it is, as the rules believe it: what one sends is counted together. */
  owner: DeviceId;
}

/** Application data between two foci. What is forwarded goes out by `TrunkPeerEvents.carry`; `expect`, `accept` and `refuse` do nothing. */
export interface TrunkPeerData extends PeerData {
  /** From now on takes what comes of a channel of the other focus, for those who are forwarded it. */
  receive(channel: ReceivedData): void;
  /** Ends such a channel, at all who are forwarded it. */
  endReceived(channelId: number): void;
  /** Messages of the other focus. What is more than it may send is dropped, or ends a reliable channel. Never throws. */
  take(messages: readonly TrunkDataMessage[]): void;
}

/** A message for another focus. */
export interface CarriedData extends DataChannelRef, TrunkDataMessage {
  /** It is not to be lost. */
  reliable: boolean;
}

/** What the media engine tells about a peer, at any time until it is closed. */
export interface PeerEvents {
  /** Text of a control message. */
  control(text: string): void;
  /** The control channel is open. */
  controlOpen(): void;
  /** ICE: whether the peer is heard. Said at each change. */
  path(state: 'heard' | 'silent'): void;
  /** What the peer's link carries now, in bit/s, of all that it is sent. Said about every second, and at each fall. */
  estimate(available: number): void;
  /** What arrives of the tracks that the peer publishes. Said about every second, and when a layer starts or stops. */
  measured(tracks: MeasuredTrack[]): void;
  /** Which layer of a video the peer is sent now; `undefined`: none. Said at each change. */
  shown(track: SubscriptionKey, layer: number | undefined): void;
  /** Somebody is heard on an audio track of the peer, so loud, in dBov (-127 to 0). Said while it lasts. */
  loud(track: TrackRef, level: number): void;
  /** An audio track of the peer is that of the main speaker now. */
  dominant(track: TrackRef): void;
  readonly data: DataEvents;
  /** The peer cannot go on (its worker died, its channel overflowed); close it. */
  failed(code: ErrorCode, message: string): void;
}

/** What the media engine tells about a trunk. */
export interface TrunkPeerEvents extends PeerEvents {
  /** A message is to go to the other focus. `full`: it does not, since too much waits. Its payload is not kept. */
  carry(message: CarriedData): 'taken' | 'full';
  /** A channel is carried no more: what waits of it is worth nothing. */
  uncarry(channel: DataChannelRef): void;
}

/** The outcome of a client's offer. */
export interface AnsweredOffer {
  sdp: string;
  /** All that the client publishes now. */
  published: PublishedTrack[];
  /** Sections that were refused (answered, but without media), with the reason. */
  refused: { mid: string; code: ErrorCode; message: string }[];
  /** Names of the codecs that the client can be sent; absent: all. */
  receives?: readonly string[];
  /** The client's media is whole only with an offer of ours (header extensions), of whatever tracks: make one. */
  offerDue?: boolean;
}

/**
 * The media of one session: its transports, what it publishes, what it is sent, its session descriptions.
 * Calls are carried out one after the other, in the order they were made. All reject with a WeirError.
 */
export interface Peer {
  readonly data: PeerData;
  /**
   * Takes an offer of the client and answers it, whatever its directions, ICE restarts included. An offer of ours that is
   * out is rolled back first: its new sections come again with the next `offer()`.
   * `modes`: scalability modes (W3C WebRTC-SVC) in which the client says that it sends tracks, where it does.
   * Rejects with WEIR_BAD_SDP or WEIR_MEDIA_FAILED; the peer is then as it was.
   */
  answer(sdp: string, modes?: ScalabilityModes): Promise<AnsweredOffer>;
  /** Makes an offer of exactly these tracks; sections of others become inactive. */
  offer(tracks: OfferedTrack[]): Promise<{ sdp: string }>;
  /** Takes the client's answer to the latest offer. Rejects with WEIR_BAD_SDP. */
  accept(sdp: string): Promise<void>;
  /** How the viewer is served of a track from now on (another layer: from its next keyframe). No effect on tracks it is not sent. */
  adjust(track: SubscriptionKey, served: Served): Promise<void>;
  /** Whether falls of the link's estimate are to be told within a fraction of a second: while it carries hardly more than is sent. */
  watchLink(closely: boolean): void;
  /** Queues a control message. False where the channel is not open. */
  sendControl(text: string): boolean;
  /** Ends all of it, at once and for good; says nothing afterwards. Idempotent. */
  close(): void;
}

/**
 * The media between this focus and another one, for one conference. Descriptions are those of signalling/wire/trunk-description.ts,
 * and each direction is negotiated by itself: `answer` takes what the other focus sends, `offer` and `accept` are about what it is
 * sent. Of a video all layers are offered, and each is sent while `adjust` lets it: an `OfferedTrack` a layer, a variant of the
 * track each, whose `layer` never changes. No control channel: `sendControl` is always false. Nothing checks
 * the path: `heard` is said once, when the other end is known.
 */
export interface TrunkPeer extends Peer {
  readonly data: TrunkPeerData;
  /** Ours, for the other focus. It holds a key: never log it. */
  readonly end: TrunkEnd;
  /**
   * Takes the other focus's end; again only if it is the same. Rejects with WEIR_BAD_MESSAGE, WEIR_UNEXPECTED_MESSAGE (it is another
   * one) or WEIR_MEDIA_FAILED.
   */
  connect(far: TrunkEnd): Promise<void>;
  /** What crosses now. Asks the worker: rarely. */
  figures(): Promise<TrunkTraffic>;
}

/** What crosses a trunk, as this end sees it. */
export interface TrunkTraffic {
  /** bit/s of RTP, retransmissions and probing included. */
  sent: number;
  received: number;
  /** Bytes of RTP since the trunk was opened; probing and RTCP are not media. */
  mediaBytesSent: number;
  mediaBytesReceived: number;
  /** Share of the latest packets that were lost, 0 to 1. */
  lossSent: number;
  lossReceived: number;
  /** Of the path, ms; `undefined` while nothing is sent. */
  roundTripMs: number | undefined;
  /** Tracks that are offered to the other end, and taken from it. */
  tracksSent: number;
  tracksReceived: number;
  /** Streams that are being sent: a layer of a video each, or a voice. */
  layersSent: number;
}

/** How many of each the media engine holds open now; `listener`: on what lives as long as the focus. */
export interface MediaHandles {
  router: number;
  transport: number;
  producer: number;
  consumer: number;
  data_producer: number;
  data_consumer: number;
  rtp_observer: number;
  listener: number;
}

/** A media worker that is alive. */
export interface WorkerShare {
  /** Its own as long as it lives. */
  readonly id: number;
  /** Of a core, over the last seconds, 0 to 1. */
  readonly share: number;
  /** Conferences that it serves, maybe among other workers. */
  readonly conferences: readonly ConferenceKey[];
}

/** How busy the process is that signals: since it was read last. */
export interface ProcessLoad {
  /** Share of the time in which its event loop worked, 0 to 1. */
  readonly utilization: number;
  /** How late its timers were, ms; of a hundred the second latest. */
  readonly lagMs: number;
}

/** Measures this process. */
export interface ProcessMeter {
  read(): ProcessLoad;
}

/** How the media engine's work lies on its workers. */
export interface MediaFigures {
  workers: readonly WorkerFigures[];
  /** Pairs of workers' routers of one conference between which tracks cross. */
  links: number;
  /** Tracks that cross, counted once for each router that they cross to. */
  pipedTracks: number;
}

/** A worker that is alive. */
export interface WorkerFigures {
  /** From 1. */
  worker: number;
  /** Share of a core over the last seconds, 0 to 1. */
  load: number;
  /** One for each conference that has participants there. */
  routers: number;
  participants: number;
  /** Tracks that it sends, to clients and to other workers. */
  consumers: number;
}

/** The media engine. */
export interface Media {
  /** Opens the media of a session in a conference. Peers of one conference can be offered each other's tracks. */
  open(conference: ConferenceKey, session: SessionKey, events: PeerEvents): Promise<Peer>;
  /** Opens the media between this focus and another one; to the others of the conference it is a peer like any. */
  openTrunk(conference: ConferenceKey, session: SessionKey, events: TrunkPeerEvents): Promise<TrunkPeer>;
  /** Worker processes alive, how many there should be, and how many died and were replaced since the start. */
  health(): { alive: number; wanted: number; restarts: number };
  /** How busy each worker that is alive is. */
  load(): readonly WorkerShare[];
  /** Id of the worker that would serve a newcomer of the conference; `undefined` where none is alive. */
  placeOf(conference: ConferenceKey): number | undefined;
  /** What lives where, for who watches. */
  figures(): MediaFigures;
  /** What it holds open. */
  handles(): Readonly<MediaHandles>;
  close(): Promise<void>;
}

/** Where events are written down. Fields: ids and codes; never a token, an ICE password or a message body. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

/** Where events are counted. */
export interface Meters {
  invite(outcome: 'admitted' | 'refused' | 'bad', code: ErrorCode | 'none'): void;
  /** A newcomer was refused, by whatever door, for want of room. */
  noRoom(full: FullPart): void;
  error(code: ErrorCode): void;
  hangup(code: ErrorCode | 'client'): void;
  negotiation(kind: 'client-offer' | 'focus-offer' | 'failed'): void;
  /** From the invite to a present participant, in ms. */
  joined(durationMs: number): void;
  /** A client opened a data channel. */
  dataChannel(outcome: 'accepted' | 'refused'): void;
  /** So many messages of application data came to the same end. */
  dataMessages(outcome: DataOutcome, count: number): void;
}

/**
 * What has no room for a newcomer: the process that signals, the media worker; the worker has some, but less than this one
 * would take; or a bound of the configuration is reached.
 */
export type FullPart = 'process' | 'worker' | 'newcomer' | 'conferences' | 'participants';

/** What became of a message of application data when it came, or (`slow_subscriber`) on its way to one of those who get it. */
export type DataOutcome = 'forwarded' | 'too_large' | 'too_fast' | 'no_channel' | 'slow_subscriber';

/** Whom a WebSocket belongs to, and the conference that it is for: what the token says. */
export interface SignalMember {
  userId: string;
  deviceId: string;
  roomId: string;
  confId: string;
}

/** The focus's end of a client's WebSocket. */
export interface SignalLine {
  /** Queues a frame. False where it is closed, or its reader was too slow and it is being closed. */
  say(frame: string): boolean;
  close(code: ErrorCode): void;
}

/** What the web server tells of a client's WebSocket. */
export interface SignalDoor {
  /** Whether the open session that the client named is its own and goes on over this WebSocket. */
  readonly resumed: boolean;
  /** A frame. Never throws. */
  take(frame: string): void;
  /** It is closed. Sessions go on without it. */
  closed(): void;
}

/** A session that a client wants to take up. */
export interface ResumedSession {
  callId: string;
  sessionId: string;
}

/** Links to other foci. */
export interface Trunks {
  /**
   * Wants a trunk to a peer for a conference, until `close()`: it shakes hands, connects, resumes by itself, and tells.
   * One for each conference and peer; a second one closes the first.
   */
  open(conference: ConferenceId, peer: FocusId, events: TrunkEvents): Trunk;
  /** Whether media may be sent to an IP address that another focus names as its own. */
  mayReach(address: string): boolean;
}

export interface TrunkEvents {
  /** Said at each change, never from within a call of the trunk. */
  state(state: TrunkState): void;
  /** A frame of the other focus, in order, each once. Never throws. */
  frame(text: string): void;
  /** The other focus has acknowledged frames: fewer characters are unacknowledged. Never throws. */
  acknowledged(): void;
}

export type TrunkState =
  /**
   * Frames go both ways. `resumed`: none was lost, and nothing has to be said again; otherwise the other focus knows nothing, and
   * so it does of us. `epoch` is that of the other focus's end: another one is another session of it. `version`: of the protocol.
   */
  | { kind: 'open'; resumed: boolean; epoch: string; version: number }
  /** It is cut and tries to come back. What is said meanwhile is kept as long as `say` is true. */
  | { kind: 'broken'; code: ErrorCode }
  /** The other focus has ended it, so those who were on it are gone from there. It opens again with a new hello. */
  | { kind: 'ended'; code: ErrorCode }
  /** It has given up, until the other focus comes with a new hello. */
  | { kind: 'refused'; code: ErrorCode; message: string };

export interface Trunk {
  /** Epoch of our end: the session id under which the other focus knows us. */
  readonly epoch: string;
  /** Characters of frames that the other focus has not acknowledged. */
  readonly unacknowledged: number;
  /** Queues a frame of MAX_TRUNK_FRAME_LENGTH at most. False where it is not kept: nothing is open, or too much waits. */
  say(frame: string): boolean;
  /** Ends it for good, and says nothing afterwards. Idempotent. */
  close(code?: ErrorCode): void;
}

/** Whether room state puts a focus into a conference: a joined member names it as its own. */
export type Naming = 'named' | 'not yet' | 'refused';

/** A WebSocket between two foci as either end has it: bounded, and watched for silence. */
export interface TrunkLine {
  /** Queues a frame. False where it is closed, or its reader was too slow and it is being closed. */
  say(frame: string): boolean;
  /** Reads nothing for so long, in ms: whoever sends has to wait. */
  hold(ms: number): void;
  close(code: ErrorCode): void;
}

/** What a WebSocket tells its owner. Nothing of it may throw. */
export interface LineEvents {
  text(frame: string): void;
  /** It is gone, for the code of whoever closed it; `undefined` where it was cut, or closed without one of ours. */
  closed(code: ErrorCode | undefined, byUs: boolean): void;
  /** How long a ping took to come back, in ms. */
  roundTrip?(ms: number): void;
}

/** A focus that may open a WebSocket here. */
export interface TrunkAdmission {
  version: number;
  accept(line: TrunkLine): LineEvents;
}

/** A trunk at this moment. */
export interface TrunkFigures {
  conference: ConferenceId;
  peer: FocusId;
  state: 'calling' | 'open' | 'broken' | 'refused';
  /** Why it is not open, as far as is known. */
  code: ErrorCode | undefined;
  /** Of its WebSocket, ms; `undefined` while there is none. */
  roundTripMs: number | undefined;
}

/** What is counted of trunks: what came of a handshake, ours or theirs. */
export interface TrunkMeters {
  handshake(outcome: 'opened' | 'resumed' | ErrorCode): void;
}
