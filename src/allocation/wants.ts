/** What one viewer wants, and what it gets. */
import type { TrackPurpose } from './layer-choice.ts';

/** One simulcast layer of a track. */
export interface Layer {
  /**
   * bit/s: measured and smoothed once the layer has run for some seconds, before that what is expected of it. A layer that
   * only just starts measures too little, and would look like a bargain.
   */
  readonly bitrate: number;
  /** It arrives, or would within seconds if it were asked for (one that is off for want of viewers is live). */
  readonly live: boolean;
}

/** Audio is never paused; it is here for what it takes off the estimate. */
export interface AudioWant {
  readonly kind: 'audio';
  readonly key: string;
  /** The first one counts; what it takes now, 0 while nothing of it arrives. */
  readonly layers: readonly Layer[];
}

/** A video track that the viewer subscribes to. */
export interface VideoWant {
  readonly kind: 'video';
  /** Unique among the wants of the viewer; of two with the same one the first counts. */
  readonly key: string;
  readonly purpose: TrackPurpose;
  /** px² that it is drawn at. Decides the order only. */
  readonly area: number;
  readonly visible: boolean;
  readonly pinned: boolean;
  /** Place of its participant among those who spoke last, 0 the latest; undefined for one who never did. */
  readonly speaking: number | undefined;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  /** The smallest layer that covers the drawn size, see `smallestCoveringLayer`. */
  readonly ideal: number;
  /** It is one layer for so many viewers behind a trunk, who want others of the same track by wants of their own. */
  readonly shared?: { readonly layer: number; readonly viewers: number };
}

export type Want = AudioWant | VideoWant;

/** What a subscription gets. Audio always gets layer 0. */
export type Grant =
  | { readonly kind: 'layer'; readonly layer: number }
  /**
   * `hidden`: the viewer does not draw it. `bandwidth`: it does not fit its link. `overload`: it does not fit what the focus can
   * send it. `no_layer`: nothing of it arrives.
   */
  | { readonly kind: 'paused'; readonly reason: 'hidden' | Shortage | 'no_layer' };

/** What there is too little of. */
export type Shortage = 'bandwidth' | 'overload';

/** Whether the grant is a pause for want of something that may come back by itself. */
export function isForShortage(grant: Grant): boolean {
  return grant.kind === 'paused' && (grant.reason === 'bandwidth' || grant.reason === 'overload');
}
