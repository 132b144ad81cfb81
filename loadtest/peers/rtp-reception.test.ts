import { describe, expect, it } from 'vitest';
import { simulcastRecording } from '../media/recordings.ts';
import { PAYLOAD_TYPES, RtpStream } from './rtp.ts';
import { RtpReception } from './rtp-reception.ts';
import { Vp8Packetiser } from './vp8.ts';

const TRACK = { streamId: 's', trackId: 't' };

/** A second of the recorded picture, from its keyframe on, by frame. */
function video(): Buffer[][] {
  const [low] = simulcastRecording().layers;
  const packetiser = new Vp8Packetiser(new RtpStream(PAYLOAD_TYPES.vp8));
  return (low?.frames ?? []).slice(0, 15).map(({ data }, index) => packetiser.packets(data, index * 6_000));
}

function voice(count: number): Buffer[] {
  const stream = new RtpStream(PAYLOAD_TYPES.opus);
  return Array.from({ length: count }, (_, index) => stream.packet([Buffer.from([1, 2, 3])], index * 960, false));
}

describe('what is told of a track', () => {
  it('of a whole video: its frames, its keyframe and its size', () => {
    const reception = new RtpReception(TRACK);
    for (const [index, frame] of video().entries()) for (const packet of frame) reception.take(packet, index * 66);
    expect(reception.report(15 * 66)).toMatchObject({
      ...TRACK,
      kind: 'video',
      frames: 15,
      keyframes: 1,
      lost: 0,
      size: { width: 160, height: 90 },
    });
  });

  it('of a video with a hole: frames up to the hole, none that build on it', () => {
    const reception = new RtpReception(TRACK);
    for (const [index, frame] of video().entries()) {
      if (index !== 5) for (const packet of frame) reception.take(packet, index * 66);
    }
    const report = reception.report(15 * 66);
    expect(report).toMatchObject({ frames: 5, lost: video()[5]?.length });
    expect(report.longestGapMs).toBeGreaterThan(600);
  });

  it('of a video among whose packets a focus tries the link: what it is without them', () => {
    const reception = new RtpReception(TRACK);
    const padding = new RtpStream(127);
    for (const [index, frame] of video().entries()) {
      for (const packet of frame) {
        reception.take(packet, index * 66);
        reception.take(padding.packet([Buffer.alloc(200)], 0, false), index * 66);
      }
    }
    expect(reception.report(15 * 66)).toMatchObject({ kind: 'video', frames: 15, keyframes: 1, lost: 0 });
  });

  it('of a voice: what is lost, and the longest time without it, since the last report', () => {
    const reception = new RtpReception(TRACK);
    const packets = voice(100);
    for (const [index, packet] of packets.entries()) {
      if (index < 50 || index >= 70) reception.take(packet, index * 20);
    }
    expect(reception.report(2_000)).toMatchObject({ kind: 'audio', packets: 80, lost: 20, longestGapMs: 420 });
    expect(reception.report(2_010)).toMatchObject({ packets: 0, lost: 0 });
  });

  it('counts what comes late as come, and goes round with the sequence numbers', () => {
    const reception = new RtpReception(TRACK);
    const packets = voice(10);
    for (const [index, packet] of packets.entries()) packet.writeUInt16BE((65_530 + index) & 0xffff, 2);
    [packets[3], packets[4]] = [packets[4] ?? Buffer.alloc(0), packets[3] ?? Buffer.alloc(0)];
    for (const packet of packets) reception.take(packet, 0);
    expect(reception.report(0)).toMatchObject({ packets: 10, lost: 0 });
  });

  it('survives packets that are none', () => {
    const reception = new RtpReception(TRACK);
    for (const length of [0, 1, 12, 13, 14, 20]) reception.take(Buffer.alloc(length, 0xff), 0);
    expect(reception.report(0).frames).toBe(0);
  });
});
