/**
 * Application data between this focus and another one. SRTP does not encrypt data channels of a plain transport, so it crosses by
 * the trunk's WebSocket: from a publisher's fan out to there, and from there into a fan of its own.
 */
import type { TrunkDataMessage } from '../../../signalling/wire/trunk-data.ts';
import { isApplicationPpid } from '../../../signalling/wire/trunk-data.ts';
import { asWeirError, WeirError } from '../../../signalling/wire/errors.ts';
import type { Clock, ForwardedData, ReceivedData, TrunkPeerData, TrunkPeerEvents } from '../../ports.ts';
import {
  type DataChannelKey,
  type DataChannelRef,
  type DeviceKey,
  keyOfDataChannel,
  keyOfDevice,
  type SessionKey,
} from '../../session.ts';
import { Allowance, type DataRates } from '../data-channels/allowance.ts';
import type { ConferenceData } from '../data-channels/conference-data.ts';
import { Fan } from '../data-channels/fan.ts';

/** What the other focus took from its clients at once, and held back at most, may come at once, in s of what one may send. */
const BURST_S = 8;
/** Of all that are on the other focus together; it sends less by itself. */
const IN_ALL = { messagesPerSecond: 12_000, bytesPerSecond: 3_000_000 };
/** ms between two words about messages that were dropped. */
const TELL_EVERY_MS = 1_000;

export interface TrunkDataPlace {
  conference: ConferenceData;
  /** Of the other focus. */
  session: SessionKey;
  events: TrunkPeerEvents;
  clock: Clock;
  /** What each of those may send who are on the other focus. */
  rates: DataRates;
}

/** A channel of somebody here, on its way to the other focus. */
interface Carried {
  stop(): void;
}

/** A channel of somebody there. */
interface Received {
  readonly channel: ReceivedData;
  readonly fan: Fan;
  /** Of its owner. */
  readonly allowance: Allowance;
}

export class TrunkData implements TrunkPeerData {
  readonly #place: TrunkDataPlace;
  readonly #inAll: Allowance;
  readonly #carried = new Map<DataChannelKey, Carried>();
  readonly #received = new Map<number, Received>();
  /** Kept when channels end: who opens another one has no more for it. */
  readonly #allowances = new Map<DeviceKey, Allowance>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(place: TrunkDataPlace) {
    this.#place = place;
    this.#inAll = new Allowance({ ...place.rates, ...IN_ALL }, place.clock.now());
  }

  expect(): void {}

  accept(): void {}

  refuse(): void {}

  forward(channel: ForwardedData): void {
    const key = keyOfDataChannel(channel);
    if (this.#closed || this.#carried.has(key)) return;
    const carried: Carried = { stop: () => undefined };
    this.#carried.set(key, carried);
    this.#carry(channel, key, carried).catch((thrown: unknown) =>
      this.#endCarried(channel, asWeirError(thrown, 'WEIR_MEDIA_FAILED')),
    );
  }

  stop(channel: DataChannelRef): void {
    const key = keyOfDataChannel(channel);
    const carried = this.#carried.get(key);
    if (carried === undefined) return;
    this.#carried.delete(key);
    carried.stop();
    this.#place.events.uncarry(channel);
  }

  receive(channel: ReceivedData): void {
    const { conference, session, clock, rates } = this.#place;
    const { channelId, label, owner } = channel;
    if (this.#closed || this.#received.has(channelId)) return;
    const device = keyOfDevice(owner);
    const allowance = this.#allowances.get(device) ?? new Allowance(rates, clock.now(), BURST_S);
    this.#allowances.set(device, allowance);
    const fan = new Fan(label);
    this.#received.set(channelId, { channel, fan, allowance });
    conference.fans.set(keyOfDataChannel({ publisher: session, channelId }), Promise.resolve(fan));
  }

  endReceived(channelId: number): void {
    const received = this.#received.get(channelId);
    if (received === undefined) return;
    this.#received.delete(channelId);
    this.#place.conference.fans.delete(keyOfDataChannel({ publisher: this.#place.session, channelId }));
    received.fan.close();
  }

  take(messages: readonly TrunkDataMessage[]): void {
    for (const message of messages) this.#take(message);
  }

  close(): void {
    this.#closed = true;
    for (const carried of this.#carried.values()) carried.stop();
    this.#carried.clear();
    for (const channelId of [...this.#received.keys()]) this.endReceived(channelId);
  }

  async #carry(channel: ForwardedData, key: DataChannelKey, carried: Carried): Promise<void> {
    const { conference, events } = this.#place;
    const { publisher, channelId, reliable } = channel;
    const fan = await conference.fans.get(key);
    // Its publisher closed it meanwhile, and the rules hear of that in another way.
    if (fan === undefined || this.#carried.get(key) !== carried) return;
    carried.stop = fan.listen((payload, ppid) => {
      if (!isApplicationPpid(ppid)) return;
      if (events.carry({ publisher, channelId, reliable, ppid, payload }) === 'taken') return;
      conference.count('slow_subscriber', 1);
      // A lossy channel goes on when there is room again; what is reliable has no gaps.
      if (!reliable) return;
      const error = new WeirError('WEIR_DATA_OVERFLOW', 'data does not cross to the other focus as fast as it comes');
      this.#endCarried(channel, error);
    });
  }

  #endCarried({ publisher, channelId }: DataChannelRef, error: WeirError): void {
    const channel = { publisher, channelId };
    if (!this.#carried.has(keyOfDataChannel(channel))) return;
    this.stop(channel);
    this.#place.events.data.forwardEnded(channel, error);
  }

  #take({ channelId, ppid, payload }: TrunkDataMessage): void {
    const { conference, clock } = this.#place;
    const received = this.#received.get(channelId);
    // It may have ended here while this was on its way.
    if (received === undefined) return conference.count('no_channel', 1);
    const now = clock.now();
    const inAll = this.#inAll.take(payload.length, now);
    const verdict = inAll === 'taken' ? received.allowance.take(payload.length, now) : inAll;
    switch (verdict) {
      case 'taken':
        conference.count('forwarded', 1);
        received.fan.send(payload, ppid);
        return;
      case 'too large':
        conference.count('too_large', 1);
        return this.#refused(received);
      case 'too fast':
        conference.count('too_fast', 1);
        return this.#refused(received);
    }
  }

  /** A reliable channel has no gaps: rather than that it ends. */
  #refused({ channel: { channelId, reliable, owner } }: Received): void {
    const { events, clock } = this.#place;
    const error = new WeirError(
      'WEIR_DATA_LIMIT',
      `data of ${owner.userId} comes from another focus faster than it may`,
    );
    if (reliable) {
      this.endReceived(channelId);
      return events.data.closed(channelId, error);
    }
    const now = clock.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    events.data.dropped(error);
  }
}
