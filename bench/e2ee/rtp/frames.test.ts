import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtpStream } from '../../../loadtest/peers/rtp.ts';
import { Vp8Packetiser } from '../../../loadtest/peers/vp8.ts';
import { arrived } from '../testing/packets.ts';
import { type ArrivedPacket, framesOf } from './frames.ts';
import { readRtp } from './packet.ts';

/** A VP8 packet, with a descriptor of one byte. */
const vp8 = (sequence: number, timestamp: number, place: 'first' | 'middle' | 'last' | 'only'): ArrivedPacket =>
  arrived({
    sequence,
    timestamp,
    marker: place === 'last' || place === 'only',
    payload: [place === 'first' || place === 'only' ? 0x10 : 0x00, sequence & 0xff],
  });
const dataOf = (packets: readonly ArrivedPacket[]): number[][] =>
  framesOf('VP8', packets).frames.map(({ data }) => [...data]);

describe('frames of VP8', () => {
  it('are put together of their packets, in the order of these', () => {
    const packets = [vp8(1, 0, 'first'), vp8(2, 0, 'middle'), vp8(3, 0, 'last'), vp8(4, 9, 'only')];
    expect(dataOf(packets)).toEqual([[1, 2, 3], [4]]);
    expect(dataOf(packets.toReversed())).toEqual([[1, 2, 3], [4]]);
    expect(dataOf([...packets, ...packets])).toEqual([[1, 2, 3], [4]]);
    const { frames } = framesOf('VP8', packets);
    expect(frames.map(({ at, timestamp, packetBytes }) => [at, timestamp, packetBytes])).toEqual([
      [3, 0, 42],
      [4, 9, 14],
    ]);
  });

  it('go on where sequence numbers begin again, and where they are near that and in disorder', () => {
    const packets = [vp8(65_534, 0, 'first'), vp8(0, 0, 'middle'), vp8(65_535, 0, 'middle'), vp8(1, 0, 'last')];
    expect(dataOf([...packets, vp8(2, 5, 'only')])).toEqual([[254, 255, 0, 1], [2]]);
  });

  it.each([
    ['begin', [vp8(2, 0, 'middle'), vp8(3, 0, 'last')]],
    ['middle', [vp8(1, 0, 'first'), vp8(3, 0, 'last')]],
    ['end', [vp8(1, 0, 'first'), vp8(2, 0, 'middle')]],
  ])('whose %s is missing are none, and counted', (_, broken) => {
    const { frames, incomplete } = framesOf('VP8', [...broken, vp8(4, 9, 'only')]);
    expect(frames.map(({ data }) => [...data])).toEqual([[4]]);
    expect(incomplete).toBe(1);
  });

  it('are not joined where the end of one and the begin of the next are missing', () => {
    const { frames, incomplete } = framesOf('VP8', [vp8(1, 0, 'first'), vp8(2, 9, 'last')]);
    expect([frames.length, incomplete]).toEqual([0, 2]);
  });

  it('are not parted by probes', () => {
    const probe = arrived({ sequence: 2, payload: [], padding: 100 });
    expect(dataOf([vp8(1, 0, 'first'), probe, vp8(3, 0, 'last')])).toEqual([[1, 3]]);
  });

  it('are what somebody else cut into packets, whatever is lost: each is whole or missing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 4_000 }), { maxLength: 20 }),
        fc.func(fc.integer({ min: 0, max: 9 })),
        (frames, roll) => {
          const packetiser = new Vp8Packetiser(new RtpStream(96));
          const sent = frames.map((frame, index) => packetiser.packets(Buffer.from(frame), index * 3_000));
          const arrivals = sent.map(packets =>
            packets.flatMap((packet, part) => {
              const read = roll(part, packet.length) === 0 ? undefined : readRtp(packet);
              return read === undefined ? [] : [{ ...read, at: 0 }];
            }),
          );
          const expected = frames.filter((_, index) => arrivals[index]?.length === sent[index]?.length);
          const found = framesOf('VP8', arrivals.flat());
          expect(found.frames.map(({ data }) => [...data])).toEqual(expected.map(frame => [...frame]));
          const touched = arrivals.filter((packets, index) => packets.length < (sent[index]?.length ?? 0));
          expect(found.incomplete).toBeLessThanOrEqual(touched.length);
        },
      ),
    );
  });
});

describe('frames of VP9', () => {
  /** Two sizes of one picture: flags B and E, layers, TL0PICIDX. */
  const vp9 = (sequence: number, flags: number, layer: number, marker = false): ArrivedPacket =>
    arrived({ sequence, timestamp: 0, marker, payload: [0x20 | flags, layer << 1, 0, sequence] });

  it('are one for each size of a picture', () => {
    const { frames } = framesOf('VP9', [
      vp9(1, 0x08, 0),
      vp9(2, 0x04, 0),
      vp9(3, 0x0c, 1),
      vp9(4, 0x08, 2),
      vp9(5, 0x04, 2, true),
    ]);
    expect(frames.map(({ spatialLayer, data }) => [spatialLayer, ...data])).toEqual([
      [0, 1, 2],
      [1, 3],
      [2, 4, 5],
    ]);
  });

  it('lack what is lost of one size alone', () => {
    const { frames, incomplete } = framesOf('VP9', [vp9(1, 0x08, 0), vp9(3, 0x0c, 1, true)]);
    expect(frames.map(({ data }) => [...data])).toEqual([[3]]);
    expect(incomplete).toBe(1);
  });
});

it('each packet of a voice is a frame', () => {
  const packets = [1, 2, 4].map(sequence => arrived({ sequence, timestamp: sequence * 960, payload: [sequence, 0] }));
  expect(framesOf('opus', packets).frames.map(({ data }) => [...data])).toEqual([
    [1, 0],
    [2, 0],
    [4, 0],
  ]);
});
