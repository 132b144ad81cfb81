/**
 * Loaded into the process of a focus before the focus itself (`node --import`): records all RTP that participants send it, in every
 * layer, and whatever it is told by to-device messages, into the file that WEIR_RECORDING names. The focus knows nothing of it.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { observer, type types } from 'mediasoup';
import { BoundedFile } from './bounded-file.ts';
import { stringsOfToDevice } from './to-device.ts';

/** Some ten minutes of four people. */
const MOST_BYTES = 512 * 1_024 * 1_024;

const path = process.env['WEIR_RECORDING'];
if (path === undefined) throw new Error('WEIR_RECORDING names no file');
const now = (): number => performance.timeOrigin + performance.now();
const file = new BoundedFile(path, MOST_BYTES, now);
process.once('exit', () => file.close());
const fail = (error: unknown): void => {
  file.write({ kind: 'failure', message: error instanceof Error ? error.message : String(error) });
};

observer.on('newworker', worker => {
  worker.observer.on('newrouter', router => {
    const direct = new RouterTap(router);
    router.observer.on('newtransport', transport => {
      // What comes by a pipe came to another worker, or another focus, before.
      if (transport.type === 'webrtc') transport.observer.on('newproducer', producer => direct.record(producer));
    });
  });
});

let tracks = 0;

/** Takes copies of what is published on one router. */
class RouterTap {
  readonly #router: types.Router;
  #transport: Promise<types.DirectTransport> | undefined;

  constructor(router: types.Router) {
    this.#router = router;
  }

  record(producer: types.Producer): void {
    this.#record(producer).catch((error: unknown) => {
      // Whoever left before the recorder was ready has sent next to nothing.
      if (!producer.closed) fail(error);
    });
  }

  async #record({ id, kind }: types.Producer): Promise<void> {
    this.#transport ??= this.#router.createDirectTransport();
    const transport = await this.#transport;
    // All layers as they come, with no frame left out.
    const consumer = await transport.consume({
      producerId: id,
      rtpCapabilities: this.#router.rtpCapabilities,
      pipe: true,
      paused: false,
    });
    const codecs = consumer.rtpParameters.codecs.map(({ payloadType, mimeType }) => [payloadType, mimeType] as const);
    const track = tracks;
    tracks += 1;
    file.write({ kind: 'track', track: { kind, codecs: Object.fromEntries(codecs) } });
    consumer.on('rtp', packet => file.write({ kind: 'packet', packet: { at: now(), track, packet } }));
  }
}

// All that the homeserver answers comes by node:http.
subscribe('http.client.response.finish', message => {
  const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
  if (response.statusCode !== 200 || !/\/sync(\?|$)/.test(request.path)) return;
  const chunks: Buffer[] = [];
  // Where parts of the body go in: a listener more would take them from whoever listens later.
  const push = response.push.bind(response);
  response.push = (chunk: Buffer | null, encoding) => {
    if (chunk === null) tell(Buffer.concat(chunks));
    else chunks.push(chunk);
    return push(chunk, encoding);
  };
});

function tell(body: Buffer): void {
  try {
    const texts = stringsOfToDevice(JSON.parse(body.toString()));
    if (texts.length > 0) file.write({ kind: 'told', texts });
  } catch (error) {
    fail(error);
  }
}
