/** A frame as browsers hand it to a transform, and what it is encoded in. */
import { CODECS, type EncryptableCodec } from '../sframe/clear-bytes.ts';

export type MediaKind = 'audio' | 'video';

/** What RTCEncodedVideoFrame and RTCEncodedAudioFrame have in common, as far as it is used here. */
export interface EncodedFrame {
  data: ArrayBuffer;
  /** Of video. */
  readonly type?: 'key' | 'delta' | 'empty';
  getMetadata(): { readonly mimeType?: string; readonly payloadType?: number };
}

/** A codec of a sender or receiver, as its parameters name it. */
export interface NegotiatedCodec {
  readonly payloadType: number;
  readonly mimeType: string;
}

export type FrameCodec =
  | { readonly kind: 'known'; readonly codec: EncryptableCodec }
  /** One that is not encrypted. */
  | { readonly kind: 'other' }
  /** The browser says its payload type alone, and nobody has said what that is. */
  | { readonly kind: 'unknown' };

/** What a frame is encoded in: as it says itself, else by its payload type. */
export class FrameCodecs {
  #mimeTypes: ReadonlyMap<number, string> = new Map();

  /** Those that were negotiated last. */
  update(codecs: readonly NegotiatedCodec[]): void {
    this.#mimeTypes = new Map(codecs.map(({ payloadType, mimeType }) => [payloadType, mimeType]));
  }

  of(frame: EncodedFrame): FrameCodec {
    const { mimeType, payloadType } = frame.getMetadata();
    const type = mimeType ?? (payloadType === undefined ? undefined : this.#mimeTypes.get(payloadType));
    if (type === undefined) return { kind: 'unknown' };
    // Media types know no case, and "audio/opus" and "video/VP8" are both usual.
    const name = type.slice(type.indexOf('/') + 1).toLowerCase();
    const codec = CODECS.find(known => known.toLowerCase() === name);
    return codec === undefined ? { kind: 'other' } : { kind: 'known', codec };
  }
}
