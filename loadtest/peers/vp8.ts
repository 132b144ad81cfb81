/** VP8 in RTP (RFC 7741). */
import type { RtpStream } from './rtp.ts';

/** Room for the headers of a packet, SRTP and a relay in an MTU of 1,280 bytes and more. */
const MAX_PAYLOAD_BYTES = 1_150;

/** Cuts the frames of one ssrc into packets. */
export class Vp8Packetiser {
  readonly #stream: RtpStream;
  #pictureId = Math.floor(Math.random() * 0x4000);

  constructor(stream: RtpStream) {
    this.#stream = stream;
  }

  packets(frame: Buffer, timestamp: number): Buffer[] {
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    const parts = Math.ceil(frame.length / MAX_PAYLOAD_BYTES);
    // Parts of one size: a tiny last one would cost as much as the others.
    const size = Math.ceil(frame.length / parts);
    return Array.from({ length: parts }, (_, part) =>
      this.#stream.packet(
        [this.#descriptor(part === 0), frame.subarray(part * size, (part + 1) * size)],
        timestamp,
        part === parts - 1,
      ),
    );
  }

  /** 4.2: extended, maybe the start of partition 0, a picture id of 15 bits. */
  #descriptor(first: boolean): Buffer {
    return Buffer.from([first ? 0x90 : 0x80, 0x80, 0x80 | (this.#pictureId >> 8), this.#pictureId & 0xff]);
  }
}
