import { describe, expect, test } from 'vitest';
import { audioBursts, packetsPerBurst, PACKET_BYTES, splitAboutEqually, videoBursts } from './bursts.ts';

describe('bursts of packets', () => {
  test('a frame is cut into packets that differ by a byte, the larger ones last', () => {
    expect(splitAboutEqually(3_302, 3)).toEqual([1_100, 1_101, 1_101]);
    expect(splitAboutEqually(12, 4)).toEqual([3, 3, 3, 3]);
  });

  test.each([[[3, 4]], [[10]]])(
    'video of %j packets a frame is of unequal sizes, and of the mean size that is measured',
    packets => {
      const bursts = videoBursts(packets);
      expect(bursts.slice(0, packets.length).map(burst => burst.length)).toEqual(packets);
      for (const burst of bursts) expect(new Set(burst).size).toBe(2);
      const sizes = bursts.flat();
      const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
      expect(Math.abs(mean - PACKET_BYTES.video)).toBeLessThan(PACKET_BYTES.video * 0.01);
      expect(packetsPerBurst(bursts)).toBe(packets.reduce((sum, count) => sum + count, 0) / packets.length);
    },
  );

  test('voices come alone', () => {
    expect(packetsPerBurst(audioBursts())).toBe(1);
  });
});
