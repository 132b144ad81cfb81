import { describe, expect, it } from 'vitest';
import { Link } from './link.ts';
import { type LinkProfile, steady } from './script.ts';
import { countFates, type NumberedPacket, play, stream } from './testing/play.ts';

const MBIT = 1_000_000;

function linkOf(profile: Partial<LinkProfile>, mostInside?: number): Link<NumberedPacket> {
  return new Link(steady({ queueMs: 0, delayMs: 0, ...profile }), 1, mostInside);
}

describe('the bottleneck of a link', () => {
  it('lets 125,000 bytes with headers pass in a second at 1 Mbit/s', () => {
    const { left } = play(linkOf({ rateBps: MBIT, queueMs: 60_000 }), stream(500, { everyMs: 1 }));
    const inFirstSecond = left.filter(({ atMs }) => atMs <= 1000);
    expect(inFirstSecond.reduce((sum, { wireBytes }) => sum + wireBytes, 0)).toBe(125_000);
  });

  it('gives a lone packet the time its bits take', () => {
    const { left } = play(linkOf({ rateBps: MBIT }), stream(1, { everyMs: 1, wireBytes: 1500 }));
    expect(left).toMatchObject([{ atMs: 12 }]);
  });

  it('counts the headers: the smallest packets are far from free', () => {
    const { left } = play(linkOf({ rateBps: MBIT, queueMs: 1000 }), stream(100, { everyMs: 0, wireBytes: 28 }));
    expect(left.at(-1)?.atMs).toBeCloseTo((100 * 28 * 8) / 1000);
  });

  it('does not save up unused time', () => {
    const late = stream(2, { everyMs: 0, fromMs: 5000 });
    expect(play(linkOf({ rateBps: MBIT, queueMs: 100 }), late).left).toMatchObject([{ atMs: 5008 }, { atMs: 5016 }]);
  });

  it('is not there without a rate', () => {
    const { left } = play(linkOf({}), stream(100, { everyMs: 0 }));
    expect(left).toHaveLength(100);
    expect(left.every(({ atMs }) => atMs === 0)).toBe(true);
  });
});

describe('the queue of a link', () => {
  it('lets no packet wait longer than queueMs and drops what would', () => {
    const sendingMs = 8;
    const played = play(linkOf({ rateBps: MBIT, queueMs: 40 }), stream(300, { everyMs: 4 }));
    const waits = played.left.map(({ atMs, enteredAt }) => atMs - enteredAt - sendingMs);
    expect(Math.max(...waits)).toBe(40);
    // Offered at twice the rate: half of it cannot pass, apart from what the queue takes in.
    expect(countFates(played)).toEqual({ queued: 155, dropped: 145, lost: 0 });
  });

  it('takes packets again as soon as one has left', () => {
    const link = linkOf({ rateBps: MBIT, queueMs: 8 });
    const [first, second, third, fourth] = stream(4, { everyMs: 0 }).map(({ packet }) => packet);
    if (!first || !second || !third || !fourth) throw new Error('four packets');
    expect([link.offer(first, 0), link.offer(second, 0), link.offer(third, 0)]).toEqual([
      'queued',
      'queued',
      'dropped',
    ]);
    expect([link.offer(third, 7.9), link.offer(fourth, 8)]).toEqual(['dropped', 'queued']);
  });

  it('of 0 ms takes a packet only while nothing is being sent', () => {
    const played = play(linkOf({ rateBps: MBIT, queueMs: 0 }), stream(8, { everyMs: 4 }));
    expect(played.left.map(({ id }) => id)).toEqual([0, 2, 4, 6]);
  });

  it('never holds more packets than the cap, those on the way included; one more is dropped', () => {
    const link = linkOf({ delayMs: 1000 }, 10);
    expect(countFates(play(link, stream(15, { everyMs: 1 })))).toEqual({ queued: 10, dropped: 5, lost: 0 });
    expect(countFates(play(link, stream(5, { everyMs: 1, fromMs: 2000 })))).toMatchObject({ queued: 5 });
  });
});
