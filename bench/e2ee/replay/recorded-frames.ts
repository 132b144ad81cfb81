/** The frames of a recording. Pure. */
import { readRtp } from '../rtp/packet.ts';
import { type ArrivedFrame, type ArrivedPacket, FRAME_CODECS, type FrameCodec, framesOf } from '../rtp/frames.ts';
import type { Recording } from '../recording/format.ts';

export interface RecordedFrame extends ArrivedFrame {
  codec: FrameCodec;
  /** One ssrc: a voice, or a layer of a picture. Each begins a new one, also where it comes from the same person. */
  stream: string;
}

export interface RecordedFrames {
  /** By the time at which they were whole. */
  frames: RecordedFrame[];
  /** Of which packets are missing. */
  incomplete: number;
  /** Packets that nothing can be made of: in another codec, or none at all. */
  unreadable: number;
}

export function framesOfRecording({ tracks, packets }: Recording): RecordedFrames {
  const streams = new Map<string, { codec: FrameCodec; packets: ArrivedPacket[] }>();
  let unreadable = 0;
  for (const { at, track, packet } of packets) {
    const rtp = readRtp(packet);
    const codec = rtp && codecNamed(tracks[track]?.codecs[rtp.payloadType]);
    if (rtp === undefined || codec === undefined) {
      unreadable += 1;
      continue;
    }
    const id = `${track}/${rtp.ssrc}/${codec}`;
    const stream = streams.get(id) ?? { codec, packets: [] };
    streams.set(id, stream);
    stream.packets.push({ ...rtp, at });
  }
  const result: RecordedFrames = { frames: [], incomplete: 0, unreadable };
  for (const [stream, { codec, packets: own }] of streams) {
    const { frames, incomplete } = framesOf(codec, own);
    result.incomplete += incomplete;
    for (const frame of frames) result.frames.push({ ...frame, codec, stream });
  }
  result.frames.sort((one, other) => one.at - other.at);
  return result;
}

function codecNamed(mimeType: string | undefined): FrameCodec | undefined {
  const name = mimeType?.split('/')[1]?.toLowerCase();
  return FRAME_CODECS.find(codec => codec.toLowerCase() === name);
}
