/** What a page with one peer connection tells of it. Times in ms since 1970, as of `Date.now()`, unless they say otherwise. */

/** A time without a new frame. */
export interface Gap {
  from: number;
  to: number;
}

export interface ReceivedVideo {
  kind: 'video';
  framesDecoded: number;
  framesDropped: number;
  /** px of the latest frame. */
  frameWidth: number;
  frameHeight: number;
  freezeCount: number;
  /** s */
  totalFreezesDuration: number;
  bytesReceived: number;
  packetsReceived: number;
  packetsLost: number;
  pliCount: number;
  nackCount: number;
  /** Times without a frame that were longer than `noted` of the options; the latest ones, the current one included. */
  gaps: Gap[];
  longestGapMs: number;
}

export interface ReceivedAudio {
  kind: 'audio';
  bytesReceived: number;
  packetsReceived: number;
  packetsLost: number;
  concealedSamples: number;
  silentConcealedSamples: number;
  totalSamplesReceived: number;
  /** s, summed over the samples in `jitterBufferEmittedCount`. */
  jitterBufferDelay: number;
  jitterBufferEmittedCount: number;
}

/** One encoding of what a page sends. */
export interface SentEncoding {
  kind: 'audio' | 'video';
  /** Empty where there is one. */
  rid: string;
  active: boolean;
  width: number;
  framesEncoded: number;
  bytesSent: number;
  /** bit/s */
  targetBitrate: number;
  /** Why the encoder sends less than it could: `none`, `cpu`, `bandwidth`, `other`. */
  limitedBy: string;
}

export interface PageStats {
  at: number;
  /** mid → what came; sections that carried nothing yet are absent. */
  received: Record<string, ReceivedVideo | ReceivedAudio>;
  sent: SentEncoding[];
}
