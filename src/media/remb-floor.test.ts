import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { RembFloor, type RembLink } from './remb-floor.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** A link that is taken for what its floor says. */
function linkOf(link: RembLink) {
  const clock = new VirtualClock();
  const floors: number[] = [];
  const transport = {
    closed: false,
    setMinOutgoingBitrate: (bitrate: number) => {
      floors.push(bitrate);
      if (bitrate > 0) link = { ...link, available: bitrate };
      return Promise.resolve();
    },
  };
  const floor = new RembFloor(transport, clock, SILENT, () => link);
  floor.watch();
  return {
    clock,
    floor,
    floors,
    close: () => floor.close(),
    change: (to: Partial<RembLink>) => {
      link = { ...link, ...to };
    },
  };
}

describe('the floor of a link whose receiver estimates it', () => {
  it('grows while no picture is sent, as far as a first one needs', async () => {
    const { clock, floors } = linkOf({ followsRemb: true, showsPicture: false, available: 100_000 });
    await clock.pass(2_000);
    expect(floors).toEqual([108_000, 116_640]);
    await clock.pass(60_000);
    expect(floors.at(-1)).toBe(300_000);
  });

  it('goes once a picture was sent for so long that the receiver has reported on it', async () => {
    const { clock, floors, change } = linkOf({ followsRemb: true, showsPicture: false, available: 100_000 });
    await clock.pass(1_000);
    change({ showsPicture: true });
    await clock.pass(2_000);
    expect(floors).toEqual([108_000]);
    await clock.pass(60_000);
    expect(floors).toEqual([108_000, 0]);
  });

  it('is not there for links that the focus estimates itself, nor before there is an estimate', async () => {
    const own = linkOf({ followsRemb: false, showsPicture: false, available: 100_000 });
    const unknown = linkOf({ followsRemb: true, showsPicture: false, available: undefined });
    await own.clock.pass(10_000);
    await unknown.clock.pass(10_000);
    expect([own.floors, unknown.floors]).toEqual([[], []]);
  });

  it('has no timer where the focus estimates the link, and gets one when that changes', async () => {
    const { clock, floor, floors, change } = linkOf({ followsRemb: false, showsPicture: false, available: 100_000 });
    expect(clock.pending).toBe(0);
    change({ followsRemb: true });
    floor.watch();
    floor.watch();
    await clock.pass(1_000);
    expect(floors).toEqual([108_000]);
    change({ followsRemb: false });
    await clock.pass(4_000);
    expect(floors).toEqual([108_000, 0]);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer behind', async () => {
    const { clock, close } = linkOf({ followsRemb: true, showsPicture: false, available: 100_000 });
    await clock.pass(3_000);
    close();
    expect(clock.pending).toBe(0);
  });
});
