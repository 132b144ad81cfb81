/** Stand-ins for what a page has of a browser: workers, senders and receivers. The worker's own part is the real one. */
import type { NegotiatedCodec } from '../encoded-frame.ts';
import { FrameWorker } from '../frame-worker.ts';
import type { FrameStreams, FromWorker, ToWorker, TrackRef } from '../messages.ts';
import type { EncodedFrame } from '../encoded-frame.ts';
import { FakeStreams } from './fake-frames.ts';

export class FakeWorker extends EventTarget {
  terminated = false;
  readonly said: ToWorker<EncodedFrame>['type'][] = [];
  #core: FrameWorker | undefined;

  postMessage(message: ToWorker<EncodedFrame>): void {
    this.said.push(message.type);
    if (message.type === 'start') {
      const { format, witness } = message;
      this.#core = new FrameWorker({ format, witness, post: said => this.say(said), now: () => performance.now() });
    }
    // Streams would be handed over; all else is copied.
    this.#core?.take(message.type === 'streams' ? message : structuredClone(message));
  }

  /** The worker says something. */
  say(message: FromWorker): void {
    if (!this.terminated) this.dispatchEvent(new MessageEvent('message', { data: structuredClone(message) }));
  }

  /** The browser brings a track's frames. */
  transform(ref: TrackRef, streams: FrameStreams<EncodedFrame>, ask?: () => Promise<void>): void {
    this.#core?.attach(ref, streams, ask);
  }

  terminate(): void {
    this.terminated = true;
    this.#core?.close();
  }
}

/** What browsers have of RTCRtpSender and RTCRtpReceiver; which of the two ways, a test says. */
export class FakeEnd {
  transform: FakeScriptTransform | null = null;
  readonly streams = new FakeStreams();
  readonly track: { kind: string; stopped: boolean; stop(): void };
  codecs: NegotiatedCodec[] = [];
  /** How often the streams were asked for. */
  created = 0;

  constructor(kind: 'audio' | 'video') {
    this.track = {
      kind,
      stopped: false,
      stop() {
        this.stopped = true;
      },
    };
  }

  getParameters(): { codecs: NegotiatedCodec[] } {
    return { codecs: this.codecs };
  }
}

export class FakeScriptTransform {
  readonly worker: FakeWorker;
  readonly options: TrackRef;

  constructor(worker: FakeWorker, options: TrackRef) {
    this.worker = worker;
    this.options = options;
  }
}
