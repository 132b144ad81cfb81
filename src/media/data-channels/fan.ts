import type { types } from 'mediasoup';
import { WeirError } from '../../../signalling/wire/errors.ts';
import type { DataBridge } from './bridge.ts';

/** Subchannel of those whose channel is open: nothing but OPEN is sent to the others. */
export const OPEN_SUBCHANNEL = 1;

/** What sends to the subscribers on one router. */
interface Sender {
  making: Promise<types.DataProducer>;
  made: types.DataProducer | undefined;
  subscribers: number;
}

/** The message is not the listener's to keep. */
type Listener = (message: Buffer, ppid: number) => void;

/** A subscriber's place: the producer that it is to consume on its router. */
export interface FanPlace {
  readonly producer: types.DataProducer;
  leave(): void;
}

/** A publisher's channel, as those are served who subscribe to it: each message goes once to every router that has any. */
export class Fan {
  readonly #label: string;
  readonly #senders = new Map<DataBridge, Sender>();
  readonly #listeners = new Set<Listener>();
  #closed = false;
  /** What went to each subscriber. */
  messages = 0;
  bytes = 0;

  constructor(label: string) {
    this.#label = label;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A place on a router. Rejects where it is closed, or the router. */
  async join(bridge: DataBridge): Promise<FanPlace> {
    if (this.#closed) throw new WeirError('WEIR_MEDIA_FAILED', 'the data channel is closed');
    const sender = this.#senders.get(bridge) ?? this.#sendOn(bridge);
    sender.subscribers += 1;
    let isIn = true;
    const leave = (): void => {
      if (!isIn) return;
      isIn = false;
      sender.subscribers -= 1;
      if (sender.subscribers === 0) this.#end(bridge, sender);
    };
    try {
      return { producer: await sender.making, leave };
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  /** Gets each message, too, in this process; until the function that it gives is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  send(message: Buffer, ppid: number): void {
    this.messages += 1;
    this.bytes += message.length;
    for (const listener of this.#listeners) listener(message, ppid);
    for (const { made } of this.#senders.values()) {
      if (made?.closed === false) made.send(message, ppid, [OPEN_SUBCHANNEL], OPEN_SUBCHANNEL);
    }
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    for (const [bridge, sender] of this.#senders) this.#end(bridge, sender);
  }

  #sendOn(bridge: DataBridge): Sender {
    const sender: Sender = {
      making: bridge.direct.produceData({ label: this.#label }),
      made: undefined,
      subscribers: 0,
    };
    this.#senders.set(bridge, sender);
    sender.making.then(
      producer => {
        if (this.#senders.get(bridge) !== sender) {
          producer.close();
          return;
        }
        sender.made = producer;
        // Its router is gone.
        producer.observer.once('close', () => this.#end(bridge, sender));
      },
      () => this.#end(bridge, sender),
    );
    return sender;
  }

  #end(bridge: DataBridge, sender: Sender): void {
    if (this.#senders.get(bridge) !== sender) return;
    this.#senders.delete(bridge);
    sender.made?.close();
  }
}
