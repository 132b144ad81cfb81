/** What came of one track, told from its RTP packets. It asks for nothing again: `repaired` stays 0. */
import type { TrackIds } from './endpoint.ts';
import type { ReceivedTrack } from './received-media.ts';
import { OPUS_CLOCK, PAYLOAD_TYPES, VIDEO_CLOCK } from './rtp.ts';

const FIXED_HEADER_BYTES = 12;

export class RtpReception {
  readonly #track: TrackIds;
  #kind: 'audio' | 'video' = 'audio';
  /** Extended by the times that the 16 bits went round. */
  #highest: number | undefined;
  #packets = 0;
  #bytes = 0;
  #expected = 0;
  #frames = 0;
  #keyframes = 0;
  #size: ReceivedTrack['size'];
  #isBroken = true;
  #shownAt: number | undefined;
  #longestGapMs = 0;
  #transitMs: number | undefined;
  #jitterMs = 0;

  constructor(track: TrackIds) {
    this.#track = track;
  }

  /** Of what is neither voice nor picture, such as padding with which a focus tries a link, nothing is taken. `now` on the monotonic clock in ms. */
  take(packet: Buffer, now: number): void {
    if (packet.length <= FIXED_HEADER_BYTES) return;
    const second = packet.readUInt8(1);
    const payloadType = second & 0x7f;
    if (payloadType !== PAYLOAD_TYPES.opus && payloadType !== PAYLOAD_TYPES.vp8) return;
    this.#kind = payloadType === PAYLOAD_TYPES.opus ? 'audio' : 'video';
    this.#packets += 1;
    this.#bytes += packet.length;
    const isNext = this.#follow(packet.readUInt16BE(2));
    this.#measureJitter(packet.readUInt32BE(4), now);
    if (this.#kind === 'audio') {
      this.#shown(now);
      return;
    }
    if (!isNext) this.#isBroken = true;
    this.#lookAtVp8(packet);
    if ((second & 0x80) === 0 || this.#isBroken) return;
    this.#frames += 1;
    this.#shown(now);
  }

  /** Since the last report. */
  report(now: number): ReceivedTrack {
    const gap = this.#shownAt === undefined ? 0 : now - this.#shownAt;
    const report: ReceivedTrack = {
      ...this.#track,
      kind: this.#kind,
      packets: this.#packets,
      bytes: this.#bytes,
      lost: Math.max(0, this.#expected - this.#packets),
      repaired: 0,
      jitterMs: this.#jitterMs,
      keyframes: this.#keyframes,
      frames: this.#frames,
      longestGapMs: Math.max(this.#longestGapMs, gap),
      size: this.#size,
    };
    this.#packets = 0;
    this.#bytes = 0;
    this.#expected = 0;
    this.#frames = 0;
    this.#keyframes = 0;
    this.#longestGapMs = 0;
    return report;
  }

  /** Whether the packet follows the one before it. */
  #follow(sequence: number): boolean {
    if (this.#highest === undefined) {
      this.#highest = sequence;
      this.#expected += 1;
      return true;
    }
    // RFC 3550, A.1: the nearest of the possible distances.
    const step = ((sequence - this.#highest + 0x8000) & 0xffff) - 0x8000;
    if (step <= 0) return false;
    this.#highest = (this.#highest + step) & 0xffff;
    this.#expected += step;
    return step === 1;
  }

  /** RFC 3550, 6.4.1. */
  #measureJitter(timestamp: number, now: number): void {
    const transit = now - (timestamp * 1_000) / (this.#kind === 'audio' ? OPUS_CLOCK : VIDEO_CLOCK);
    if (this.#transitMs !== undefined) this.#jitterMs += (Math.abs(transit - this.#transitMs) - this.#jitterMs) / 16;
    this.#transitMs = transit;
  }

  #shown(now: number): void {
    if (this.#shownAt !== undefined) this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#shownAt);
    this.#shownAt = now;
  }

  /** RFC 7741, 4.2 and RFC 6386, 9.1: a keyframe begins, and says its size. */
  #lookAtVp8(packet: Buffer): void {
    const first = packet.readUInt8(0);
    let at = FIXED_HEADER_BYTES + (first & 0x0f) * 4;
    if ((first & 0x10) !== 0 && packet.length >= at + 4) at += 4 + packet.readUInt16BE(at + 2) * 4;
    const descriptor = packet[at] ?? 0;
    const startsFrame = (descriptor & 0x17) === 0x10;
    at += 1;
    if ((descriptor & 0x80) !== 0) {
      const extensions = packet[at] ?? 0;
      at += 1;
      if ((extensions & 0x80) !== 0) at += ((packet[at] ?? 0) & 0x80) === 0 ? 1 : 2;
      if ((extensions & 0x40) !== 0) at += 1;
      if ((extensions & 0x30) !== 0) at += 1;
    }
    if (!startsFrame || packet.length < at + 10 || ((packet[at] ?? 1) & 1) !== 0) return;
    this.#isBroken = false;
    this.#keyframes += 1;
    this.#size = { width: packet.readUInt16LE(at + 6) & 0x3fff, height: packet.readUInt16LE(at + 8) & 0x3fff };
  }
}
