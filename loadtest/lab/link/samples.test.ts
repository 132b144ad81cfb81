import { describe, expect, it } from 'vitest';
import { Link } from './link.ts';
import { SampleBins } from './samples.ts';
import { type LinkScript, steady } from './script.ts';
import { type NumberedPacket, play, stream } from './testing/play.ts';

const MBIT = 1_000_000;

function startedLink(script: LinkScript): Link<NumberedPacket> {
  const link = new Link<NumberedPacket>(script, 1);
  link.start(0);
  return link;
}

describe('the samples of a link', () => {
  it('count what entered and left in bins of 100 ms, with headers', () => {
    const link = startedLink(steady({ queueMs: 0, delayMs: 150 }));
    play(link, stream(10, { everyMs: 20 }));
    expect(link.samples(399)).toMatchObject([
      { atMs: 0, enteredBytes: 5000, leftBytes: 0, capacityBps: null },
      { atMs: 100, enteredBytes: 5000, leftBytes: 3000 },
      { atMs: 200, enteredBytes: 0, leftBytes: 5000 },
      { atMs: 300, enteredBytes: 0, leftBytes: 2000 },
    ]);
  });

  it('count as entered also what was lost or dropped', () => {
    const dead = startedLink(steady({ queueMs: 0, delayMs: 0, lossPct: 100 }));
    play(dead, stream(5, { everyMs: 1 }));
    expect(dead.samples(50)).toMatchObject([{ enteredBytes: 5000, leftBytes: 0, lost: 5, queueDropped: 0 }]);
    const narrow = startedLink(steady({ queueMs: 0, delayMs: 0, rateBps: MBIT }));
    play(narrow, stream(5, { everyMs: 1 }));
    expect(narrow.samples(50)).toMatchObject([{ enteredBytes: 5000, leftBytes: 1000, lost: 0, queueDropped: 4 }]);
  });

  it('tell the longest queue, also while nothing comes', () => {
    const link = startedLink(steady({ queueMs: 1000, delayMs: 0, rateBps: MBIT }));
    play(link, stream(30, { everyMs: 0 }));
    expect(link.samples(350).map(({ queueMs }) => queueMs)).toEqual([240, 140, 40, 0]);
  });

  it('tell the capacity, and the queue that a fall of it makes longer', () => {
    const link = startedLink([
      { atMs: 0, profile: { queueMs: 1000, delayMs: 0, rateBps: MBIT } },
      { atMs: 100, profile: { queueMs: 1000, delayMs: 0, rateBps: MBIT / 2 } },
    ]);
    play(link, stream(20, { everyMs: 0 }));
    expect(link.samples(250)).toMatchObject([
      { capacityBps: MBIT, queueMs: 160 },
      { capacityBps: MBIT / 2, queueMs: 120 },
      { capacityBps: MBIT / 2, queueMs: 20 },
    ]);
  });

  it('begin at the start, whenever that is', () => {
    const link = new Link<NumberedPacket>(steady({ queueMs: 0, delayMs: 0 }), 1);
    play(link, stream(3, { everyMs: 10, fromMs: 70_000 }));
    expect(link.samples(70_500)).toEqual([]);
    // A little in the past: a message from another thread was on its way.
    link.start(70_495);
    play(link, stream(1, { everyMs: 10, fromMs: 70_600 }));
    expect(link.samples(70_600)).toMatchObject([
      { atMs: 0, enteredBytes: 0 },
      { atMs: 100, enteredBytes: 1000 },
    ]);
  });

  it('are there for idle time too, and go back an hour', () => {
    const link = startedLink(steady({ queueMs: 0, delayMs: 0 }));
    expect(link.samples(999)).toHaveLength(10);
    const long = link.samples(2 * 3_600_000 - 1);
    expect(long).toHaveLength(36_000);
    expect(long[0]?.atMs).toBe(3_600_000);
    expect(long.at(-1)?.atMs).toBe(2 * 3_600_000 - 100);
  });

  it('has a bin for a time so close before an edge that it rounds up to it', () => {
    const zeroMs = 9.619999999999997;
    const bins = new SampleBins(zeroMs);
    bins.open(0, 1000);
    const justBefore = bins.nextEdge() - 2 ** -46;
    expect(justBefore).toBeLessThan(bins.nextEdge());
    expect(Math.floor((justBefore - zeroMs) / 100)).toBe(1);
    expect(bins.at(justBefore)).toMatchObject({ atMs: 0 });
  });
});
