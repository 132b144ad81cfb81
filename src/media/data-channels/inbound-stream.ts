import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { Clock, DataOutcome } from '../../ports.ts';
import type { Logger } from '../options.ts';
import type { Allowance } from './allowance.ts';
import { type ChannelOpen, PPID, readOpen } from './dcep.ts';
import type { PublishedChannel } from './published-channel.ts';
import { closeTap, type Tap } from './streams.ts';

/** Messages in a second that are dropped before the stream is paused: these at least, and as many as may be sent. */
const LEAST_FLOOD = 200;
/** ms. A pause is twice as long as the one before it, where that was not long ago. */
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const FORGIVEN_AFTER_MS = 30_000;

export interface InboundStreamEvents {
  /** The client opens a channel on it. */
  opened(stream: InboundStream, open: ChannelOpen): void;
  /** A message of its channel was more than the client may send. */
  refused(stream: InboundStream, verdict: 'too large' | 'too fast'): void;
  /** What became of a message. */
  counted(outcome: DataOutcome): void;
  /** What comes is not even looked at for so many ms. */
  paused(stream: InboundStream, forMs: number): void;
}

/** One stream on which the client may open a channel, policed: a flood is stopped inside the worker. */
export class InboundStream {
  readonly id: number;
  channel: PublishedChannel | undefined;
  readonly #allowance: Allowance;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: InboundStreamEvents;
  #tap: Tap | undefined;
  #dropped = 0;
  #droppedSince = 0;
  #pauseMs = SHORTEST_PAUSE_MS;
  #pause: ReturnType<Clock['after']> | undefined;
  #resumedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(id: number, allowance: Allowance, clock: Clock, logger: Logger, events: InboundStreamEvents) {
    this.id = id;
    this.#allowance = allowance;
    this.#clock = clock;
    this.#logger = logger;
    this.#events = events;
  }

  /** Where its messages come from. */
  attach(tap: Tap): void {
    if (this.#closed) closeTap(tap);
    else this.#tap = tap;
  }

  readonly receive = (message: Buffer, ppid: number): void => {
    if (this.#closed || this.#pause !== undefined) return;
    const verdict = this.#allowance.take(message.length, this.#clock.now());
    if (ppid === PPID.dcep) {
      const open = readOpen(message);
      if (open !== undefined) this.#events.opened(this, open);
    } else if (verdict === 'taken') {
      this.#events.counted(this.channel?.send(message, ppid) === true ? 'forwarded' : 'no_channel');
    } else {
      this.#events.counted(verdict === 'too large' ? 'too_large' : 'too_fast');
      if (this.channel?.isOpen === true) this.#events.refused(this, verdict);
    }
    // Whatever is of no use counts, on a stream without a channel and a hundredth OPEN, too.
    if (verdict !== 'taken') this.#drop();
  };

  close(): void {
    this.#closed = true;
    this.#pause?.cancel();
    this.channel?.close();
    this.channel = undefined;
    if (this.#tap !== undefined) closeTap(this.#tap);
  }

  #drop(): void {
    const now = this.#clock.now();
    if (now - this.#droppedSince > 1_000) {
      this.#droppedSince = now;
      this.#dropped = 0;
    }
    this.#dropped += 1;
    const flood = Math.max(LEAST_FLOOD, this.#allowance.messagesPerSecond);
    if (this.#dropped < flood || this.#tap === undefined) return;
    this.#dropped = 0;
    if (now - this.#resumedAt > FORGIVEN_AFTER_MS) this.#pauseMs = SHORTEST_PAUSE_MS;
    const { producer } = this.#tap;
    producer.pause().catch((thrown: unknown) => this.#failed('paused', thrown));
    this.#pause = this.#clock.after(this.#pauseMs, () => {
      this.#pause = undefined;
      this.#resumedAt = this.#clock.now();
      producer.resume().catch((thrown: unknown) => this.#failed('resumed', thrown));
    });
    this.#events.paused(this, this.#pauseMs);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }

  #failed(what: string, thrown: unknown): void {
    if (this.#closed) return;
    this.#logger.warn({ stream: this.id, error: asWeirError(thrown).message }, `data stream not ${what}`);
  }
}
