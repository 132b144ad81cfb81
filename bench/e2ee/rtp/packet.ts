/** RTP packets, as far as frames are made of them (RFC 3550, section 5.1). Pure. */

export interface RtpPacket {
  payloadType: number;
  /** 16 bits: it begins again after 65,535. */
  sequence: number;
  /** 32 bits, unsigned. */
  timestamp: number;
  ssrc: number;
  /** The last packet of a picture. */
  marker: boolean;
  /** Without header, extensions and padding. Empty where a packet is nothing but padding: a probe. */
  payload: Uint8Array;
  /** Bytes of the whole packet. */
  bytes: number;
}

const FIXED_BYTES = 12;
const VERSION = 2;
const EXTENSION_HEADER_BYTES = 4;

/** `undefined` for what is no whole RTP packet. Never throws. */
export function readRtp(packet: Uint8Array): RtpPacket | undefined {
  if (packet.length < FIXED_BYTES) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const [first, second] = [view.getUint8(0), view.getUint8(1)];
  if (first >> 6 !== VERSION) return undefined;
  let start = FIXED_BYTES + (first & 0xf) * 4;
  if ((first & 0b1_0000) !== 0) {
    if (start + EXTENSION_HEADER_BYTES > packet.length) return undefined;
    start += EXTENSION_HEADER_BYTES + view.getUint16(start + 2) * 4;
  }
  const padding = (first & 0b10_0000) === 0 ? 0 : view.getUint8(packet.length - 1);
  const end = packet.length - padding;
  if (start > end) return undefined;
  return {
    payloadType: second & 0x7f,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    marker: (second & 0x80) !== 0,
    payload: packet.subarray(start, end),
    bytes: packet.length,
  };
}
