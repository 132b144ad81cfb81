/** RTP packets (RFC 3550) of a camera and a microphone that cost nothing to run. */
import { readFileSync } from 'node:fs';

/** Payload types that mediasoup gives these codecs: a peer with one transport must use the same. */
export const PAYLOAD_TYPES = { opus: 111, vp8: 96 } as const;

// 20 ms of silence (RFC 6716: CELT, fullband, stereo).
const OPUS_SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);
const OPUS_CLOCK = 48_000;
const VIDEO_CLOCK = 90_000;

/** Frames of an IVF file. */
function readIvf(file: URL): Buffer[] {
  const data = readFileSync(file);
  const frames: Buffer[] = [];
  for (let at = data.readUInt16LE(6); at < data.length; ) {
    const size = data.readUInt32LE(at);
    frames.push(data.subarray(at + 12, at + 12 + size));
    at += 12 + size;
  }
  return frames;
}

const FRAMES = readIvf(new URL('../fixtures/media/camera-64x64.ivf', import.meta.url));
/** Size of what the camera shows, in px. */
export const FRAME_SIZE = { width: 64, height: 64 } as const;

class PacketCounter {
  readonly #ssrc: number;
  readonly #payloadType: number;
  #sequence = Math.floor(Math.random() * 0x8000);
  #timestamp = Math.floor(Math.random() * 0x8000_0000);

  constructor(ssrc: number, payloadType: number) {
    this.#ssrc = ssrc;
    this.#payloadType = payloadType;
  }

  next(payload: Buffer, ticks: number, marker: boolean): Buffer {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + ticks) >>> 0;
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = this.#payloadType | (marker ? 0x80 : 0);
    header.writeUInt16BE(this.#sequence, 2);
    header.writeUInt32BE(this.#timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    return Buffer.concat([header, payload]);
  }
}

/** A microphone in a silent room. */
export class AudioSource {
  readonly #packets: PacketCounter;

  constructor(ssrc: number) {
    this.#packets = new PacketCounter(ssrc, PAYLOAD_TYPES.opus);
  }

  /** The packet `elapsedMs` after the one before. */
  next(elapsedMs: number): Buffer {
    return this.#packets.next(OPUS_SILENCE, Math.round((elapsedMs * OPUS_CLOCK) / 1000), false);
  }
}

/** A camera: real VP8, one packet a frame. */
export class VideoSource {
  readonly #packets: PacketCounter;
  #frame = 0;
  #pictureId = Math.floor(Math.random() * 0x4000);

  constructor(ssrc: number) {
    this.#packets = new PacketCounter(ssrc, PAYLOAD_TYPES.vp8);
  }

  /** The frame `elapsedMs` after the one before. */
  next(elapsedMs: number): Buffer {
    const frame = FRAMES[this.#frame % FRAMES.length];
    if (frame === undefined) throw new Error('the recording holds no frame');
    this.#frame += 1;
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    // RFC 7741, 4.2: extended, start of partition 0, a picture id of 15 bits.
    const descriptor = Buffer.from([0x90, 0x80, 0x80 | (this.#pictureId >> 8), this.#pictureId & 0xff]);
    return this.#packets.next(Buffer.concat([descriptor, frame]), Math.round((elapsedMs * VIDEO_CLOCK) / 1000), true);
  }

  /** Shows a keyframe next. */
  restart(): void {
    this.#frame = 0;
  }
}

/** Whether RTP, not RTCP, is multiplexed into this packet (RFC 5761). */
export function isRtp(packet: Buffer): boolean {
  const type = packet[1];
  return packet.length >= 12 && type !== undefined && (type < 192 || type > 223);
}

/** Whether an RTCP packet asks for a keyframe (RFC 4585 PLI, RFC 5104 FIR), anywhere in the compound. */
export function asksForKeyframe(packet: Buffer): boolean {
  for (let at = 0; at + 4 <= packet.length; at += (packet.readUInt16BE(at + 2) + 1) * 4) {
    const format = packet.readUInt8(at) & 0x1f;
    if (packet[at + 1] === 206 && (format === 1 || format === 4)) return true;
  }
  return false;
}
