import { expect, test } from 'vitest';
import { hopsOf } from './hop-figures.ts';
import { monotonicNow, sentAtOf } from './stamps.ts';

test('a hop is how much later the same packet came to the far viewer', () => {
  const near = new Map([
    [100, 101],
    [200, 203],
    [300, 301],
  ]);
  const far = new Map([
    [100, 103],
    [300, 302],
    [400, 405],
  ]);
  expect(hopsOf(near, far)).toEqual({ hopsMs: [2, 1], nearMs: [1, 1] });
});

test('the time of sending stands at the end of a stamped packet, and nowhere else', () => {
  const stamp = Buffer.alloc(16);
  stamp.write('weirtime');
  stamp.writeBigUInt64BE(1_234_567_890n, 8);
  const packet = Buffer.concat([Buffer.alloc(40, 7), stamp]);
  expect(sentAtOf(packet)).toBeCloseTo(1_234.56789, 6);
  expect(sentAtOf(packet.subarray(0, packet.length - 1))).toBeUndefined();
  expect(sentAtOf(stamp.subarray(0, 10))).toBeUndefined();
});

test('time of the monotonic clock goes forward', () => {
  const before = monotonicNow();
  expect(monotonicNow()).toBeGreaterThanOrEqual(before);
});
