import type { types } from 'mediasoup';
import { asWeirError, WeirError } from '../../../signalling/wire/errors.ts';
import type { Clock, ForwardedData } from '../../ports.ts';
import { keyOfDataChannel } from '../../session.ts';
import type { ConferenceData, DataBridge } from './bridge.ts';
import { isAck, PPID, writeOpen } from './dcep.ts';
import { type Fan, type FanPlace, OPEN_SUBCHANNEL } from './fan.ts';
import type { StreamIds } from './stream-ids.ts';
import { closeTap, consumeOn, deliveryOf, listenOn, type Tap } from './streams.ts';

/** ms. The OPEN of a lossy channel is sent once, and may be lost; that of a reliable one comes in the end. */
const LOSSY_ACK_WITHIN_MS = 3_000;
const RELIABLE_ACK_WITHIN_MS = 10_000;
const ATTEMPTS = 4;
/** bytes. What went to the subscriber since its queue was looked at last, before it is looked at again. */
const LOOK_AFTER_BYTES = 131_072;
/** bytes in the queue of a subscriber: more, and it is too slow; less, and it may go on. */
const TOO_SLOW_BYTES = 524_288;
const DRAINED_BYTES = 65_536;

export interface ForwardPlace {
  transport: types.WebRtcTransport;
  /** Of the subscriber's router. */
  bridge: DataBridge;
  conference: ConferenceData;
  clock: Clock;
  ids: StreamIds;
}

/** A publisher's channel as one subscriber has it. */
export class ForwardedChannel {
  readonly channel: ForwardedData;
  readonly #place: ForwardPlace;
  readonly #ended: (error?: WeirError) => void;
  #consumer: types.DataConsumer | undefined;
  #fan: Fan | undefined;
  #lookedAt = 0;
  /** Messages of the publisher before those that the subscriber does not get, while it is too slow. */
  #heldSince: number | undefined;
  #isOpen = false;
  #closed = false;
  #stopWaiting: (() => void) | undefined;
  /** Closes what was made for it. */
  #drop: (() => void) | undefined;

  /** `ended` is called once, unless it is closed before. */
  constructor(channel: ForwardedData, place: ForwardPlace, ended: (error?: WeirError) => void) {
    this.channel = channel;
    this.#place = place;
    this.#ended = ended;
  }

  /** Id of what sends to the subscriber, once its channel is open: the worker closes it when the client closes the channel. */
  get consumerId(): string | undefined {
    return this.#isOpen ? this.#consumer?.id : undefined;
  }

  /** Opens the channel at the subscriber. Never rejects. */
  async open(): Promise<void> {
    try {
      const fan = await this.#place.conference.fans.get(keyOfDataChannel(this.channel));
      // Its publisher closed it meanwhile, and the rules hear of that in another way.
      if (fan === undefined) return;
      this.#fan = fan;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        if (this.#closed || fan.closed || (await this.#attempt(fan))) return;
      }
      throw new WeirError('WEIR_MEDIA_FAILED', 'the client does not take a data channel');
    } catch (thrown) {
      this.#end(asWeirError(thrown, 'WEIR_MEDIA_FAILED'));
    }
  }

  /** Looks after the subscriber's queue, where much went there. Never rejects. */
  async look(): Promise<void> {
    const [fan, consumer] = [this.#fan, this.#consumer];
    if (!this.#isOpen || fan === undefined || consumer === undefined) return;
    if (this.#heldSince === undefined && fan.bytes - this.#lookedAt < LOOK_AFTER_BYTES) return;
    this.#lookedAt = fan.bytes;
    try {
      const waiting = await consumer.getBufferedAmount();
      if (waiting > TOO_SLOW_BYTES && this.#heldSince === undefined) await this.#tooSlow(consumer, fan);
      else if (waiting < DRAINED_BYTES && this.#heldSince !== undefined) {
        await consumer.addSubchannel(OPEN_SUBCHANNEL);
        this.#place.conference.count('slow_subscriber', fan.messages - this.#heldSince);
        this.#heldSince = undefined;
      }
    } catch {
      // It is gone: who looks for channels that are finds out.
    }
  }

  /** The client closed its channel. */
  lost(): void {
    this.#end();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting?.();
    this.#isOpen = false;
    this.#drop?.();
  }

  /** Asked anew after each wait: it may be closed meanwhile. */
  #hasEnded(): boolean {
    return this.#closed;
  }

  /** True where it opened, or need not any more. */
  async #attempt(fan: Fan): Promise<boolean> {
    const { transport, bridge, ids } = this.#place;
    const id = ids.take();
    if (id === undefined) throw new WeirError('WEIR_MEDIA_FAILED', 'the client has no stream left');
    const acknowledged = this.#acknowledgement();
    let tap: Tap | undefined;
    let consumer: types.DataConsumer | undefined;
    let place: FanPlace | undefined;
    const drop = (): void => {
      consumer?.close();
      place?.leave();
      if (tap !== undefined) closeTap(tap);
      ids.giveBack(id);
    };
    try {
      tap = await listenOn(transport, bridge, id, (message, ppid) => {
        if (ppid === PPID.dcep && isAck(message)) acknowledged.take();
      });
      place = await fan.join(bridge);
      consumer = await consumeOn(transport, id, {
        dataProducerId: place.producer.id,
        // Nothing before the client's ACK; to pause it would hold its OPEN, too.
        subchannels: [],
        ...deliveryOf(this.channel),
      });
      if (!this.#hasEnded()) {
        await consumer.send(writeOpen(this.channel), PPID.dcep);
        const isTaken = await acknowledged.within(this.channel.reliable ? RELIABLE_ACK_WITHIN_MS : LOSSY_ACK_WITHIN_MS);
        if (isTaken) await this.#opened(consumer, tap);
        if (isTaken && !this.#hasEnded()) {
          this.#drop = drop;
          return true;
        }
      }
      drop();
      return this.#closed;
    } catch (thrown) {
      drop();
      // It ended because its publisher's did.
      if (this.#closed || fan.closed) return true;
      throw thrown;
    }
  }

  async #opened(consumer: types.DataConsumer, tap: Tap): Promise<void> {
    this.#consumer = consumer;
    this.#lookedAt = this.#fan?.bytes ?? 0;
    consumer.on('sctpsendbufferfull', () => {
      this.#place.conference.count('slow_subscriber', 1);
      // A lossy channel goes on when there is room again.
      if (this.channel.reliable) this.#overflow();
    });
    // What a subscriber sends is nobody's. To close the stream's other way would close the channel.
    await Promise.all([tap.producer.pause(), consumer.addSubchannel(OPEN_SUBCHANNEL)]);
    this.#isOpen = true;
  }

  async #tooSlow(consumer: types.DataConsumer, fan: Fan): Promise<void> {
    if (this.channel.reliable) {
      this.#overflow();
      return;
    }
    // The worker drops by itself what is lossy and unordered; what is ordered it would keep, and it is worth nothing when it is late.
    this.#heldSince = fan.messages;
    await consumer.removeSubchannel(OPEN_SUBCHANNEL);
  }

  /** What is reliable has no gaps: rather than that it ends. */
  #overflow(): void {
    const what = `the data channel of stream ${String(this.#consumer?.sctpStreamParameters?.streamId)} was closed`;
    this.#end(new WeirError('WEIR_DATA_OVERFLOW', `messages are not taken as fast as they come: ${what}`));
  }

  #end(error?: WeirError): void {
    if (this.#closed) return;
    this.close();
    this.#ended(error);
  }

  #acknowledgement(): { take: () => void; within: (ms: number) => Promise<boolean> } {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    return {
      take: () => resolve(true),
      within: async ms => {
        const timer = this.#place.clock.after(ms, () => resolve(false));
        this.#stopWaiting = () => resolve(false);
        try {
          return await promise;
        } finally {
          timer.cancel();
          this.#stopWaiting = undefined;
        }
      },
    };
  }
}
