import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOpus, readVp8, readVp9 } from './descriptor.ts';

const FRAME = [0xaa, 0xbb];

describe('the payload descriptor of VP8', () => {
  it.each<[string, number[], { begins: boolean; length: number }]>([
    ['of one byte', [0x10], { begins: true, length: 1 }],
    ['of a later packet', [0x00], { begins: false, length: 1 }],
    ['that starts another partition', [0x11], { begins: false, length: 1 }],
    ['with a short picture id', [0x90, 0x80, 0x11], { begins: true, length: 3 }],
    ['with a long picture id', [0x90, 0x80, 0x80, 0x11], { begins: true, length: 4 }],
    ['with TL0PICIDX and TID', [0x90, 0x60, 7, 0x20], { begins: true, length: 4 }],
    ['with KEYIDX alone', [0x80, 0x10, 3], { begins: false, length: 3 }],
    ['with all', [0xb0, 0xf0, 0x91, 0x23, 9, 0x65], { begins: true, length: 6 }],
  ])('%s is as long as it is', (_, bytes, expected) => {
    const payload = Uint8Array.from([...bytes, ...FRAME]);
    expect(readVp8(payload, true)).toEqual({ ...expected, ends: true, spatialLayer: 0 });
    expect(readVp8(payload, false)?.ends).toBe(false);
    expect(readVp8(Uint8Array.from(bytes), true)).toBeUndefined();
  });
});

describe('the payload descriptor of VP9', () => {
  it.each<[string, number[], { begins: boolean; ends: boolean; spatialLayer: number }]>([
    ['of one byte', [0x0c], { begins: true, ends: true, spatialLayer: 0 }],
    ['with a short picture id', [0x88, 0x11], { begins: true, ends: false, spatialLayer: 0 }],
    ['with a long picture id', [0x84, 0x91, 0x23], { begins: false, ends: true, spatialLayer: 0 }],
    ['with layers', [0xa8, 0x91, 0x23, 0b001_0_010_1, 200], { begins: true, ends: false, spatialLayer: 2 }],
    ['of flexible mode', [0xb8, 0x11, 0b000_1_001_0], { begins: true, ends: false, spatialLayer: 1 }],
    ['with references', [0xf8, 0x11, 0x02, 0x03, 0x05, 0x06], { begins: true, ends: false, spatialLayer: 1 }],
    [
      'with sizes',
      [0xaa, 0x11, 0, 1, 0b001_1_0_000, 1, 64, 0, 180, 2, 128, 1, 104],
      { begins: true, ends: false, spatialLayer: 0 },
    ],
    [
      'with a group of pictures',
      [0xaa, 0x11, 0, 1, 0b000_0_1_000, 2, 0b000_0_01_00, 4, 0b001_1_10_00, 1, 2],
      { begins: true, ends: false, spatialLayer: 0 },
    ],
  ])('%s is as long as it is', (_, bytes, expected) => {
    expect(readVp9(Uint8Array.from([...bytes, ...FRAME]), false)).toEqual({ ...expected, length: bytes.length });
    expect(readVp9(Uint8Array.from(bytes), true)).toBeUndefined();
  });

  it('with more references than there may be is none', () => {
    expect(readVp9(Uint8Array.from([0x50, 3, 5, 7, 9, 2, ...FRAME]), false)).toBeUndefined();
  });
});

it('a voice has none', () => {
  expect(readOpus(Uint8Array.of(1), false)).toEqual({ begins: true, ends: true, spatialLayer: 0, length: 0 });
  expect(readOpus(new Uint8Array(), false)).toBeUndefined();
});

it('bytes whatever throw nothing, and leave something of the packet', () => {
  fc.assert(
    fc.property(fc.constantFrom(readOpus, readVp8, readVp9), fc.uint8Array({ maxLength: 40 }), (read, bytes) => {
      const descriptor = read(bytes, true);
      expect(descriptor === undefined || descriptor.length < bytes.length).toBe(true);
    }),
  );
});
