import { describe, expect, it } from 'vitest';
import { FrameCodecs } from './encoded-frame.ts';
import { FakeFrame } from './testing/fake-frames.ts';

const NEGOTIATED = [
  { payloadType: 96, mimeType: 'video/VP8' },
  { payloadType: 98, mimeType: 'video/H264' },
  { payloadType: 111, mimeType: 'audio/opus' },
];

function codecOf(metadata: { mimeType?: string; payloadType?: number }, negotiated = NEGOTIATED): string {
  const codecs = new FrameCodecs();
  codecs.update(negotiated);
  const found = codecs.of(new FakeFrame(new Uint8Array(1), metadata));
  return found.kind === 'known' ? found.codec : found.kind;
}

describe('the codec of a frame', () => {
  it('is what it says itself', () => {
    expect(codecOf({ mimeType: 'video/vp8' })).toBe('VP8');
    expect(codecOf({ mimeType: 'video/VP9', payloadType: 96 })).toBe('VP9');
    expect(codecOf({ mimeType: 'audio/opus' })).toBe('opus');
  });

  it('is that of its payload type, where it says that alone', () => {
    expect(codecOf({ payloadType: 96 })).toBe('VP8');
    expect(codecOf({ payloadType: 111 })).toBe('opus');
    expect(codecOf({ payloadType: 98 })).toBe('other');
  });

  it('is unknown where nobody has said what the payload type is', () => {
    expect(codecOf({ payloadType: 96 }, [])).toBe('unknown');
    expect(codecOf({ payloadType: 97 })).toBe('unknown');
    expect(codecOf({})).toBe('unknown');
  });

  it('is none of ours where its packets are read on the way, or it is not known here', () => {
    for (const mimeType of ['video/H264', 'video/AV1', 'video/H265', 'audio/red', 'audio/PCMU', 'VP', ''])
      expect(codecOf({ mimeType })).toBe('other');
  });
});
