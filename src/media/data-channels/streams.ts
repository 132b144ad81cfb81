/** Streams of a client's SCTP association: listening on one, and sending on one of our choice. */
import type { types } from 'mediasoup';
import { WeirError } from '../../../signalling/wire/errors.ts';
import type { DataBridge } from './bridge.ts';

/** Of those that the worker knows, the one that keeps what a channel promises; order counts more than speed. */
export type Delivery = { ordered: true } | { ordered: false; maxRetransmits: 0 };

export function deliveryOf({ ordered, reliable }: { ordered: boolean; reliable: boolean }): Delivery {
  return ordered || reliable ? { ordered: true } : { ordered: false, maxRetransmits: 0 };
}

/** What the client sends on one stream. Messages on a stream without a producer are dropped. */
export interface Tap {
  producer: types.DataProducer;
  consumer: types.DataConsumer;
}

/** Listens on a stream. How it is declared does not matter on receipt. */
export async function listenOn(
  transport: types.WebRtcTransport,
  bridge: DataBridge,
  streamId: number,
  receive: (message: Buffer, ppid: number) => void,
): Promise<Tap> {
  const producer = await transport.produceData({ sctpStreamParameters: { streamId, ordered: true } });
  try {
    const consumer = await bridge.direct.consumeData({ dataProducerId: producer.id });
    consumer.on('message', receive);
    return { producer, consumer };
  } catch (thrown) {
    producer.close();
    throw thrown;
  }
}

export function closeTap({ producer, consumer }: Tap): void {
  consumer.close();
  producer.close();
}

/**
 * Sends to the client on the stream given. mediasoup hands out ids in the order of its consumers, and knows no other way: its
 * choice is replaced for this one call, which makes it before anything is awaited.
 * Rejects with WEIR_MEDIA_FAILED where another version of mediasoup chooses otherwise.
 */
export async function consumeOn(
  transport: types.WebRtcTransport,
  streamId: number,
  options: types.DataConsumerOptions,
): Promise<types.DataConsumer> {
  const choice = 'allocateSctpStreamId';
  Object.defineProperty(transport, choice, { value: () => streamId, configurable: true });
  let consuming: Promise<types.DataConsumer>;
  try {
    consuming = transport.consumeData(options);
  } finally {
    Reflect.deleteProperty(transport, choice);
  }
  const consumer = await consuming;
  if (consumer.sctpStreamParameters?.streamId === streamId) return consumer;
  consumer.close();
  throw new WeirError('WEIR_MEDIA_FAILED', 'this version of mediasoup does not let the stream be chosen');
}
