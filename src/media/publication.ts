import type { types } from 'mediasoup';
import type { MediaKind } from '../../signalling/sdp/rtp.ts';
import type { SessionKey, TrackKey, TrackRef } from '../session.ts';
import type { KeyframeGate } from './keyframe-gate.ts';
import type { TrackReach } from './routers/track-reach.ts';

/** A track that somebody sends to the focus. */
export interface Publication {
  ref: TrackRef;
  key: TrackKey;
  publisher: SessionKey;
  kind: MediaKind;
  codec: string;
  /** Lowest first, by their rids where they have any. */
  layers: readonly { rid: string | undefined }[];
  /** Scalability mode of a track whose layers come in one stream (SVC). */
  svc: string | undefined;
  /** On its publisher's router; what is piped to others has the same id there. */
  producer: types.Producer;
  reach: TrackReach;
  /** One for all routers: all of them ask the same encoder. */
  gate: KeyframeGate;
}
