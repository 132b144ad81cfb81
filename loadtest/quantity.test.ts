import { describe, expect, it } from 'vitest';
import { writeBytes, writeClock, writeCount, writeDuration, writePercent, writeRate } from './quantity.ts';

describe('quantities have about three digits and their unit', () => {
  it.each([
    [writeCount(12_345), '12,345'],
    [writeRate(0), '0 kbit/s'],
    [writeRate(64_000), '64 kbit/s'],
    [writeRate(999_900), '1 Mbit/s'],
    [writeRate(3_440_000), '3.44 Mbit/s'],
    [writeRate(312_400_000), '312 Mbit/s'],
    [writeRate(1_250_000_000), '1.25 Gbit/s'],
    [writeBytes(412_300_000), '412 MB'],
    [writeBytes(1_250_000_000), '1.25 GB'],
    [writeDuration(0.84), '0.8 ms'],
    [writeDuration(620.4), '620 ms'],
    [writeDuration(999.9), '1 s'],
    [writeDuration(1_250), '1.25 s'],
    [writeDuration(90_000), '90 s'],
    [writePercent(0), '0 %'],
    [writePercent(0.018), '0.02 %'],
    [writePercent(1.44), '1.4 %'],
    [writePercent(74.2), '74 %'],
    [writePercent(99.96), '100 %'],
    [writeClock(0), '0:00'],
    [writeClock(192_300), '3:12'],
    [writeClock(3_792_000), '1:03:12'],
  ])('%s', (written, expected) => {
    expect(written).toBe(expected);
  });
});
