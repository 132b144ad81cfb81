/** The worker: takes the page's messages and the browser's frames. */
import type { EncodedFrame } from './encoded-frame.ts';
import { FrameWorker } from './frame-worker.ts';
import type { FromWorker, ToWorker, TrackRef } from './messages.ts';

/** RTCRtpScriptTransformer (W3C WebRTC Encoded Transform), as far as it is used; older browsers have not all of it. */
interface Transformer {
  readonly options: TrackRef;
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  generateKeyFrame?(): Promise<unknown>;
  sendKeyFrameRequest?(): Promise<unknown>;
}

interface TransformEvent extends Event {
  readonly transformer: Transformer;
}

function isTransformEvent(event: Event): event is TransformEvent {
  return 'transformer' in event;
}

const post = (message: FromWorker): void => self.postMessage(message);
const failed = (cause: unknown): void => post({ type: 'failed', code: 'worker_failed', message: String(cause) });

const started = Promise.withResolvers<FrameWorker>();

self.addEventListener('message', ({ data }: MessageEvent<ToWorker<EncodedFrame>>) => {
  if (data.type === 'start') {
    const { format, witness } = data;
    started.resolve(new FrameWorker({ format, witness, post, now: () => performance.now() }));
  }
  started.promise.then(worker => worker.take(data)).catch(failed);
});

// It may come before the first message: browsers do not say which is first.
self.addEventListener('rtctransform', event => {
  if (!isTransformEvent(event)) return;
  const { transformer } = event;
  const ask = (): Promise<unknown> =>
    Promise.resolve(
      transformer.options.direction === 'send' ? transformer.generateKeyFrame?.() : transformer.sendKeyFrameRequest?.(),
    );
  started.promise.then(worker => worker.attach(transformer.options, transformer, ask)).catch(failed);
});

self.addEventListener('unhandledrejection', ({ reason }: PromiseRejectionEvent) => failed(reason));
