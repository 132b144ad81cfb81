import type { SendPacket, SentFigures } from './media-source.ts';

/** Packets that leave in a ms: 2.4 Mbit/s, somewhat more than twice what all layers take, as a browser's pacer lets a keyframe out. */
const PACKETS_PER_MS = 0.25;
/** More than the largest keyframes of all layers: what is longer waits behind a process that stood still. */
const LONGEST = 256;

/** Packets of one track on their way out. */
export class PacedQueue {
  readonly #send: SendPacket;
  readonly #figures: SentFigures;
  #waiting: Buffer[] = [];
  #last = 0;

  constructor(send: SendPacket, figures: SentFigures) {
    this.#send = send;
    this.#figures = figures;
  }

  add(packets: readonly Buffer[]): void {
    if (this.#waiting.length + packets.length > LONGEST) this.#waiting = [];
    this.#waiting.push(...packets);
  }

  /** Before all others. */
  now(packet: Buffer): void {
    this.#figures.packets += 1;
    this.#figures.bytes += packet.length;
    this.#send(packet);
  }

  tick(now: number): void {
    const allowed = Math.ceil((now - this.#last) * PACKETS_PER_MS);
    this.#last = now;
    for (const packet of this.#waiting.splice(0, allowed)) this.now(packet);
  }
}
