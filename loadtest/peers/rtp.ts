/** RTP packets and sender reports of one ssrc (RFC 3550). */

/** Payload types that mediasoup gives these codecs: a peer with one transport must use the same. */
export const PAYLOAD_TYPES = { opus: 111, vp8: 96 } as const;

export const OPUS_CLOCK = 48_000;
export const VIDEO_CLOCK = 90_000;

const HEADER_BYTES = 12;
/** Packets that are kept for repairs: a second and a half of the highest layer. A power of two. */
const KEPT = 128;
/** Seconds from 1900, when NTP begins, to 1970. */
const NTP_EPOCH_S = 2_208_988_800;
const SENDER_REPORT = 200;

/** Runs with the monotonic clock from a random begin; common to the streams of one capture. */
export class MediaClock {
  readonly rate: number;
  readonly #begin = Math.floor(Math.random() * 0x8000_0000);

  /** `rate` in ticks/s. */
  constructor(rate: number) {
    this.rate = rate;
  }

  /** RTP timestamp of a time on the monotonic clock in ms. */
  at(now: number): number {
    return (this.#begin + Math.round((now * this.rate) / 1000)) % 0x1_0000_0000;
  }
}

/** The packets of one ssrc. */
export class RtpStream {
  readonly ssrc: number;
  readonly #payloadType: number;
  readonly #kept: (Buffer | undefined)[] = [];
  #sequence = Math.floor(Math.random() * 0x8000);
  #packets = 0;
  #octets = 0;

  constructor(payloadType: number, ssrc = 1 + Math.floor(Math.random() * 0xffff_fffe)) {
    this.ssrc = ssrc;
    this.#payloadType = payloadType;
  }

  /** The next packet. */
  packet(payload: readonly Buffer[], timestamp: number, marker: boolean): Buffer {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header[0] = 0x80;
    header[1] = this.#payloadType | (marker ? 0x80 : 0);
    header.writeUInt16BE(this.#sequence, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(this.ssrc, 8);
    const packet = Buffer.concat([header, ...payload]);
    this.#kept[this.#sequence % KEPT] = packet;
    this.#packets += 1;
    this.#octets += packet.length - HEADER_BYTES;
    return packet;
  }

  /** A packet that was sent lately. */
  again(sequence: number): Buffer | undefined {
    const kept = this.#kept[sequence % KEPT];
    return kept?.readUInt16BE(2) === sequence ? kept : undefined;
  }

  /** RFC 3550, 6.4.1. `now` on the monotonic clock in ms, `timestamp` of the same moment. */
  senderReport(now: number, timestamp: number): Buffer {
    const report = Buffer.alloc(28);
    const seconds = (performance.timeOrigin + now) / 1000 + NTP_EPOCH_S;
    const whole = Math.floor(seconds);
    report[0] = 0x80;
    report[1] = SENDER_REPORT;
    report.writeUInt16BE(report.length / 4 - 1, 2);
    report.writeUInt32BE(this.ssrc, 4);
    report.writeUInt32BE(whole, 8);
    report.writeUInt32BE(Math.floor((seconds - whole) * 0x1_0000_0000), 12);
    report.writeUInt32BE(timestamp, 16);
    report.writeUInt32BE(this.#packets % 0x1_0000_0000, 20);
    report.writeUInt32BE(this.#octets % 0x1_0000_0000, 24);
    return report;
  }
}

/** Whether RTP, not RTCP, is multiplexed into this packet (RFC 5761). */
export function isRtp(packet: Buffer): boolean {
  const type = packet[1];
  return packet.length >= HEADER_BYTES && type !== undefined && (type < 192 || type > 223);
}
