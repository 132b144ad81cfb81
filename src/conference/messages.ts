/** What comes into a conference, and what it asks to be done. Intent, never JSON. */
import type { ControlMessage } from '../../signalling/wire/control.ts';
import type { DataMessage } from '../../signalling/wire/data.ts';
import type { ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { FloorMessage, FloorState } from '../../signalling/wire/floor.ts';
import type { FloorAcross } from '../../signalling/wire/floor-across.ts';
import type { Permissions } from '../../signalling/wire/permissions.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { StreamsMessage } from '../../signalling/wire/streams.ts';
import type {
  AnsweredOffer,
  ForwardedData,
  MeasuredTrack,
  OfferedTrack,
  OpenedData,
  ReceivedData,
  ScalabilityModes,
  Served,
} from '../ports.ts';
import type {
  DataChannelRef,
  DeviceId,
  OpenSession,
  SessionId,
  SessionKey,
  SubscriptionKey,
  TrackRef,
} from '../session.ts';
import type { ReplyWay } from './state.ts';

/** A call of a session: an input about an earlier call of the same session is known as late by its call id. */
export interface CallRef {
  key: SessionKey;
  callId: string;
}

/** What concerns one participant that is here. */
export type ParticipantInput = Exclude<Extract<Input, { call: CallRef }>, { kind: 'trunk-opened' }>;

/** What the media engine says of any participant. */
export type MediaInput = Extract<Input, { kind: 'estimated' | 'measured' | 'shown' | 'loud' | 'dominant' }>;

export type Input =
  /** An admitted invite. */
  | {
      kind: 'invited';
      session: SessionId;
      callId: string;
      sdp: string;
      metadata: StreamMetadata;
      /** The client takes an offer with the answer. */
      earlyOffer: boolean;
      /** Once the client knows all streams it takes what changes of them. */
      takesChanges?: boolean;
    }
  /** The client said something, by its control channel or by to-device message. */
  | { kind: 'said'; call: CallRef; message: ControlMessage; replyBy: ReplyWay }
  /** The client said something that cannot be read. */
  | { kind: 'garbled'; call: CallRef; error: WeirError }
  | { kind: 'hung-up'; call: CallRef }
  | { kind: 'control-open'; call: CallRef }
  /** A WebSocket carries the session's messages from now on, or does not any more. */
  | { kind: 'line'; call: CallRef; state: 'opened' | 'closed' }
  | { kind: 'path'; call: CallRef; state: 'heard' | 'silent' }
  | { kind: 'peer-failed'; call: CallRef; error: WeirError }
  /** What the client's link carries, in bit/s. */
  | { kind: 'estimated'; call: CallRef; available: number }
  /** What arrives of the tracks that the client publishes. */
  | { kind: 'measured'; call: CallRef; tracks: MeasuredTrack[] }
  /** The layer of a video that the client is sent now. */
  | { kind: 'shown'; call: CallRef; track: SubscriptionKey; layer: number | undefined }
  /** Somebody is heard on an audio track of the client: dBov. */
  | { kind: 'loud'; call: CallRef; track: TrackRef; level: number }
  /** An audio track of the client is the main speaker's. */
  | { kind: 'dominant'; call: CallRef; track: TrackRef }
  | DataInput
  | TrunkInput
  /** Outcomes of `answer-offer`, `make-offer` and `take-answer`. */
  | { kind: 'answered'; call: CallRef; revision: number; answer: AnsweredOffer }
  | { kind: 'offer-made'; call: CallRef; revision: number; sdp: string }
  | { kind: 'answer-taken'; call: CallRef; revision: number }
  | { kind: 'negotiation-failed'; call: CallRef; revision: number; error: WeirError }
  /** What the room says of who may publish; the same object as before where nothing changed. */
  | { kind: 'permissions-changed'; permissions: Permissions }
  /** Whether media that is not encrypted end to end is refused. */
  | { kind: 'encryption-required'; required: boolean }
  /** How much of the video that viewers want the focus can send, 0 to 1. */
  | { kind: 'pressed'; videoShare: number }
  /** The user is no longer joined to the room. */
  | { kind: 'user-left'; userId: string }
  /** Everybody has to go: the call ended, the focus left the room or stops. */
  | { kind: 'dissolved'; error: WeirError }
  /** Time has passed. */
  | { kind: 'tick' }
  /** So has what `wake` asked for. */
  | { kind: 'wake' };

/** What becomes of a trunk to another focus. */
export type TrunkInput =
  /** It is open and begins: nothing was said yet. `speaksFor`: the devices that the room's state puts on the other focus. */
  | { kind: 'trunk-opened'; session: SessionId; callId: string; speaksFor: readonly DeviceId[] }
  /** It was cut and is to come back; or it is back, with nothing lost. */
  | { kind: 'trunk-linked'; call: CallRef; state: 'broken' | 'resumed' }
  /** The room's state puts these devices on the other focus now. */
  | { kind: 'speaks-for'; call: CallRef; devices: readonly DeviceId[] }
  /** It is over. */
  | { kind: 'trunk-closed'; call: CallRef; error: WeirError };

/** What the media engine says of application data. */
export type DataInput =
  | { kind: 'data-opened'; call: CallRef; channel: OpenedData }
  | { kind: 'data-closed'; call: CallRef; channelId: number; error: WeirError | undefined }
  | { kind: 'data-dropped'; call: CallRef; error: WeirError }
  | { kind: 'forward-ended'; call: CallRef; channel: DataChannelRef; error: WeirError | undefined };

/** What the media engine is asked about application data. */
export type DataEffect =
  | { kind: 'expect-data'; call: CallRef }
  | { kind: 'accept-data' | 'refuse-data'; call: CallRef; channelId: number }
  | { kind: 'forward-data'; call: CallRef; channel: ForwardedData }
  | { kind: 'stop-data'; call: CallRef; channel: DataChannelRef };

/** The same about a channel that comes by a trunk. */
export type TrunkDataEffect =
  | { kind: 'receive-data'; call: CallRef; channel: ReceivedData }
  | { kind: 'end-received-data'; call: CallRef; channelId: number };

export type Effect =
  | DataEffect
  | TrunkDataEffect
  /** Make the session durable, open its media, then answer its offer. */
  | { kind: 'open'; session: OpenSession; key: SessionKey; sdp: string; modes: ScalabilityModes; revision: number }
  | { kind: 'answer-offer'; call: CallRef; sdp: string; modes: ScalabilityModes; revision: number }
  | { kind: 'make-offer'; call: CallRef; tracks: OfferedTrack[]; revision: number }
  | { kind: 'take-answer'; call: CallRef; sdp: string; revision: number }
  | { kind: 'adjust'; call: CallRef; track: SubscriptionKey; served: Served }
  /** Whether falls of the estimate of the client's link matter at once. */
  | { kind: 'watch-link'; call: CallRef; closely: boolean }
  | { kind: 'tell'; call: CallRef; to: SessionId; news: News }
  /** Open the media of a trunk. */
  | { kind: 'open-trunk'; call: CallRef }
  /** Close the trunk, and its media. */
  | { kind: 'close-trunk'; call: CallRef; code: ErrorCode }
  /** Close its media and forget the session. */
  | { kind: 'close'; call: CallRef; code: ErrorCode | undefined }
  /** A participant is present for the first time, so long after its invite. */
  | { kind: 'arrived'; call: CallRef; afterMs: number }
  /** Step again, with `wake`, so many ms from now. */
  | { kind: 'wake'; afterMs: number }
  /** Something to count and log. */
  | { kind: 'note'; call: CallRef; code: ErrorCode; message: string };

/** What a client is told; its door puts it into its own wire's words. */
export type News =
  | { kind: 'answer'; sdp: string; metadata: StreamMetadata; by: 'to-device' }
  /** Without metadata where the client has been told of all streams; offers, too. */
  | { kind: 'answer'; sdp: string; metadata: StreamMetadata | undefined; by: 'control' }
  /** The answer to an invite, maybe with the focus's own first offer. */
  | { kind: 'admission'; sdp: string; metadata: StreamMetadata; earlyOffer: string | undefined }
  | { kind: 'offer'; sdp: string; metadata: StreamMetadata | undefined }
  | { kind: 'metadata'; metadata: StreamMetadata }
  /** What has changed since it was told last. */
  | { kind: 'streams_changed'; changed: StreamMetadata; gone: readonly string[] }
  | { kind: 'error'; error: WeirError; inReplyTo?: string; tracks?: TrackRef[]; codec?: string }
  | { kind: 'streams'; message: StreamsMessage }
  | { kind: 'floor'; message: FloorState }
  /** To another focus. */
  | { kind: 'floor_across'; message: FloorAcross | Extract<FloorMessage, { kind: 'floor_revoke' }> }
  | { kind: 'data'; message: DataMessage }
  | { kind: 'hangup'; error: WeirError }
  | { kind: 'ping' }
  | { kind: 'pong' };
