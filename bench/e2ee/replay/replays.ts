/** The recording, given to those who must not read it. */
import { decodeFrames } from './decode.ts';
import type { RingKey } from './key-ring.ts';
import type { RecordedFrame } from './recorded-frames.ts';

export const READERS = ['focus', 'outsider', 'ex_member', 'newcomer'] as const;
export type Reader = (typeof READERS)[number];

/** What somebody has, and must not read with it. */
export interface Attempt {
  who: Reader;
  frames: readonly RecordedFrame[];
  /** All that it ever had. */
  keys: readonly RingKey[];
}

export interface Replay {
  who: Reader;
  /** That it must not read, and that it reads. */
  frames: number;
  decoded: number;
  /** Of the same frames, those that the same decoder reads with the keys of their senders. */
  controlDecoded: number;
}

/** @param readable what `decodeFrames` opens of the whole recording with the keys of all senders */
export async function replay({ who, frames, keys }: Attempt, readable: ReadonlySet<RecordedFrame>): Promise<Replay> {
  const { opened } = await decodeFrames(frames, keys);
  const controlDecoded = frames.filter(frame => readable.has(frame)).length;
  return { who, frames: frames.length, decoded: opened.length, controlDecoded };
}
