/** Who takes part in a conference, as the rules keep it. */
import type { AutoSubscription } from '../../signalling/wire/control.ts';
import type { PublishedKind } from '../../signalling/wire/permissions.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { PublishedTrack } from '../ports.ts';
import type { DeviceKey, SessionId, SessionKey, SubscriptionKey, TrackKey } from '../session.ts';
import type { ClaimRate } from './claim-rate.ts';
import type { DataAcross, ParticipantData } from './data-state.ts';
import type { Floor } from './floor.ts';
import type { FocusFloor } from './floor-state.ts';
import type { Refusals } from './refusals.ts';
import type { ServedTrack, Telling, Viewing, Wish } from './viewing.ts';

/** Who takes part: somebody at a client, or another focus that speaks for those who are on it. */
export type Participant = Client | RemoteFocus;

interface AnyParticipant {
  readonly key: SessionKey;
  readonly session: SessionId;
  readonly callId: string;
  /** Who came earlier has a smaller one. */
  readonly place: number;
  stage: Stage;
  control: ControlChannel;
  /** What it says of its own streams, with user and device as the homeserver gave them. */
  metadata: StreamMetadata;
  /** What the others may be told of them now. */
  shown: StreamMetadata;
  readonly published: Set<TrackKey>;
  readonly wanted: Map<SubscriptionKey, Wish>;
  /** What it has been offered and may be sent, as it was last set. */
  readonly offered: Map<SubscriptionKey, ServedTrack>;
  readonly viewing: Viewing;
  readonly telling: Telling;
  readonly data: ParticipantData;
  /** The change of the streams that it was told of last; -1: it knows nothing. */
  toldVersion: number;
}

export interface Client extends AnyParticipant {
  readonly kind: 'client';
  path: 'unknown' | 'heard' | 'silent';
  /** By which ways control messages reach it now: its data channel, its WebSocket. */
  readonly ways: Set<ControlWay>;
  negotiation: Negotiation;
  /** Kinds that it may not publish, as the room has it now. */
  barred: ReadonlySet<PublishedKind>;
  /** Those of them that it was told of. */
  readonly toldBarred: Set<PublishedKind>;
  /** Streams of which it was told that they are refused for being in the clear. */
  readonly toldRefused: Set<string>;
  /** The floor that it knows all of, and what it was told of it last, as text; `undefined`: nothing. */
  toldFloor: { floor: Floor | undefined; text: string | undefined };
  /** How often it may still begin to want the floor. */
  claims: ClaimRate;
  /** It takes an offer with the answer to its invite. */
  readonly earlyOffer: boolean;
  /** Once it knows all streams it is told what changes of them. */
  readonly takesChanges: boolean;
  /** It leaves the choice of videos to the focus. */
  auto: AutoSubscription | undefined;
  /** Names of the codecs that it can be sent; `undefined`: all, as far as is known. */
  receives: ReadonlySet<string> | undefined;
}

/**
 * Another focus at the end of a trunk. It publishes what its clients publish, and views what they want; it is told of this
 * focus's clients alone, never of what came by another trunk.
 */
export interface RemoteFocus extends AnyParticipant {
  readonly kind: 'focus';
  /** Until when its WebSocket, which is cut, may come back (ms since 1970). */
  brokenUntil: number | undefined;
  /** Of what it is sent. What it sends is negotiated by itself: there is no glare. */
  negotiation: OurOffer;
  /** Its offers that the media engine works on. */
  answering: number;
  /** Devices that the room's state puts on it. */
  speaksFor: ReadonlySet<DeviceKey>;
  /** What it says of streams and sends of tracks, whether it may or not. */
  announced: StreamMetadata;
  declared: readonly PublishedTrack[];
  /** Streams of `announced` that it may not speak of. */
  refused: Refusals;
  /** Kinds that those may not publish for whom it speaks. */
  barredOf: ReadonlyMap<string, ReadonlySet<PublishedKind>>;
  readonly floor: FocusFloor;
  readonly dataAcross: DataAcross;
  /** Tracks of which it cannot have all layers now, as it was told. */
  readonly withheld: Map<TrackKey, Withheld>;
}

/** Layers of a track that are not to be had, and what the other focus made of it. */
interface Withheld {
  /** By layer, the lowest first: whether it can be had. */
  readonly available: readonly boolean[];
  /** When that was told, ms since 1970. */
  readonly at: number;
  /** Layers that the other focus does not want any more since. */
  readonly left: Set<number>;
}

/** How far a participant is. Others see it only while it is present. */
type Stage =
  | { kind: 'joining'; since: number; until: number }
  | { kind: 'present'; since: number }
  | { kind: 'silent'; since: number; until: number };

export type ControlWay = 'channel' | 'line';

/** Open while there is a way. */
type ControlChannel =
  | { kind: 'closed' }
  /** `ponged`: a client that never answered a ping is judged by its path alone. */
  | { kind: 'open'; pingedAt: number; heardAt: number; ponged: boolean };

/** Where the offer/answer exchange of a participant stands (RFC 8829; the client is impolite, so the focus rolls back). */
export type Negotiation =
  /** The media engine works on `outstanding` offers of the client. */
  | { kind: 'answering'; revision: number; outstanding: number; replyBy: ReplyWay; offerDueAt: number | undefined }
  /** `offerDueAt`: when an offer of ours must go out whether or not there are new tracks; with those it goes at once. */
  | { kind: 'stable'; offerDueAt: number | undefined }
  /** The media engine makes an offer. `heldAnswer`: to the invite, which goes out with an early offer. */
  | { kind: 'preparing'; revision: number; attempt: number; heldAnswer: string | undefined }
  /** Our offer is with the client. */
  | { kind: 'offering'; revision: number; attempt: number; since: number }
  /** The media engine takes the client's answer. */
  | { kind: 'settling'; revision: number };

/** Where an offer of ours stands. */
type OurOffer = Exclude<Negotiation, { kind: 'answering' }>;

/** The door by which an offer came and its answer goes. */
export type ReplyWay = 'invite' | 'to-device' | 'control';
