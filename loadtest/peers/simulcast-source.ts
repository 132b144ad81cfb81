/** The recorded picture as a browser's simulcast camera sends it: an ssrc for each layer, one clock. */
import { simulcastRecording, type VideoLoop } from '../media/recordings.ts';
import { type MediaSource, noFigures, type SendPacket } from './media-source.ts';
import { PacedQueue } from './paced-queue.ts';
import { readFeedback } from './rtcp-feedback.ts';
import { MediaClock, PAYLOAD_TYPES, RtpStream, VIDEO_CLOCK } from './rtp.ts';
import { Vp8Packetiser } from './vp8.ts';

const REPORT_EVERY_MS = 1_000;
/** Chromium's encoder, too, answers no second request within this time. */
const KEYFRAMES_APART_MS = 300;
/** A process that stood still for longer goes on from now. */
const FRAMES_BEHIND = 3;

/** One layer: where in its loop it is, and what it owes. */
class Layer {
  readonly stream = new RtpStream(PAYLOAD_TYPES.vp8);
  readonly #packetiser = new Vp8Packetiser(this.stream);
  readonly #loop: VideoLoop;
  active = true;
  #position = 0;
  #keyframeDue = true;
  #askedAt = -KEYFRAMES_APART_MS;
  #reportAt = 0;

  constructor(loop: VideoLoop) {
    this.#loop = loop;
  }

  askKeyframe(now: number): void {
    if (now - this.#askedAt < KEYFRAMES_APART_MS) return;
    this.#askedAt = now;
    this.#keyframeDue = true;
  }

  /** Goes on, after a pause, with a keyframe and a report. */
  start(): void {
    this.#keyframeDue = true;
    this.#reportAt = 0;
  }

  /** The next frame; a keyframe that is due is the one nearest to where the other layers are. */
  frame(common: number, timestamp: number): Buffer[] {
    const { frames, keyframes } = this.#loop;
    if (this.#keyframeDue) this.#position = nearest(keyframes, common % frames.length, frames.length);
    this.#keyframeDue = false;
    const frame = frames[this.#position];
    this.#position = (this.#position + 1) % frames.length;
    return frame === undefined ? [] : this.#packetiser.packets(frame.data, timestamp);
  }

  report(now: number, timestamp: number): Buffer | undefined {
    if (now < this.#reportAt) return undefined;
    this.#reportAt = now + REPORT_EVERY_MS;
    return this.stream.senderReport(now, timestamp);
  }
}

/** Of places in a loop, the one with the shortest way round to `position`. */
export function nearest(places: readonly number[], position: number, length: number): number {
  const away = (place: number): number => {
    const apart = Math.abs(place - position);
    return Math.min(apart, length - apart);
  };
  return places.reduce((best, place) => (away(place) < away(best) ? place : best), places[0] ?? 0);
}

export class SimulcastSource implements MediaSource {
  readonly ssrcs: readonly number[];
  readonly figures = noFigures();
  readonly #layers: readonly Layer[];
  readonly #clock = new MediaClock(VIDEO_CLOCK);
  readonly #frameMs: number;
  readonly #queue: PacedQueue;
  /** Of the common picture, in frames from somewhere in the loop: publishers that start together differ. */
  #position: number;
  #next = 0;
  #muted = false;

  constructor(send: SendPacket) {
    const { layers, framesPerSecond } = simulcastRecording();
    this.#layers = layers.map(loop => new Layer(loop));
    this.#frameMs = 1_000 / framesPerSecond;
    this.#position = Math.floor(Math.random() * (layers[0]?.frames.length ?? 1));
    this.ssrcs = this.#layers.map(({ stream }) => stream.ssrc);
    this.#queue = new PacedQueue(send, this.figures);
  }

  tick(now: number): void {
    this.#queue.tick(now);
    if (now < this.#next) return;
    // Cameras do not run in step.
    const first = this.#next === 0;
    const captured = now - this.#next > FRAMES_BEHIND * this.#frameMs ? now : this.#next;
    this.#next = captured + (first ? Math.random() + 0.5 : 1) * this.#frameMs;
    this.#position += 1;
    if (this.#muted) return;
    const timestamp = this.#clock.at(captured);
    for (const layer of this.#layers) {
      if (!layer.active) continue;
      this.#queue.add(layer.frame(this.#position, timestamp));
      // After the first packet: a report of an unknown ssrc is dropped. Without reports the focus cannot change layers.
      const report = layer.report(now, this.#clock.at(now));
      if (report !== undefined) this.#queue.add([report]);
    }
  }

  hear(compound: Buffer): void {
    const now = performance.now();
    for (const feedback of readFeedback(compound)) {
      const layer = this.#layers.find(({ stream }) => stream.ssrc === feedback.ssrc);
      if (layer === undefined) continue;
      switch (feedback.kind) {
        case 'keyframe':
          this.figures.keyframesAsked += 1;
          layer.askKeyframe(now);
          break;
        case 'nack':
          for (const sequence of feedback.sequences) {
            const packet = layer.stream.again(sequence);
            if (packet === undefined) continue;
            this.figures.repaired += 1;
            this.#queue.now(packet);
          }
          break;
      }
    }
  }

  /** Lowest first; layers that are not named stay as they are. A frame that has begun is finished. */
  setLayers(active: readonly boolean[]): void {
    for (const [index, layer] of this.#layers.entries()) {
      const wanted = active[index] ?? layer.active;
      if (wanted && !layer.active) layer.start();
      layer.active = wanted;
    }
  }

  setMuted(muted: boolean): void {
    if (!muted && this.#muted) for (const layer of this.#layers) layer.start();
    this.#muted = muted;
  }
}
