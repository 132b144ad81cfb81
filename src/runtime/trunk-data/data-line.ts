/** Sends application data over a trunk's WebSocket, so that control messages never wait long behind it. */
import { writeTrunkData } from '../../../signalling/wire/trunk-data.ts';
import type { CarriedData, Clock, Meters, Trunk } from '../../ports.ts';
import type { DataChannelRef } from '../../session.ts';
import { DataOutbox } from './outbox.ts';

/** Characters on the way, of whatever kind, with which no data is added: what a control message may have before it. */
const MOST_ON_THE_WAY = 65_536;
/** Characters of a frame, or a single longer message. */
const FRAME_CHARACTERS = 16_384;
/** ms between two frames: the other end reads so many a second, and control messages are among them. */
const FRAME_EVERY_MS = 5;
/** Characters in a ms, about 750,000 bytes in a second. */
const PACE = 1_000;

export interface DataLineWorld {
  trunk: Pick<Trunk, 'say' | 'unacknowledged'>;
  clock: Clock;
  meters: Pick<Meters, 'dataMessages'>;
  /** The trunk does not keep what it is told: it has to begin anew. */
  overflowed(): void;
}

export class DataLine {
  readonly #world: DataLineWorld;
  readonly #outbox = new DataOutbox();
  /** When the next frame may go (ms since 1970). */
  #nextAt = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | undefined;
  #closed = false;

  constructor(world: DataLineWorld) {
    this.#world = world;
  }

  /** Takes a message, which goes at once or with others soon. `full`: it is not taken. */
  send(message: CarriedData): 'taken' | 'full' {
    if (this.#closed) return 'taken';
    const outcome = this.#outbox.add(message, this.#world.clock.now());
    this.flow();
    return outcome;
  }

  /** What waits of a channel goes no more. */
  forget(channel: DataChannelRef): void {
    this.#outbox.forget(channel);
  }

  /** Goes on: the other focus has acknowledged something, or is back. */
  flow(): void {
    const { trunk, clock, meters } = this.#world;
    if (this.#closed || this.#timer !== undefined || this.#outbox.isEmpty) return;
    if (trunk.unacknowledged >= MOST_ON_THE_WAY) return;
    const now = clock.now();
    if (now < this.#nextAt) return this.#flowAt(this.#nextAt - now);
    const messages = this.#outbox.next(FRAME_CHARACTERS, now);
    const dropped = this.#outbox.takeDropped();
    if (dropped > 0) meters.dataMessages('slow_subscriber', dropped);
    if (messages.length === 0) return;
    const frame = writeTrunkData(messages);
    if (!trunk.say(frame)) {
      this.close();
      return this.#world.overflowed();
    }
    const pause = Math.max(FRAME_EVERY_MS, frame.length / PACE);
    this.#nextAt = now + pause;
    this.#flowAt(pause);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #flowAt(inMs: number): void {
    this.#timer = this.#world.clock.after(inMs, () => {
      this.#timer = undefined;
      this.flow();
    });
  }
}
