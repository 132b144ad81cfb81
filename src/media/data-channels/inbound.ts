import type { types } from 'mediasoup';
import { asWeirError, WeirError } from '../../../signalling/wire/errors.ts';
import type { Clock, DataEvents } from '../../ports.ts';
import { keyOfDataChannel, type SessionKey } from '../../session.ts';
import type { Logger } from '../options.ts';
import { Allowance, type DataRates } from './allowance.ts';
import type { ConferenceData, DataBridge } from './bridge.ts';
import type { ChannelOpen } from './dcep.ts';
import { InboundStream } from './inbound-stream.ts';
import { PublishedChannel } from './published-channel.ts';
import { listenOn } from './streams.ts';

/** Streams beyond the highest used that are listened on: of any client, and of one that uses data channels. */
const FIRST_WINDOW = 4;
const WINDOW = 32;
/** Streams that are listened on at most; of a client that counts its ids up and up the lowest are given up. */
const MOST_STREAMS = 160;
/** RFC 8832 section 6. */
const HIGHEST_STREAM = 65_534;
/** ms between two words about messages that were dropped. */
const TELL_EVERY_MS = 1_000;

export interface DataPlace {
  transport: types.WebRtcTransport;
  /** Of the client's router. */
  bridge: DataBridge;
  conference: ConferenceData;
  session: SessionKey;
  clock: Clock;
  logger: Logger;
  rates: DataRates;
  events: DataEvents;
}

/** The data channels that a client opens: listened for, policed, and passed on to those who are forwarded them. */
export class InboundData {
  readonly #place: DataPlace;
  readonly #allowance: Allowance;
  readonly #streams = new Map<number, InboundStream>();
  /** Its ids are all even, or all odd: of the parity of its DTLS role, or as some stacks have it of its ICE role. */
  #parity: 0 | 1 = 0;
  /** The highest that it used; the first of either parity are the control channel's. */
  #highest = 1;
  #window = FIRST_WINDOW;
  #toldAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(place: DataPlace) {
    this.#place = place;
    this.#allowance = new Allowance(place.rates, place.clock.now());
  }

  /** Resolves once the first streams are listened on. */
  listen(): Promise<void> {
    return this.#listen();
  }

  /** Makes room for a client that uses data channels. */
  expect(): void {
    if (this.#window === WINDOW) return;
    this.#window = WINDOW;
    this.#widen();
  }

  /** Its control channel came on a stream of this parity. */
  useParity(parity: 0 | 1): void {
    if (parity === this.#parity) return;
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#parity = parity;
    this.#widen();
  }

  accept(channelId: number): void {
    const stream = this.#streamOf(channelId);
    stream?.channel?.accept().catch((thrown: unknown) => this.#end(stream, channelId, asWeirError(thrown)));
  }

  refuse(channelId: number): void {
    const stream = this.#streamOf(channelId);
    const channel = stream?.channel;
    if (stream === undefined || channel === undefined) return;
    channel
      .refuse()
      .catch((thrown: unknown) => this.#warn(thrown, 'data channel not refused'))
      .finally(() => {
        if (stream.channel === channel) stream.channel = undefined;
      });
  }

  /** Ids of the consumers on which open channels stand. */
  openReplies(): Set<string> {
    return new Set([...this.#streams.values()].flatMap(({ channel }) => channel?.replyId ?? []));
  }

  /** Ends channels whose consumers the worker has closed: their clients closed them. */
  lost(replyIds: ReadonlySet<string>): void {
    for (const stream of this.#streams.values()) {
      const { channel } = stream;
      if (channel?.replyId !== undefined && replyIds.has(channel.replyId)) this.#end(stream, channel.channelId);
    }
  }

  close(): void {
    this.#closed = true;
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }

  #streamOf(channelId: number): InboundStream | undefined {
    for (const stream of this.#streams.values()) if (stream.channel?.channelId === channelId) return stream;
    return undefined;
  }

  #widen(): void {
    this.#listen().catch((thrown: unknown) => this.#warn(thrown, 'data channels are not listened for'));
  }

  async #listen(): Promise<void> {
    if (this.#closed) return;
    const { transport, bridge, conference, clock, logger } = this.#place;
    const first = this.#parity + 2;
    const last = Math.min(HIGHEST_STREAM, Math.max(first - 2, this.#highest) + 2 * this.#window);
    const made: Promise<void>[] = [];
    for (let id = Math.max(first, last - 2 * (MOST_STREAMS - 1)); id <= last; id += 2) {
      if (this.#streams.has(id)) continue;
      const stream = new InboundStream(id, this.#allowance, clock, logger, {
        opened: (on, open) => this.#opened(on, open),
        refused: (on, verdict) => this.#refused(on, verdict),
        counted: outcome => conference.count(outcome, 1),
        paused: (on, forMs) => this.#drop(`stream ${on.id} is not listened to for ${forMs / 1_000} s: a flood`),
      });
      this.#streams.set(id, stream);
      made.push(listenOn(transport, bridge, id, stream.receive).then(tap => stream.attach(tap)));
    }
    this.#giveUpLowest();
    await Promise.all(made);
  }

  #giveUpLowest(): void {
    for (const [id, stream] of [...this.#streams].sort(([a], [b]) => a - b)) {
      if (this.#streams.size <= MOST_STREAMS) return;
      if (stream.channel !== undefined) continue;
      stream.close();
      this.#streams.delete(id);
    }
  }

  #opened(stream: InboundStream, opened: ChannelOpen): void {
    const { conference, session, transport, bridge, events } = this.#place;
    const before = stream.channel;
    // While one waits to be taken, another OPEN is a repetition.
    if (before !== undefined && !before.isOpen) return;
    if (before !== undefined) this.#end(stream, before.channelId);
    conference.lastChannelId += 1;
    const channelId = conference.lastChannelId;
    const key = keyOfDataChannel({ publisher: session, channelId });
    stream.channel = new PublishedChannel(channelId, opened, {
      transport,
      bridge,
      conference,
      key,
      streamId: stream.id,
    });
    this.#highest = Math.max(this.#highest, stream.id);
    this.#window = WINDOW;
    this.#widen();
    events.opened({ channelId, ...opened });
  }

  #end(stream: InboundStream, channelId: number, error?: WeirError): void {
    if (stream.channel?.channelId !== channelId) return;
    stream.channel.close();
    stream.channel = undefined;
    this.#place.events.closed(channelId, error);
  }

  /** A reliable channel has no gaps: rather than that it ends. */
  #refused(stream: InboundStream, verdict: 'too large' | 'too fast'): void {
    const { channel } = stream;
    if (channel === undefined) return;
    const { messageBytes, messagesPerSecond, bytesPerSecond } = this.#place.rates;
    const bound =
      verdict === 'too large'
        ? `a message of more than ${messageBytes} bytes`
        : `more than ${messagesPerSecond} messages or ${bytesPerSecond} bytes a second`;
    const what = `${bound} on the data channel of stream ${stream.id}`;
    if (channel.opened.reliable) {
      this.#end(stream, channel.channelId, new WeirError('WEIR_DATA_LIMIT', `${what}: it is reliable, and was closed`));
    } else this.#drop(`${what}: dropped`);
  }

  #drop(message: string): void {
    const { clock, events } = this.#place;
    const now = clock.now();
    if (now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    events.dropped(new WeirError('WEIR_DATA_LIMIT', message));
  }

  #warn(thrown: unknown, message: string): void {
    if (!this.#closed) this.#place.logger.warn({ error: asWeirError(thrown).message }, message);
  }
}
