import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isRtp, VIDEO_CLOCK } from './rtp.ts';
import { nearest, SimulcastSource } from './simulcast-source.ts';
import { VoiceSource } from './voice-source.ts';

interface Sent {
  ssrc: number;
  sequence: number;
  timestamp: number;
  marker: boolean;
  /** First packet of a frame. */
  starts: boolean;
  isKeyframe: boolean;
  size: number;
}

let now = 1_000;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function listen(): { rtp: Sent[]; reports: Buffer[]; send: (packet: Buffer) => void } {
  const rtp: Sent[] = [];
  const reports: Buffer[] = [];
  const send = (packet: Buffer): void => {
    if (!isRtp(packet)) {
      reports.push(packet);
      return;
    }
    const starts = packet.readUInt8(12) === 0x90;
    rtp.push({
      ssrc: packet.readUInt32BE(8),
      sequence: packet.readUInt16BE(2),
      timestamp: packet.readUInt32BE(4),
      marker: (packet.readUInt8(1) & 0x80) !== 0,
      starts,
      isKeyframe: starts && (packet.readUInt8(16) & 1) === 0,
      size: packet.length,
    });
  };
  return { rtp, reports, send };
}

function run(source: { tick(now: number): void }, ms: number): void {
  for (const end = now + ms; now < end; now += 5) source.tick(now);
}

function pli(ssrc: number): Buffer {
  const packet = Buffer.from([0x81, 206, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

function nack(ssrc: number, first: number, bits: number): Buffer {
  const packet = Buffer.from([0x81, 205, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  packet.writeUInt32BE(ssrc, 8);
  packet.writeUInt16BE(first, 12);
  packet.writeUInt16BE(bits, 14);
  return packet;
}

test('three layers have one clock, begin with a keyframe, and report early and again', () => {
  const { rtp, reports, send } = listen();
  const source = new SimulcastSource(send);
  run(source, 2_500);
  for (const ssrc of source.ssrcs) {
    const own = rtp.filter(packet => packet.ssrc === ssrc);
    expect(own[0]).toMatchObject({ starts: true, isKeyframe: true });
    expect(own.filter(({ marker }) => marker).length).toBeGreaterThan(34);
    expect(own.every(({ sequence }, index) => sequence === ((own[0]?.sequence ?? 0) + index) % 0x1_0000)).toBe(true);
    expect(reports.filter(report => report.readUInt32BE(4) === ssrc)).toHaveLength(3);
  }
  const [times] = source.ssrcs.map(ssrc => new Set(rtp.filter(each => each.ssrc === ssrc).map(each => each.timestamp)));
  expect(rtp.every(({ timestamp }) => times?.has(timestamp))).toBe(true);
  const sorted = [...(times ?? [])];
  expect(((sorted[9] ?? 0) - (sorted[2] ?? 0) + 0x1_0000_0000) % 0x1_0000_0000).toBeCloseTo((7 * VIDEO_CLOCK) / 15, -2);
  expect(Math.max(...rtp.map(({ size }) => size))).toBeLessThanOrEqual(1_200);
});

test('a request is answered with a keyframe, the next frame of that layer; a second one at once is not', () => {
  const { rtp, send } = listen();
  const source = new SimulcastSource(send);
  run(source, 500);
  const [, middle = 0] = source.ssrcs;
  rtp.length = 0;
  const keyframes = (): number => rtp.filter(({ isKeyframe }) => isKeyframe).length;
  source.hear(pli(middle));
  // A frame passes until it is captured, and one until it has left: keyframes of the other layers leave with it.
  run(source, 140);
  const starts = (): Sent[] => rtp.filter(packet => packet.ssrc === middle && packet.starts);
  const asked = starts().findIndex(({ isKeyframe }) => isKeyframe);
  // The frame before may still have been on its way out.
  expect([0, 1]).toContain(asked);
  const after = keyframes();
  source.hear(pli(middle));
  run(source, 70);
  expect(keyframes() - after).toBeLessThanOrEqual(3);
  expect(starts()[asked + 1]).toMatchObject({ isKeyframe: false });
});

test('a layer that is off sends nothing, and comes back with a keyframe and a report', () => {
  const { rtp, reports, send } = listen();
  const source = new SimulcastSource(send);
  run(source, 500);
  source.setLayers([true, true, false]);
  run(source, 100);
  const [low, , high] = source.ssrcs;
  rtp.length = 0;
  reports.length = 0;
  run(source, 400);
  expect(rtp.some(({ ssrc }) => ssrc === high)).toBe(false);
  expect(rtp.some(({ ssrc }) => ssrc === low)).toBe(true);
  source.setLayers([true, true, true]);
  run(source, 200);
  expect(rtp.find(({ ssrc }) => ssrc === high)).toMatchObject({ isKeyframe: true });
  expect(reports.some(report => report.readUInt32BE(4) === high)).toBe(true);
});

test('lost packets are sent again, as long as they are kept', () => {
  const { rtp, send } = listen();
  const source = new SimulcastSource(send);
  run(source, 500);
  const [low = 0] = source.ssrcs;
  const [first] = rtp.filter(({ ssrc }) => ssrc === low);
  rtp.length = 0;
  source.hear(nack(low, first?.sequence ?? 0, 0b101));
  expect(rtp.map(({ sequence }) => (sequence - (first?.sequence ?? 0) + 0x1_0000) % 0x1_0000)).toEqual([0, 1, 3]);
  rtp.length = 0;
  source.hear(nack(low, ((first?.sequence ?? 0) + 30_000) & 0xffff, 0));
  expect(rtp).toEqual([]);
});

test('the voice goes on in silence while it is muted', () => {
  const sizes: number[] = [];
  const source = new VoiceSource(packet => {
    if (isRtp(packet)) sizes.push(packet.length);
  });
  run(source, 1_000);
  expect(sizes.length).toBeGreaterThanOrEqual(49);
  source.setMuted(true);
  sizes.length = 0;
  run(source, 1_000);
  expect(sizes.length).toBeGreaterThanOrEqual(49);
  expect(new Set(sizes)).toEqual(new Set([15]));
});

test('the nearest keyframe may lie round the end of the loop', () => {
  const keyframes = [0, 15, 30, 135];
  expect(nearest(keyframes, 148, 150)).toBe(0);
  expect(nearest(keyframes, 20, 150)).toBe(15);
  expect(nearest(keyframes, 25, 150)).toBe(30);
});
