/** A camera and a microphone that cost nothing to run. */
import { lightRecording } from '../media/recordings.ts';
import { type MediaSource, noFigures, type SendPacket } from './media-source.ts';
import { readFeedback } from './rtcp-feedback.ts';
import { MediaClock, OPUS_CLOCK, PAYLOAD_TYPES, RtpStream, VIDEO_CLOCK } from './rtp.ts';
import { Vp8Packetiser } from './vp8.ts';

/** How often a light peer sends, in ms: seldom enough that ten of them leave the machine to the focus. */
export const LIGHT_PACE = { audio: 60, video: 100 } as const;

// 20 ms of silence (RFC 6716: CELT, fullband, stereo).
export const OPUS_SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** Packets of a silent room. */
export class SilentPackets {
  readonly stream: RtpStream;
  readonly #clock = new MediaClock(OPUS_CLOCK);

  /** With an ssrc of its own where none is given. */
  constructor(ssrc?: number) {
    this.stream = new RtpStream(PAYLOAD_TYPES.opus, ssrc);
  }

  /** The packet of a time on the monotonic clock in ms. */
  at(now: number): Buffer {
    return this.stream.packet([OPUS_SILENCE], this.#clock.at(now), false);
  }
}

/** Packets of a small picture: real VP8, one packet a frame. */
export class SmallPictures {
  readonly stream: RtpStream;
  readonly #packetiser: Vp8Packetiser;
  readonly #clock = new MediaClock(VIDEO_CLOCK);
  #position = 0;

  constructor(ssrc?: number) {
    this.stream = new RtpStream(PAYLOAD_TYPES.vp8, ssrc);
    this.#packetiser = new Vp8Packetiser(this.stream);
  }

  at(now: number): Buffer {
    const { frames } = lightRecording();
    const [packet] = this.#packetiser.packets(
      frames[this.#position % frames.length]?.data ?? Buffer.alloc(1),
      this.#clock.at(now),
    );
    this.#position += 1;
    if (packet === undefined) throw new Error('the recording holds an empty frame');
    return packet;
  }

  /** Shows a keyframe next. */
  restart(): void {
    this.#position = 0;
  }
}

/** One packet of such at a time, as seldom as LIGHT_PACE says. */
export class LightSource implements MediaSource {
  readonly ssrcs: readonly number[];
  readonly figures = noFigures();
  readonly #packets: SilentPackets | SmallPictures;
  readonly #everyMs: number;
  readonly #send: SendPacket;
  #next = 0;
  #muted = false;

  constructor(kind: 'audio' | 'video', send: SendPacket) {
    this.#packets = kind === 'audio' ? new SilentPackets() : new SmallPictures();
    this.#everyMs = LIGHT_PACE[kind];
    this.#send = send;
    this.ssrcs = [this.#packets.stream.ssrc];
  }

  tick(now: number): void {
    if (now < this.#next || (this.#muted && this.#packets instanceof SmallPictures)) return;
    const due = this.#next + this.#everyMs;
    this.#next = due > now ? due : now + this.#everyMs;
    const packet = this.#packets.at(now);
    this.figures.packets += 1;
    this.figures.bytes += packet.length;
    this.#send(packet);
  }

  hear(compound: Buffer): void {
    for (const { kind } of readFeedback(compound)) {
      if (kind !== 'keyframe' || !(this.#packets instanceof SmallPictures)) continue;
      this.figures.keyframesAsked += 1;
      this.#packets.restart();
    }
  }

  /** It has one, and goes on with it. */
  setLayers(): void {}

  setMuted(muted: boolean): void {
    if (!muted && this.#packets instanceof SmallPictures) this.#packets.restart();
    this.#muted = muted;
  }
}
