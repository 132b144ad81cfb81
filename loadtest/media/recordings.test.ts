import { expect, test } from 'vitest';
import { lightRecording, simulcastRecording, voiceRecording } from './recordings.ts';

/** RFC 6386, 9.1. */
function sizeOf(keyframe: Buffer): { width: number; height: number } {
  return { width: keyframe.readUInt16LE(6) & 0x3fff, height: keyframe.readUInt16LE(8) & 0x3fff };
}

test('the layers of the recording have the sizes and the bitrates that are asked of them', () => {
  const { layers, size, framesPerSecond } = simulcastRecording();
  const sizes = layers.map(({ frames }) => sizeOf(frames[0]?.data ?? Buffer.alloc(0)));
  expect(sizes).toEqual([{ width: 160, height: 90 }, { width: 320, height: 180 }, size]);
  const bitrates = layers.map(({ frames }) => {
    const bytes = frames.reduce((sum, { data }) => sum + data.length, 0);
    return (bytes * 8 * framesPerSecond) / frames.length;
  });
  for (const [index, wanted] of [45_000, 150_000, 650_000].entries()) {
    expect(bitrates[index]).toBeGreaterThan(wanted * 0.9);
    expect(bitrates[index]).toBeLessThan(wanted * 1.1);
  }
  expect(layers.map(({ keyframes }) => keyframes.length)).toEqual([1, 1, 1]);
});

test('the voice is Opus in frames of 20 ms, in a mode that has FEC', () => {
  const packets = voiceRecording();
  expect(packets.length).toBeGreaterThanOrEqual(500);
  // RFC 6716, 3.1: configuration 15 is hybrid, fullband, 20 ms; code 0 is one frame a packet.
  expect(new Set(packets.map(packet => packet.readUInt8(0) >> 3))).toEqual(new Set([15]));
  expect(new Set(packets.map(packet => packet.readUInt8(0) & 3))).toEqual(new Set([0]));
});

test('frames of the light camera fit into a packet each', () => {
  const { frames, keyframes } = lightRecording();
  expect(keyframes).toEqual([0, 10]);
  expect(Math.max(...frames.map(({ data }) => data.length))).toBeLessThan(1_150);
});
