/** Application data of one client: the channels that it opens, and those of others that are opened to it. */
import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { Clock, ForwardedData, PeerData } from '../../ports.ts';
import { type DataChannelKey, type DataChannelRef, keyOfDataChannel } from '../../session.ts';
import { ForwardedChannel } from './forwarded-channel.ts';
import { type DataPlace, InboundData } from './inbound.ts';
import { StreamIds } from './stream-ids.ts';

/** ms between two looks for channels that the client has closed: the worker does not tell. */
const LOOK_EVERY_MS = 2_000;

/** The data channels of one client beside its control channel. */
export class ApplicationData implements PeerData {
  readonly #place: DataPlace;
  readonly #inbound: InboundData;
  readonly #forwards = new Map<DataChannelKey, ForwardedChannel>();
  readonly #ids = new StreamIds();
  #turn: ReturnType<Clock['after']> | undefined;
  #looking = false;
  #closed = false;

  constructor(place: DataPlace) {
    this.#place = place;
    this.#inbound = new InboundData(place);
  }

  /** Resolves once the client's first channels would be heard: before it knows where to send. */
  listen(): Promise<void> {
    return this.#inbound.listen();
  }

  /** Makes room for a client that uses data channels. */
  expect(): void {
    this.#inbound.expect();
  }

  /** The client's ids are those of its control channel's parity, the focus's the others. */
  controlOn(streamId: number): void {
    const parity = streamId % 2 === 0 ? 0 : 1;
    this.#inbound.useParity(parity);
    this.#ids.useParity(parity === 0 ? 1 : 0);
  }

  accept(channelId: number): void {
    this.#inbound.accept(channelId);
    this.#lookLater();
  }

  refuse(channelId: number): void {
    this.#inbound.refuse(channelId);
  }

  forward(channel: ForwardedData): void {
    const key = keyOfDataChannel(channel);
    if (this.#closed || this.#forwards.has(key)) return;
    const { transport, bridge, conference, clock, events } = this.#place;
    const { publisher, channelId } = channel;
    const forward = new ForwardedChannel(channel, { transport, bridge, conference, clock, ids: this.#ids }, error => {
      this.#forwards.delete(key);
      if (!this.#closed) events.forwardEnded({ publisher, channelId }, error);
    });
    this.#forwards.set(key, forward);
    forward.open().catch((thrown: unknown) => this.#warn(thrown, 'data channel not forwarded'));
    this.#lookLater();
  }

  stop(channel: DataChannelRef): void {
    const key = keyOfDataChannel(channel);
    this.#forwards.get(key)?.close();
    this.#forwards.delete(key);
  }

  close(): void {
    this.#closed = true;
    this.#turn?.cancel();
    this.#inbound.close();
    for (const forward of this.#forwards.values()) forward.close();
    this.#forwards.clear();
  }

  #lookLater(): void {
    if (this.#closed || this.#looking || this.#turn !== undefined) return;
    this.#turn = this.#place.clock.after(LOOK_EVERY_MS, () => {
      this.#turn = undefined;
      this.#look().catch((thrown: unknown) => this.#warn(thrown, 'data channels not looked after'));
    });
  }

  async #look(): Promise<void> {
    this.#looking = true;
    try {
      // Before the worker is asked: what is opened meanwhile is not in its answer.
      const replies = this.#inbound.openReplies();
      const consumers = new Map([...this.#forwards.values()].map(forward => [forward.consumerId, forward]));
      const { dataConsumerIds } = await this.#place.transport.dump();
      if (this.#closed) return;
      const alive = new Set(dataConsumerIds);
      this.#inbound.lost(new Set([...replies].filter(id => !alive.has(id))));
      for (const [id, forward] of consumers) if (id !== undefined && !alive.has(id)) forward.lost();
      await Promise.all([...this.#forwards.values()].map(forward => forward.look()));
    } finally {
      this.#looking = false;
      if (this.#inbound.openReplies().size + this.#forwards.size > 0) this.#lookLater();
    }
  }

  #warn(thrown: unknown, message: string): void {
    if (!this.#closed) this.#place.logger.warn({ error: asWeirError(thrown).message }, message);
  }
}
