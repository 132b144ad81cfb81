import { expect, it } from 'vitest';
import { bitrate, bytes, milliseconds, percent, span } from './quantity.ts';

it.each([
  [bitrate(0), '0 bit/s'],
  [bitrate(999), '999 bit/s'],
  [bitrate(1_234_567), '1.2 Mbit/s'],
  [bitrate(250_000), '250 kbit/s'],
  [bytes(3_400_000_000), '3.4 GB'],
  [percent(0), '0 %'],
  [percent(0.004), '0.4 %'],
  [percent(1), '100 %'],
  [milliseconds(1.25), '1.3 ms'],
  [milliseconds(340.4), '340 ms'],
  [span(0), '0 s'],
  [span(59), '59 s'],
  [span(3_600), '1 h'],
  [span(90_061), '1 d 1 h'],
  [span(172_859), '2 d'],
])('says %s', (said, expected) => expect(said).toBe(expected));
