import { describe, expect, it } from 'vitest';
import { Link } from './link.ts';
import { type LinkProfile, steady } from './script.ts';
import { countFates, type NumberedPacket, play, type Played, stream } from './testing/play.ts';

function linkOf(profile: Partial<LinkProfile>, seed = 1): Link<NumberedPacket> {
  const link = new Link<NumberedPacket>(steady({ queueMs: 0, delayMs: 0, ...profile }), seed);
  link.start(0);
  return link;
}

const tripTimes = ({ left }: Played) => left.map(({ atMs, enteredAt }) => atMs - enteredAt);
const isInOrder = ({ left }: Played) => left.every(({ id }, index) => index === 0 || id > (left[index - 1]?.id ?? id));

describe('delay', () => {
  it('holds every packet for delayMs', () => {
    expect(new Set(tripTimes(play(linkOf({ delayMs: 80 }), stream(50, { everyMs: 7 }))))).toEqual(new Set([80]));
  });

  it('comes on top of the time at the bottleneck', () => {
    const played = play(linkOf({ rateBps: 1_000_000, delayMs: 80 }), stream(5, { everyMs: 20 }));
    expect(new Set(tripTimes(played))).toEqual(new Set([88]));
  });
});

describe('jitter', () => {
  it('stays within jitterMs of delayMs, and uses all of it', () => {
    // Far enough apart that none has to wait for the one before.
    const times = tripTimes(play(linkOf({ delayMs: 50, jitterMs: 20 }), stream(2000, { everyMs: 100 })));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(30);
    expect(Math.min(...times)).toBeLessThan(31);
    expect(Math.max(...times)).toBeLessThan(70);
    expect(Math.max(...times)).toBeGreaterThan(69);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    expect(Math.abs(mean - 50)).toBeLessThan(1);
  });

  it('lets no packet overtake: those behind a late one bunch up', () => {
    const played = play(linkOf({ delayMs: 50, jitterMs: 20 }), stream(500, { everyMs: 2 }));
    expect(isInOrder(played)).toBe(true);
    const leavingTimes = played.left.map(({ atMs }) => atMs);
    expect(new Set(leavingTimes).size).toBeLessThan(leavingTimes.length);
    expect(Math.max(...tripTimes(played))).toBeLessThan(70);
  });

  it('never takes a packet back in time', () => {
    const times = tripTimes(play(linkOf({ delayMs: 5, jitterMs: 20 }), stream(500, { everyMs: 100 })));
    expect(Math.min(...times)).toBe(0);
  });
});

describe('loss', () => {
  it.each([1, 2, 3])('takes lossPct of the packets, within one percent point of 10,000 (seed %i)', seed => {
    const { lost, queued } = countFates(play(linkOf({ lossPct: 20 }, seed), stream(10_000, { everyMs: 1 })));
    expect(lost + queued).toBe(10_000);
    expect(Math.abs(lost / 100 - 20)).toBeLessThan(1);
  });

  it('of 0 takes none and of 100 takes all', () => {
    const packets = stream(1000, { everyMs: 1 });
    expect(countFates(play(linkOf({ lossPct: 0 }), packets)).lost).toBe(0);
    expect(countFates(play(linkOf({ lossPct: 100 }), packets)).lost).toBe(1000);
  });

  it('leaves the queue alone: what is lost takes no room there', () => {
    const link = linkOf({ lossPct: 100, rateBps: 1000, queueMs: 0 });
    expect(countFates(play(link, stream(10, { everyMs: 1 })))).toEqual({ queued: 0, dropped: 0, lost: 10 });
  });
});

describe('bursts', () => {
  it('lose everything for lastsMs every everyMs, and nothing else', () => {
    const played = play(linkOf({ bursts: { everyMs: 1000, lastsMs: 100 } }), stream(350, { everyMs: 10 }));
    const lostAt = played.offers.filter(({ packet }) => played.fates.get(packet.id) === 'lost').map(({ atMs }) => atMs);
    const tenFrom = (ms: number) => Array.from({ length: 10 }, (_, index) => ms + index * 10);
    expect(lostAt).toEqual([...tenFrom(1000), ...tenFrom(2000), ...tenFrom(3000)]);
  });

  it('wait for the start', () => {
    const profile = { queueMs: 0, delayMs: 0, bursts: { everyMs: 100, lastsMs: 100 } };
    const notStarted = new Link<NumberedPacket>(steady(profile), 1);
    expect(countFates(play(notStarted, stream(100, { everyMs: 10 }))).lost).toBe(0);
  });
});

describe('reordering', () => {
  it('holds reorderPct of the packets back, and others overtake them', () => {
    const profile = { delayMs: 30, reorderPct: 10, reorderExtraMs: 15 };
    const played = play(linkOf(profile), stream(5000, { everyMs: 4 }));
    expect(isInOrder(played)).toBe(false);
    const heldBack = played.left.filter(({ atMs, enteredAt }) => atMs - enteredAt === 45);
    const others = played.left.filter(({ atMs, enteredAt }) => atMs - enteredAt === 30);
    expect(heldBack.length + others.length).toBe(5000);
    expect(Math.abs(heldBack.length / 50 - 10)).toBeLessThan(1);
    expect(isInOrder({ ...played, left: others })).toBe(true);
    expect(isInOrder({ ...played, left: heldBack })).toBe(true);
  });

  it('does not happen unless asked for', () => {
    expect(isInOrder(play(linkOf({ delayMs: 30, jitterMs: 30 }), stream(5000, { everyMs: 1 })))).toBe(true);
  });
});
