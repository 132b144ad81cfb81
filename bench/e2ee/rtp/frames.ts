/** Frames of one ssrc, made of its packets as a receiver would. Pure. */
import { type Descriptor, type ReadDescriptor, readOpus, readVp8, readVp9 } from './descriptor.ts';
import type { RtpPacket } from './packet.ts';

export const FRAME_CODECS = ['opus', 'VP8', 'VP9'] as const;
export type FrameCodec = (typeof FRAME_CODECS)[number];

/** A packet and when it came, ms since 1970. */
export interface ArrivedPacket extends RtpPacket {
  at: number;
}

export interface ArrivedFrame {
  /** When its last packet came, ms since 1970. */
  at: number;
  timestamp: number;
  spatialLayer: number;
  /** What the sender gave to its packetiser. */
  data: Uint8Array<ArrayBuffer>;
  /** Bytes of its packets, headers included. */
  packetBytes: number;
}

export interface Depacketised {
  frames: ArrivedFrame[];
  /** Of which something came, and not all. */
  incomplete: number;
}

const READERS: Record<FrameCodec, ReadDescriptor> = { opus: readOpus, VP8: readVp8, VP9: readVp9 };
const SEQUENCES = 0x1_0000;

/** Takes the packets in any order; a packet that came twice counts once. What lacks a packet is no frame. */
export function framesOf(codec: FrameCodec, packets: readonly ArrivedPacket[]): Depacketised {
  const read = READERS[codec];
  const frames: ArrivedFrame[] = [];
  const touched = new Set<string>();
  let parts: Part[] = [];
  let next: number | undefined;
  for (const { index, packet } of inOrder(packets)) {
    if (index !== next) parts = [];
    next = index + 1;
    // A probe fills a place in the order, and nothing else.
    if (packet.payload.length === 0) continue;
    const descriptor = read(packet.payload, packet.marker);
    if (descriptor === undefined) {
      parts = [];
      continue;
    }
    const part = { packet, descriptor };
    touched.add(nameOf(part));
    if (!continues(parts.at(-1), part)) parts = [];
    if (parts.length === 0 && !descriptor.begins) continue;
    parts.push(part);
    if (!descriptor.ends) continue;
    frames.push(whole(parts));
    parts = [];
  }
  return { frames, incomplete: touched.size - frames.length };
}

interface Part {
  packet: ArrivedPacket;
  descriptor: Descriptor;
}

/** Tells one frame of an ssrc from the others. */
function nameOf({ packet, descriptor }: Part): string {
  return `${packet.timestamp} ${descriptor.spatialLayer}`;
}

/** Whether it belongs to the frame that the earlier one is part of; true where there is none. */
function continues(earlier: Part | undefined, part: Part): boolean {
  return earlier === undefined || (nameOf(earlier) === nameOf(part) && !part.descriptor.begins);
}

function whole(parts: readonly Part[]): ArrivedFrame {
  const pieces = parts.map(({ packet, descriptor }) => packet.payload.subarray(descriptor.length));
  const data = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    data.set(piece, end);
    end += piece.length;
  }
  const [first] = parts;
  return {
    at: Math.max(...parts.map(({ packet }) => packet.at)),
    timestamp: first?.packet.timestamp ?? 0,
    spatialLayer: first?.descriptor.spatialLayer ?? 0,
    data,
    packetBytes: parts.reduce((sum, { packet }) => sum + packet.bytes, 0),
  };
}

/** By sequence number, which goes on over its end: a packet is where it is nearest to the one that came before it. */
function inOrder(packets: readonly ArrivedPacket[]): { index: number; packet: ArrivedPacket }[] {
  let last: number | undefined;
  const numbered = new Map<number, ArrivedPacket>();
  for (const packet of packets) {
    const index: number = last === undefined ? packet.sequence : nearest(packet.sequence, last);
    last = index;
    if (!numbered.has(index)) numbered.set(index, packet);
  }
  return [...numbered].toSorted(([one], [other]) => one - other).map(([index, packet]) => ({ index, packet }));
}

function nearest(sequence: number, to: number): number {
  const ahead = (((sequence - to) % SEQUENCES) + SEQUENCES) % SEQUENCES;
  return ahead < SEQUENCES / 2 ? to + ahead : to + ahead - SEQUENCES;
}
