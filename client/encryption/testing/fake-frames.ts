/** Frames and their ways as browsers make them, without a browser. */
import type { EncodedFrame } from '../encoded-frame.ts';
import type { FrameStreams } from '../messages.ts';

export class FakeFrame implements EncodedFrame {
  data: ArrayBuffer;
  readonly type: 'key' | 'delta' | 'empty';
  readonly #metadata: { mimeType?: string; payloadType?: number };

  constructor(
    bytes: Uint8Array,
    metadata: { mimeType?: string; payloadType?: number } = { mimeType: 'video/VP8' },
    type: 'key' | 'delta' | 'empty' = 'delta',
  ) {
    this.data = Uint8Array.from(bytes).buffer;
    this.type = type;
    this.#metadata = metadata;
  }

  getMetadata(): { mimeType?: string; payloadType?: number } {
    return this.#metadata;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.data);
  }

  /** The same, as it arrives at the other end; or with other bytes. */
  arrived(bytes: Uint8Array = this.bytes): FakeFrame {
    return new FakeFrame(bytes, this.#metadata, this.type);
  }
}

/** As an encoder gives them: bytes that look like those of the codec. */
export function vp8(type: 'key' | 'delta' = 'delta', bytes = 200): FakeFrame {
  const [tag, start] = type === 'key' ? [0x10, [0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01]] : [0x31, [1, 2]];
  return new FakeFrame(Uint8Array.from([tag, ...start, ...noise(bytes)]), { mimeType: 'video/VP8' }, type);
}

export function vp9(bytes = 200): FakeFrame {
  return new FakeFrame(Uint8Array.from([0x86, 0x00, ...noise(bytes)]), { mimeType: 'video/VP9' });
}

export function opus(bytes = 80): FakeFrame {
  return new FakeFrame(Uint8Array.from([0x78, ...noise(bytes)]), { mimeType: 'audio/opus' });
}

export function noise(bytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

/** What a browser gives a transform: frames go in at one end, and come out at the other. */
export class FakeStreams implements FrameStreams<EncodedFrame> {
  readonly out: EncodedFrame[] = [];
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  #controller: ReadableStreamDefaultController<EncodedFrame> | undefined;

  constructor() {
    this.readable = new ReadableStream({
      start: controller => {
        this.#controller = controller;
      },
    });
    this.writable = new WritableStream({
      write: frame => {
        this.out.push(frame);
      },
    });
  }

  put(...frames: EncodedFrame[]): void {
    for (const frame of frames) this.#controller?.enqueue(frame);
  }

  end(): void {
    this.#controller?.close();
  }
}
