import { describe, expect, it } from 'vitest';
import { svcCameraEncoding } from './encodings.ts';
import { encryptablePreferences, preferredCodecs, prefersSvc } from './media-preferences.ts';
import { videoBitrate } from './wire.ts';

const KNOWN = ['video/VP8', 'video/rtx', 'video/H264', 'video/VP9', 'video/H264', 'video/red'].map(
  (mimeType, index) => ({
    mimeType,
    index,
  }),
);
const choose = (...codecs: string[]): number[] =>
  preferredCodecs(KNOWN, { codecs, relayOnly: false }).map(({ index }) => index);

describe('preferred codecs', () => {
  it('are those alone, in their order, with retransmission', () => {
    expect(choose('H264')).toEqual([2, 4, 1]);
    expect(choose('vp9', 'VP8')).toEqual([3, 0, 1]);
  });

  it('are left to the browser where it has none of them, or none is preferred', () => {
    expect(choose('AV1')).toEqual([]);
    expect(choose()).toEqual([]);
  });

  it('come as one stream where the first of them does', () => {
    expect(prefersSvc({ codecs: ['AV1', 'VP8'], relayOnly: false })).toBe(true);
    expect(prefersSvc({ codecs: ['VP8', 'AV1'], relayOnly: false })).toBe(false);
    expect(prefersSvc({ codecs: [], relayOnly: false })).toBe(false);
  });

  it('are in an encrypted call those that can be encrypted, whatever else is preferred', () => {
    const allowed = (...codecs: string[]): readonly string[] =>
      encryptablePreferences({ codecs, relayOnly: true }).codecs;
    expect(allowed('H264', 'vp9', 'AV1')).toEqual(['vp9']);
    for (const none of [[], ['H264'], ['AV1', 'H264']]) expect(allowed(...none)).toEqual(['VP8', 'VP9']);
    expect(encryptablePreferences({ codecs: [], relayOnly: true }).relayOnly).toBe(true);
  });
});

describe('a camera in one stream', () => {
  it.each([
    [1280, 720, 'L3T3_KEY'],
    [640, 360, 'L2T3_KEY'],
    [320, 180, 'L1T3'],
    [160, 90, 'L1T3'],
    [720, 1280, 'L2T3_KEY'],
  ])('of %i by %i has the layers of %s', (width, height, mode) => {
    expect(svcCameraEncoding({ width, height, frameRate: 15 })).toMatchObject([{ scalabilityMode: mode }]);
  });

  it('may take what its layers take together', () => {
    const [{ maxBitrate = 0 } = {}] = svcCameraEncoding({ width: 640, height: 360, frameRate: 15 });
    expect(maxBitrate).toBe(videoBitrate(640, 360) + videoBitrate(320, 180));
  });
});
