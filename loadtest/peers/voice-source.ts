import { VOICE_PACKET_MS, voiceRecording } from '../media/recordings.ts';
import { OPUS_SILENCE } from './light-source.ts';
import { type MediaSource, noFigures, type SendPacket } from './media-source.ts';
import { MediaClock, OPUS_CLOCK, PAYLOAD_TYPES, RtpStream } from './rtp.ts';
import { readFeedback } from './rtcp-feedback.ts';

const REPORT_EVERY_MS = 1_500;
/** A process that stood still for longer goes on from now. */
const BEHIND_MS = 200;

/** The recorded voice, a packet every 20 ms; silence while muted. */
export class VoiceSource implements MediaSource {
  readonly ssrcs: readonly number[];
  readonly figures = noFigures();
  readonly #stream = new RtpStream(PAYLOAD_TYPES.opus);
  readonly #clock = new MediaClock(OPUS_CLOCK);
  readonly #send: SendPacket;
  #position: number;
  #next = 0;
  #reportAt = 0;
  #muted = false;

  constructor(send: SendPacket) {
    this.#send = send;
    this.#position = Math.floor(Math.random() * voiceRecording().length);
    this.ssrcs = [this.#stream.ssrc];
  }

  tick(now: number): void {
    if (now - this.#next > BEHIND_MS) this.#next = now;
    while (this.#next <= now) {
      const packets = voiceRecording();
      const payload = this.#muted ? OPUS_SILENCE : packets[this.#position % packets.length];
      this.#position += 1;
      if (payload !== undefined) this.#say(this.#stream.packet([payload], this.#clock.at(this.#next), false));
      this.#next += VOICE_PACKET_MS;
    }
    if (now < this.#reportAt) return;
    this.#reportAt = now + REPORT_EVERY_MS;
    this.#say(this.#stream.senderReport(now, this.#clock.at(now)));
  }

  hear(compound: Buffer): void {
    for (const feedback of readFeedback(compound)) {
      if (feedback.kind !== 'nack') continue;
      for (const sequence of feedback.sequences) {
        const packet = this.#stream.again(sequence);
        if (packet === undefined) continue;
        this.figures.repaired += 1;
        this.#say(packet);
      }
    }
  }

  /** It has one. */
  setLayers(): void {}

  setMuted(muted: boolean): void {
    this.#muted = muted;
  }

  #say(packet: Buffer): void {
    this.figures.packets += 1;
    this.figures.bytes += packet.length;
    this.#send(packet);
  }
}
