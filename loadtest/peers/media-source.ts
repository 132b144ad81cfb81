import type { Ticking } from './ticker.ts';

/** What a source has done so far. */
export interface SentFigures {
  packets: number;
  bytes: number;
  /** Keyframes that it was asked for. */
  keyframesAsked: number;
  /** Packets that were sent again. */
  repaired: number;
}

/** Sends a packet on a track. */
export type SendPacket = (packet: Buffer) => void;

/** The packets of one track, at their times. */
export interface MediaSource extends Ticking {
  /** Of its layers, lowest first. */
  readonly ssrcs: readonly number[];
  readonly figures: Readonly<SentFigures>;
  /** RTCP of the focus about it. */
  hear(compound: Buffer): void;
  setLayers(active: readonly boolean[]): void;
  setMuted(muted: boolean): void;
}

export function noFigures(): SentFigures {
  return { packets: 0, bytes: 0, keyframesAsked: 0, repaired: 0 };
}
