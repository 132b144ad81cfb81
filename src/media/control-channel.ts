import type { types } from 'mediasoup';
import { MAX_MESSAGE_SIZE } from '../../signalling/sdp/write.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Logger } from './options.ts';

/** SCTP payload protocol identifiers (RFC 8831 section 8). */
const PPID = { dcep: 50, text: 51, binary: 53, emptyText: 56, emptyBinary: 57 } as const;
/** Message types of DCEP (RFC 8832 section 8.2.1). */
const DCEP_OPEN = 3;
const DCEP_ACK = 2;
/** The client is the DTLS client, so it uses even ids, and its first channel has the first of them (RFC 8832 section 6). */
const STREAM_ID = 0;

export interface ControlEvents {
  open(): void;
  message(text: string): void;
  overflow(): void;
}

/** What carries the control messages of all peers of a conference between the worker and this process. */
export interface ControlBridge {
  direct: types.DirectTransport;
  /** Says nothing itself: consumers need a producer, and send what they are given. */
  silent: types.DataProducer;
}

/** The client's first data channel, bridged into this process. Closes with its transport. */
export class ControlChannel {
  readonly #events: ControlEvents;
  readonly #logger: Logger;
  readonly #inbound: types.DataConsumer;
  readonly #outbound: types.DataConsumer;
  #state: 'waiting' | 'open' | 'closed' = 'waiting';
  #maxMessageSize = 0;

  /** Listens before the client knows where to send: messages on a stream without a producer are dropped. */
  static async listen(
    transport: types.WebRtcTransport,
    bridge: ControlBridge,
    events: ControlEvents,
    logger: Logger,
  ): Promise<ControlChannel> {
    const received = transport.produceData({ sctpStreamParameters: { streamId: STREAM_ID, ordered: true } });
    const [inbound, outbound] = await Promise.all([
      received.then(({ id }) => bridge.direct.consumeData({ dataProducerId: id })),
      // The transport's first consumer gets the first id, so the answers leave on the stream that the messages come on.
      transport.consumeData({ dataProducerId: bridge.silent.id, ordered: true }),
    ]);
    return new ControlChannel(inbound, outbound, events, logger);
  }

  private constructor(
    inbound: types.DataConsumer,
    outbound: types.DataConsumer,
    events: ControlEvents,
    logger: Logger,
  ) {
    this.#events = events;
    this.#logger = logger;
    this.#inbound = inbound;
    this.#outbound = outbound;
    inbound.on('message', (message, ppid) => this.#receive(message, ppid));
    inbound.on('dataproducerclose', () => this.close());
    outbound.on('sctpsendbufferfull', () => {
      if (this.#state !== 'closed') events.overflow();
    });
  }

  /** Largest message that the client takes, in bytes; 0 for any (RFC 8841 section 6). */
  limit(maxMessageSize: number): void {
    this.#maxMessageSize = maxMessageSize === 0 ? MAX_MESSAGE_SIZE : Math.min(maxMessageSize, MAX_MESSAGE_SIZE);
  }

  /** False where the channel is not open or the client does not take a message of this size. */
  send(text: string): boolean {
    if (this.#state !== 'open') return false;
    const message = Buffer.from(text);
    if (message.length > this.#maxMessageSize) {
      this.#logger.warn(
        { bytes: message.length, max: this.#maxMessageSize },
        'control message too large for the client',
      );
      return false;
    }
    this.#transmit(message, message.length === 0 ? PPID.emptyText : PPID.text);
    return true;
  }

  close(): void {
    this.#state = 'closed';
    this.#inbound.close();
    this.#outbound.close();
  }

  #transmit(message: Buffer, ppid: number): void {
    this.#outbound.send(message, ppid).catch((thrown: unknown) => {
      if (this.#state !== 'closed')
        this.#logger.warn({ error: asWeirError(thrown).message }, 'control message not sent');
    });
  }

  #receive(message: Buffer, ppid: number): void {
    if (this.#state === 'closed') return;
    switch (ppid) {
      case PPID.dcep:
        if (message[0] !== DCEP_OPEN) return;
        this.#transmit(Buffer.from([DCEP_ACK]), PPID.dcep);
        this.#open();
        return;
      case PPID.text:
      case PPID.binary:
        this.#open();
        this.#events.message(message.toString('utf8'));
        return;
      case PPID.emptyText:
      case PPID.emptyBinary:
        this.#open();
        this.#events.message('');
        return;
      default:
    }
  }

  /** Also by a message: a channel that both ends agreed on beforehand sends no OPEN. */
  #open(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'open';
    this.#events.open();
  }
}
