import { type MediaSource, noFigures, type SendPacket } from '../../../loadtest/peers/media-source.ts';
import { readFeedback } from '../../../loadtest/peers/rtcp-feedback.ts';
import { MediaClock, OPUS_CLOCK, PAYLOAD_TYPES, RtpStream, VIDEO_CLOCK } from '../../../loadtest/peers/rtp.ts';
import type { Burst } from './bursts.ts';

const RTP_HEADER_BYTES = 12;
/** Between two looks at what is due. */
const LOOK_EVERY_MS = 1;
/** A stream that stops is noticed after 1.5 s, and told to everybody: between the times when it counts, it goes on at this pace. */
const IDLE_EVERY_MS = 400;
const REPORT_EVERY_MS = 1_000;
const MOST_BYTES = 1_500;

/** Start of the first partition (RFC 7741 section 4.2), then a frame header that says interframe, or keyframe (section 4.3). */
const FIRST_OF_INTERFRAME = Buffer.from([0x10, 0x01]);
const FIRST_OF_KEYFRAME = Buffer.from([0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 64, 0]);
const FOLLOWING = Buffer.from([0x00]);
const NOTHING = Buffer.alloc(0);

export interface PacedRun {
  bursts: readonly Burst[];
  burstsPerSecond: number;
  /** Bursts in all. */
  count: number;
}

/** A track whose packets have the sizes, the pace and the number that is asked for. Their payload is nothing that could be shown. */
export class PacedSource implements MediaSource {
  readonly ssrcs: readonly number[];
  readonly figures = noFigures();
  readonly #kind: 'audio' | 'video';
  readonly #stream: RtpStream;
  readonly #clock: MediaClock;
  readonly #send: SendPacket;
  readonly #zeros = Buffer.alloc(MOST_BYTES);
  #running = false;
  #idleAt = 0;
  #reportAt = 0;
  #keyframeDue = true;

  constructor(kind: 'audio' | 'video', send: SendPacket) {
    this.#kind = kind;
    this.#send = send;
    this.#stream = new RtpStream(kind === 'audio' ? PAYLOAD_TYPES.opus : PAYLOAD_TYPES.vp8);
    this.#clock = new MediaClock(kind === 'audio' ? OPUS_CLOCK : VIDEO_CLOCK);
    this.ssrcs = [this.#stream.ssrc];
  }

  /** Sends these bursts, at once the first one; resolves with the time that took in ms. */
  run({ bursts, burstsPerSecond, count }: PacedRun): Promise<number> {
    if (this.#running) return Promise.reject(new Error('it runs already'));
    this.#running = true;
    const { promise, resolve } = Promise.withResolvers<number>();
    const began = performance.now();
    let turn = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      for (; turn < count && began + (turn * 1_000) / burstsPerSecond <= now; turn += 1)
        this.#frame(bursts[turn % bursts.length] ?? [], now);
      this.#report(now);
      if (turn < count) return;
      clearInterval(timer);
      this.#running = false;
      this.#idleAt = now + IDLE_EVERY_MS;
      resolve(now - began);
    }, LOOK_EVERY_MS);
    return promise;
  }

  tick(now: number): void {
    if (this.#running) return;
    if (now >= this.#idleAt) {
      this.#idleAt = now + IDLE_EVERY_MS;
      this.#frame([RTP_HEADER_BYTES + FIRST_OF_KEYFRAME.length], now);
    }
    this.#report(now);
  }

  hear(compound: Buffer): void {
    for (const feedback of readFeedback(compound)) {
      if (feedback.kind === 'keyframe') {
        this.figures.keyframesAsked += 1;
        this.#keyframeDue = true;
        continue;
      }
      for (const sequence of feedback.sequences) {
        const packet = this.#stream.again(sequence);
        if (packet === undefined) continue;
        this.figures.repaired += 1;
        this.#send(packet);
      }
    }
  }

  /** It has one. */
  setLayers(): void {}

  /** It is never muted: the bench says when it is silent. */
  setMuted(): void {}

  #frame(sizes: Burst, now: number): void {
    const timestamp = this.#clock.at(now);
    for (const [index, size] of sizes.entries()) {
      const begin = this.#begin(index);
      const rest = this.#zeros.subarray(0, Math.max(0, size - RTP_HEADER_BYTES - begin.length));
      const packet = this.#stream.packet([begin, rest], timestamp, index === sizes.length - 1);
      this.figures.packets += 1;
      this.figures.bytes += packet.length;
      this.#send(packet);
    }
  }

  #begin(index: number): Buffer {
    if (this.#kind === 'audio') return NOTHING;
    if (index > 0) return FOLLOWING;
    const begin = this.#keyframeDue ? FIRST_OF_KEYFRAME : FIRST_OF_INTERFRAME;
    this.#keyframeDue = false;
    return begin;
  }

  #report(now: number): void {
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_EVERY_MS;
    this.#send(this.#stream.senderReport(now, this.#clock.at(now)));
  }
}
