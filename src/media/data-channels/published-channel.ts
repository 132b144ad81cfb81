import type { types } from 'mediasoup';
import { asWeirError } from '../../../signalling/wire/errors.ts';
import type { DataChannelKey } from '../../session.ts';
import type { ConferenceData, DataBridge } from './bridge.ts';
import { type ChannelOpen, DCEP_ACK, PPID } from './dcep.ts';
import { Fan } from './fan.ts';
import { consumeOn } from './streams.ts';

/** Where a published channel lives. */
export interface PublishedPlace {
  transport: types.WebRtcTransport;
  /** Of the publisher's router. */
  bridge: DataBridge;
  conference: ConferenceData;
  key: DataChannelKey;
  streamId: number;
}

/** A data channel that a client opened. Nothing is made for it before it is accepted. */
export class PublishedChannel {
  readonly channelId: number;
  readonly opened: ChannelOpen;
  readonly #place: PublishedPlace;
  #state:
    | { kind: 'asking' | 'opening' | 'refusing' | 'closed' }
    | { kind: 'open'; fan: Fan; reply: types.DataConsumer } = { kind: 'asking' };

  constructor(channelId: number, opened: ChannelOpen, place: PublishedPlace) {
    this.channelId = channelId;
    this.opened = opened;
    this.#place = place;
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  /** The client's stream ends with it: the worker closes it when the client closes the channel, without a word. */
  get replyId(): string | undefined {
    return this.#state.kind === 'open' ? this.#state.reply.id : undefined;
  }

  /** Lets others have what comes on it. Rejects with a WeirError. */
  async accept(): Promise<void> {
    if (this.#state.kind !== 'asking') return;
    this.#state = { kind: 'opening' };
    const { conference, key } = this.#place;
    const making = this.#make();
    const fan = making.then(made => made.fan);
    // Whoever waits for it is told; nobody need be waiting.
    fan.catch(() => undefined);
    conference.fans.set(key, fan);
    try {
      const made = await making;
      if (this.#isClosed) {
        made.fan.close();
        made.reply.close();
        return;
      }
      this.#state = { kind: 'open', ...made };
      // A client that has closed it meanwhile is found by who looks for channels that are gone.
      await made.reply.send(DCEP_ACK, PPID.dcep).catch(() => undefined);
    } catch (thrown) {
      this.close();
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    }
  }

  /** Closes it at the client, also where it was accepted before. Rejects with a WeirError. */
  async refuse(): Promise<void> {
    if (this.#state.kind !== 'asking') {
      this.close();
      return;
    }
    this.#state = { kind: 'refusing' };
    try {
      // A stream is reset by the end of what is sent on it.
      const reply = await this.#consume();
      reply.close();
    } catch (thrown) {
      throw asWeirError(thrown, 'WEIR_MEDIA_FAILED');
    } finally {
      this.#state = { kind: 'closed' };
    }
  }

  /** Passes a message on. False before the channel is open: nobody waits for it then. */
  send(message: Buffer, ppid: number): boolean {
    if (this.#state.kind !== 'open') return false;
    const { fan } = this.#state;
    fan.send(message, ppid);
    return true;
  }

  /** Ends it, at the client and at all who are forwarded it. Idempotent. */
  close(): void {
    const before = this.#state;
    if (before.kind === 'closed') return;
    this.#state = { kind: 'closed' };
    this.#place.conference.fans.delete(this.#place.key);
    if (before.kind !== 'open') return;
    before.fan.close();
    before.reply.close();
  }

  get #isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  async #make(): Promise<{ fan: Fan; reply: types.DataConsumer }> {
    return { reply: await this.#consume(), fan: new Fan(this.opened.label) };
  }

  /** Without anything that is sent on the same stream, some clients' channels never open, and others' never close. */
  #consume(): Promise<types.DataConsumer> {
    const { transport, bridge, streamId } = this.#place;
    return consumeOn(transport, streamId, { dataProducerId: bridge.silent.id, ordered: true });
  }
}
