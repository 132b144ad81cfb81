/** What a peer tells of the media that it gets and sends: figures that it derives from the packets themselves. */
import type { TrackIds } from './endpoint.ts';

/** Of one track, since the last report. */
export interface ReceivedTrack extends TrackIds {
  kind: 'audio' | 'video';
  /** Media packets that came, each once. */
  packets: number;
  /** Of them, payloads and headers of RTP. */
  bytes: number;
  /** Packets that did not come in time, also not when sent again. */
  lost: number;
  /** Packets that came only when sent again. */
  repaired: number;
  /** ms; of RFC 3550 section 6.4.1, at the end of the interval. */
  jitterMs: number;
  /** Of video. */
  keyframes: number;
  /** Video frames that a decoder could show: whole, with nothing missing that they build on. */
  frames: number;
  /** The longest time without such a frame (audio: without a packet), ms; the running one counts. */
  longestGapMs: number;
  /** Size of the latest keyframe, px. */
  size: { width: number; height: number } | undefined;
}

/** Of one peer, since its last report. */
export interface PeerReport {
  /** Whether ICE and DTLS are up. */
  connected: boolean;
  /** Tracks of which anything came, or was expected. */
  tracks: ReceivedTrack[];
  /** RTP packets and bytes that it sent, those sent again included. */
  sent: { packets: number; bytes: number; keyframesAsked: number; repaired: number };
}
