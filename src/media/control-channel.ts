import type { types } from 'mediasoup';
import { MAX_MESSAGE_SIZE } from '../../signalling/sdp/write.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { DataBridge } from './data-channels/bridge.ts';
import { DCEP_ACK, isOpen, PPID } from './data-channels/dcep.ts';
import type { Logger } from './options.ts';

/**
 * The client is the DTLS client, so it uses even ids, and its first channel has the first of them (RFC 8832 section 6). Some
 * stacks go by their ICE role instead, and begin with 1.
 */
const STREAM_IDS = [0, 1] as const;

export interface ControlEvents {
  /** On which stream. */
  open(streamId: number): void;
  message(text: string): void;
  overflow(): void;
}

/** One stream of the transport's SCTP association, both ways. */
interface Stream {
  id: number;
  producer: types.DataProducer;
  inbound: types.DataConsumer;
  outbound: types.DataConsumer;
}

/** The client's first data channel, bridged into this process. Closes with its transport. */
export class ControlChannel {
  readonly #transport: types.WebRtcTransport;
  readonly #bridge: DataBridge;
  readonly #events: ControlEvents;
  readonly #logger: Logger;
  /** Streams that are listened on; once the channel is open, its own alone. */
  readonly #streams: Stream[] = [];
  #state: { kind: 'waiting' } | { kind: 'open'; stream: Stream } | { kind: 'closed' } = { kind: 'waiting' };
  #listening = 0;
  #maxMessageSize = 0;

  constructor(transport: types.WebRtcTransport, bridge: DataBridge, events: ControlEvents, logger: Logger) {
    this.#transport = transport;
    this.#bridge = bridge;
    this.#events = events;
    this.#logger = logger;
  }

  /**
   * Listens on the first `count` streams that the channel may come on. Before the client knows where to send: messages on a
   * stream without a producer are dropped.
   */
  async listen(count: 1 | 2): Promise<void> {
    const made = STREAM_IDS.slice(this.#listening, count).map(streamId => this.#listenOn(streamId));
    this.#listening = Math.max(this.#listening, count);
    for (const stream of await Promise.all(made)) this.#streams.push(stream);
  }

  /** Largest message that the client takes, in bytes; 0 for any (RFC 8841 section 6). */
  limit(maxMessageSize: number): void {
    this.#maxMessageSize = maxMessageSize === 0 ? MAX_MESSAGE_SIZE : Math.min(maxMessageSize, MAX_MESSAGE_SIZE);
  }

  /** False where the channel is not open or the client does not take a message of this size. */
  send(text: string): boolean {
    if (this.#state.kind !== 'open') return false;
    const message = Buffer.from(text);
    if (message.length > this.#maxMessageSize) {
      this.#logger.warn(
        { bytes: message.length, max: this.#maxMessageSize },
        'control message too large for the client',
      );
      return false;
    }
    this.#transmit(this.#state.stream, message, message.length === 0 ? PPID.emptyText : PPID.text);
    return true;
  }

  close(): void {
    this.#state = { kind: 'closed' };
    for (const stream of this.#streams.splice(0)) this.#drop(stream);
  }

  async #listenOn(streamId: number): Promise<Stream> {
    const received = this.#transport.produceData({ sctpStreamParameters: { streamId, ordered: true } });
    const [producer, inbound, outbound] = await Promise.all([
      received,
      received.then(({ id }) => this.#bridge.direct.consumeData({ dataProducerId: id })),
      // The transport's consumers get ids in the order they are made, so the answers leave on the stream that the
      // messages come on.
      this.#transport.consumeData({ dataProducerId: this.#bridge.silent.id, ordered: true }),
    ]);
    const stream: Stream = { id: streamId, producer, inbound, outbound };
    inbound.on('message', (message, ppid) => this.#receive(stream, message, ppid));
    outbound.on('sctpsendbufferfull', () => {
      if (this.#state.kind !== 'closed') this.#events.overflow();
    });
    return stream;
  }

  #transmit({ outbound }: Stream, message: Buffer, ppid: number): void {
    outbound.send(message, ppid).catch((thrown: unknown) => {
      if (this.#state.kind === 'closed') return;
      this.#logger.warn({ error: asWeirError(thrown).message }, 'control message not sent');
    });
  }

  #receive(stream: Stream, message: Buffer, ppid: number): void {
    if (this.#state.kind === 'closed') return;
    switch (ppid) {
      case PPID.dcep:
        if (!isOpen(message)) return;
        this.#transmit(stream, DCEP_ACK, PPID.dcep);
        this.#open(stream);
        return;
      case PPID.text:
      case PPID.binary:
        this.#open(stream);
        this.#events.message(message.toString('utf8'));
        return;
      case PPID.emptyText:
      case PPID.emptyBinary:
        this.#open(stream);
        this.#events.message('');
        return;
      default:
    }
  }

  /** Also by a message: a channel that both ends agreed on beforehand sends no OPEN. */
  #open(stream: Stream): void {
    if (this.#state.kind !== 'waiting') return;
    this.#state = { kind: 'open', stream };
    for (const other of this.#streams.splice(0)) {
      if (other === stream) this.#streams.push(other);
      else this.#drop(other);
    }
    this.#events.open(stream.id);
  }

  #drop({ producer, inbound, outbound }: Stream): void {
    producer.close();
    inbound.close();
    outbound.close();
  }
}
