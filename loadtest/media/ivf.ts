const KEYFRAME_BIT = 1;

/** An encoded frame. */
export interface VideoFrame {
  data: Buffer;
  isKeyframe: boolean;
}

/** Frames of an IVF file of VP8, in order. */
export function readIvf(file: Buffer): VideoFrame[] {
  const frames: VideoFrame[] = [];
  for (let at = file.readUInt16LE(6); at < file.length; ) {
    const size = file.readUInt32LE(at);
    const data = file.subarray(at + 12, at + 12 + size);
    // RFC 6386, 9.1: zero for a keyframe.
    frames.push({ data, isKeyframe: (data.readUInt8(0) & KEYFRAME_BIT) === 0 });
    at += 12 + size;
  }
  return frames;
}
