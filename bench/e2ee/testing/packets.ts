/** RTP by hand, for tests. */
import type { ArrivedPacket } from '../rtp/frames.ts';
import { readRtp } from '../rtp/packet.ts';

export interface HandMade {
  sequence: number;
  timestamp?: number;
  marker?: boolean;
  payloadType?: number;
  ssrc?: number;
  payload: readonly number[] | Uint8Array;
  /** Bytes of a header extension, in whole words. */
  extension?: readonly number[];
  csrcs?: number;
  /** Bytes, the last of which says how many. */
  padding?: number;
}

export function packetOf(made: HandMade): Uint8Array<ArrayBuffer> {
  const { sequence, timestamp = 0, marker = false, payloadType = 96, ssrc = 1, payload } = made;
  const { extension, csrcs = 0, padding = 0 } = made;
  const header = new DataView(new ArrayBuffer(12 + csrcs * 4));
  header.setUint8(0, 0x80 | (padding > 0 ? 0x20 : 0) | (extension === undefined ? 0 : 0x10) | csrcs);
  header.setUint8(1, (marker ? 0x80 : 0) | payloadType);
  header.setUint16(2, sequence);
  header.setUint32(4, timestamp);
  header.setUint32(8, ssrc);
  const words = (extension?.length ?? 0) / 4;
  return Uint8Array.from([
    ...new Uint8Array(header.buffer),
    ...(extension === undefined ? [] : [0xbe, 0xde, words >> 8, words & 0xff, ...extension]),
    ...payload,
    ...Array.from({ length: padding }, () => padding),
  ]);
}

/** As it came; the time is its sequence number unless given. */
export function arrived(made: HandMade, at: number = made.sequence): ArrivedPacket {
  const packet = readRtp(packetOf(made));
  if (packet === undefined) throw new Error('the packet is none');
  return { ...packet, at };
}
