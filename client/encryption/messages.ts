/** What page and worker say to each other. Both are ours and of one build: nothing here is parsed. */
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { MediaKind, NegotiatedCodec } from './encoded-frame.ts';
import type { EncryptionErrorCode } from './errors.ts';
import type { FormatName } from './frame-format.ts';
import type { ReceiveState } from './receive-state.ts';
import type { SenderId } from './sender-id.ts';
import type { ReceivedStatistics, SentStatistics } from './track-statistics.ts';
import type { WitnessRecord } from './witness.ts';

/** A sender or receiver of the page, as the worker knows it. */
export interface TrackRef {
  /** Numbered by the page. */
  readonly track: number;
  readonly direction: 'send' | 'receive';
  readonly kind: MediaKind;
}

export interface FrameStreams<Frame> {
  readonly readable: ReadableStream<Frame>;
  readonly writable: WritableStream<Frame>;
}

/** What is asked of our own keys, or of all tracks. */
export type Question =
  | { readonly kind: 'shared' | 'ratchet' | 'next' | 'statistics' }
  | { readonly kind: 'use'; readonly key: SharedKey };

export type Answer =
  | { readonly kind: 'key'; readonly key: SharedKey }
  | { readonly kind: 'used' }
  | {
      readonly kind: 'statistics';
      readonly sent: ReadonlyMap<number, SentStatistics>;
      readonly received: ReadonlyMap<number, ReceivedStatistics>;
    }
  | { readonly kind: 'failed'; readonly code: EncryptionErrorCode; readonly message: string };

export type ToWorker<Frame> =
  /** The first of all. */
  | { readonly type: 'start'; readonly format: FormatName; readonly witness: boolean }
  | { readonly type: 'track'; readonly ref: TrackRef }
  /** The frames of a track, where the page had to ask for them (createEncodedStreams). */
  | { readonly type: 'streams'; readonly ref: TrackRef; readonly streams: FrameStreams<Frame> }
  | { readonly type: 'codecs'; readonly track: number; readonly codecs: readonly NegotiatedCodec[] }
  | { readonly type: 'bind'; readonly track: number; readonly from: SenderId | undefined }
  /** It is gone for good. */
  | { readonly type: 'detach'; readonly track: number }
  | { readonly type: 'key'; readonly from: SenderId; readonly stay: string; readonly key: SharedKey }
  | { readonly type: 'forget'; readonly from: SenderId }
  | { readonly type: 'ask'; readonly request: number; readonly question: Question };

export type FromWorker =
  | { readonly type: 'answer'; readonly request: number; readonly answer: Answer }
  | { readonly type: 'state'; readonly track: number; readonly state: ReceiveState }
  /** It gets frames that do not say what they are encoded in. */
  | { readonly type: 'codecs_wanted'; readonly track: number }
  | { readonly type: 'witness'; readonly records: readonly WitnessRecord[] }
  | { readonly type: 'failed'; readonly code: EncryptionErrorCode; readonly message: string };
