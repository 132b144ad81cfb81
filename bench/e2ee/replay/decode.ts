/** Recorded frames, decrypted with the keys that somebody has. */
import { clearBytes } from '../../../client/sframe/clear-bytes.ts';
import { readHeader, type ReadHeader } from '../../../client/sframe/header.ts';
import type { FrameKey } from '../../../client/sframe/keys.ts';
import { KeyRing, type RingKey } from './key-ring.ts';
import type { RecordedFrame } from './recorded-frames.ts';

/** A frame that proved authentic. */
export interface Opened {
  recorded: RecordedFrame;
  header: ReadHeader;
  /** As its sender had it before it was encrypted. */
  plain: Uint8Array<ArrayBuffer>;
}

export interface Decoded {
  /** That were tried. */
  frames: number;
  opened: Opened[];
}

/** Decryptions at a time: WebCrypto has threads of its own. */
const AT_ONCE = 64;

export async function decodeFrames(frames: readonly RecordedFrame[], keys: readonly RingKey[]): Promise<Decoded> {
  const ring = new KeyRing(keys);
  const likely = new Map<string, FrameKey>();
  const opened: Opened[] = [];
  for (let at = 0; at < frames.length; at += AT_ONCE) {
    const found = await Promise.all(frames.slice(at, at + AT_ONCE).map(frame => decodeOne(ring, frame, likely)));
    opened.push(...found.filter(one => one !== undefined));
  }
  return { frames: frames.length, opened };
}

async function decodeOne(
  ring: KeyRing,
  recorded: RecordedFrame,
  likely: Map<string, FrameKey>,
): Promise<Opened | undefined> {
  const { codec, data, stream } = recorded;
  const clear = clearBytes(codec, data);
  if (clear === undefined) return undefined;
  const header = readHeader(data.subarray(clear));
  if (header === undefined) return undefined;
  const beside = data.subarray(0, clear);
  const found = await ring.open(header, beside, data.subarray(clear + header.bytes.length), likely.get(stream));
  if (found === undefined) return undefined;
  likely.set(stream, found.by);
  const plain = new Uint8Array(clear + found.frame.length);
  plain.set(beside);
  plain.set(found.frame, clear);
  return { recorded, header, plain };
}
