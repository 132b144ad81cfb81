import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetOf } from '../testing/packets.ts';
import { readRtp } from './packet.ts';

describe('an RTP packet', () => {
  it('is read as it was written', () => {
    const bytes = packetOf({
      sequence: 65_535,
      timestamp: 0xffff_fffe,
      marker: true,
      ssrc: 0x8000_0001,
      payload: [1, 2],
    });
    expect(readRtp(bytes)).toEqual({
      payloadType: 96,
      sequence: 65_535,
      timestamp: 0xffff_fffe,
      ssrc: 0x8000_0001,
      marker: true,
      payload: Uint8Array.of(1, 2),
      bytes: 14,
    });
  });

  it.each([
    ['header extensions', { extension: [1, 2, 3, 4, 5, 6, 7, 8] }],
    ['contributing sources', { csrcs: 3 }],
    ['padding', { padding: 4 }],
    ['all of them', { extension: [0, 0, 0, 0], csrcs: 1, padding: 1 }],
  ])('with %s has the payload between them', (_, more) => {
    const read = readRtp(packetOf({ sequence: 1, payload: [7, 8, 9], ...more }));
    expect(read?.payload).toEqual(Uint8Array.of(7, 8, 9));
  });

  it('of nothing but padding is an empty one', () => {
    expect(readRtp(packetOf({ sequence: 1, payload: [], padding: 200 }))?.payload).toHaveLength(0);
  });

  it.each([
    ['ends in its header', [0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0]],
    ['ends in its sources', [...packetOf({ sequence: 1, payload: [] })].with(0, 0x8f)],
    ['ends before its extension', [...packetOf({ sequence: 1, payload: [] })].with(0, 0x90)],
    ['ends in its extension', [...packetOf({ sequence: 1, payload: [], extension: [0, 0, 0, 0] })].with(15, 9)],
    ['has more padding than bytes', [...packetOf({ sequence: 1, payload: [200] })].with(0, 0xa0)],
    ['is of another version', [...packetOf({ sequence: 1, payload: [1] })].with(0, 0x40)],
  ])('that %s is none', (_, bytes) => {
    expect(readRtp(Uint8Array.from(bytes))).toBeUndefined();
  });

  it('of any bytes whatever throws nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        const read = readRtp(bytes);
        expect(read === undefined || read.payload.length < bytes.length).toBe(true);
      }),
    );
  });
});
