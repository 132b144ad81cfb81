import { describe, expect, it } from 'vitest';
import { Link } from './link.ts';
import type { LinkProfile, LinkScript } from './script.ts';
import { checkScript, steady } from './script.ts';
import { countFates, type NumberedPacket, play, stream } from './testing/play.ts';

const plain: LinkProfile = { queueMs: 60_000, delayMs: 0 };

function startedLink(script: LinkScript): Link<NumberedPacket> {
  const link = new Link<NumberedPacket>(script, 1);
  link.start(0);
  return link;
}

describe('a script', () => {
  it('changes the profile at its steps', () => {
    const link = startedLink([
      { atMs: 0, profile: { ...plain, delayMs: 10 } },
      { atMs: 100, profile: { ...plain, delayMs: 30 } },
      { atMs: 200, profile: { ...plain, lossPct: 100 } },
    ]);
    const played = play(link, stream(6, { everyMs: 50 }));
    expect(played.left.map(({ atMs }) => atMs)).toEqual([10, 60, 130, 180]);
    expect(countFates(played).lost).toBe(2);
  });

  it('waits for the start with its first profile', () => {
    const script = [
      { atMs: 0, profile: { ...plain, delayMs: 10 } },
      { atMs: 100, profile: { ...plain, delayMs: 30 } },
    ];
    const link = new Link<NumberedPacket>(script, 1);
    expect(play(link, stream(1, { everyMs: 1, fromMs: 5000 })).left).toMatchObject([{ atMs: 5010 }]);
    link.start(6000);
    link.start(9000);
    expect(play(link, stream(2, { everyMs: 100, fromMs: 6000 })).left).toMatchObject([{ atMs: 6010 }, { atMs: 6130 }]);
  });

  it('drains the queue at the new rate, the packet that is half sent too', () => {
    const link = startedLink([
      { atMs: 0, profile: { ...plain, rateBps: 1_000_000 } },
      { atMs: 4, profile: { ...plain, rateBps: 2_000_000 } },
      { atMs: 10, profile: { ...plain, rateBps: 500_000 } },
    ]);
    // 8,000 bits each. First: 4 ms at 1, 2 ms at 2 Mbit/s. Second: 4 ms at 2 Mbit/s. Third: 16 ms at 0.5 Mbit/s.
    expect(play(link, stream(3, { everyMs: 0 })).left.map(({ atMs }) => atMs)).toEqual([6, 10, 26]);
  });

  it('bounds the queue at the rate of now: after a fall nothing enters until what is inside has drained', () => {
    const link = startedLink([
      { atMs: 0, profile: { ...plain, queueMs: 100, rateBps: 10_000_000 } },
      { atMs: 50, profile: { ...plain, queueMs: 100, rateBps: 1_000_000 } },
    ]);
    // 100 packets of 0.8 ms: 62.5 are sent by 50 ms, the rest take 300 ms.
    const before = play(link, stream(100, { everyMs: 0.4 }));
    expect(countFates(before).dropped).toBe(0);
    expect(before.left.at(-1)?.atMs).toBeCloseTo(350);
    const again = startedLink([
      { atMs: 0, profile: { ...plain, queueMs: 100, rateBps: 10_000_000 } },
      { atMs: 50, profile: { ...plain, queueMs: 100, rateBps: 1_000_000 } },
    ]);
    for (const { packet, atMs } of stream(100, { everyMs: 0.4 })) again.offer(packet, atMs);
    expect(again.offer({ id: 100, byteLength: 972 }, 249)).toBe('dropped');
    expect(again.offer({ id: 101, byteLength: 972 }, 251)).toBe('queued');
  });

  it('lets the queue go at once when the limit falls away', () => {
    const link = startedLink([
      { atMs: 0, profile: { ...plain, rateBps: 1_000_000 } },
      { atMs: 12, profile: plain },
      { atMs: 20, profile: { ...plain, rateBps: 1_000_000 } },
    ]);
    expect(play(link, stream(4, { everyMs: 0 })).left.map(({ atMs }) => atMs)).toEqual([8, 12, 12, 12]);
    expect(play(link, stream(1, { everyMs: 0, fromMs: 30 })).left).toMatchObject([{ atMs: 38 }]);
  });

  it('lets no packet overtake when the delay falls', () => {
    const link = startedLink([
      { atMs: 0, profile: { ...plain, delayMs: 100 } },
      { atMs: 10, profile: { ...plain, delayMs: 20 } },
    ]);
    const { left } = play(link, stream(3, { everyMs: 9 }));
    expect(left.map(({ id, atMs }) => [id, atMs])).toEqual([
      [0, 100],
      [1, 109],
      [2, 109],
    ]);
  });

  it('counts bursts from the step that has them', () => {
    const bursts = { everyMs: 100, lastsMs: 20 };
    const link = startedLink([
      { atMs: 0, profile: plain },
      { atMs: 50, profile: { ...plain, bursts } },
    ]);
    const played = play(link, stream(30, { everyMs: 10 }));
    const lostAt = played.offers.filter(({ packet }) => played.fates.get(packet.id) === 'lost').map(({ atMs }) => atMs);
    expect(lostAt).toEqual([150, 160, 250, 260]);
  });

  it('may be replaced: the new one begins at that time', () => {
    const link = startedLink(steady({ ...plain, delayMs: 10 }));
    play(link, stream(1, { everyMs: 1 }));
    link.setScript(
      [
        { atMs: 0, profile: { ...plain, delayMs: 20 } },
        { atMs: 100, profile: { ...plain, delayMs: 40 } },
      ],
      1000,
    );
    const { left } = play(link, stream(2, { everyMs: 100, fromMs: 1000 }));
    expect(left.map(({ atMs }) => atMs)).toEqual([1020, 1140]);
  });

  it('waits for the start also when it was replaced before', () => {
    const link = new Link<NumberedPacket>(steady(plain), 1);
    const script = [
      { atMs: 0, profile: { ...plain, delayMs: 20 } },
      { atMs: 100, profile: { ...plain, delayMs: 40 } },
    ];
    link.setScript(script, 0);
    expect(play(link, stream(1, { everyMs: 1, fromMs: 500 })).left).toMatchObject([{ atMs: 520 }]);
    link.start(1000);
    expect(play(link, stream(1, { everyMs: 1, fromMs: 1100 })).left).toMatchObject([{ atMs: 1140 }]);
  });
});

describe('a script that makes no sense is refused', () => {
  const refused: [string, LinkScript][] = [
    ['no step', []],
    ['no step at 0', [{ atMs: 5, profile: plain }]],
    ['steps that go back', [0, 20, 10].map(atMs => ({ atMs, profile: plain }))],
    ['a rate of 0', steady({ ...plain, rateBps: 0 })],
    ['a queue below 0', steady({ ...plain, queueMs: -1 })],
    ['a delay that is no number', steady({ ...plain, delayMs: NaN })],
    ['more loss than packets', steady({ ...plain, lossPct: 101 })],
    ['more reordering than packets', steady({ ...plain, reorderPct: 101 })],
    ['bursts that overlap', steady({ ...plain, bursts: { everyMs: 10, lastsMs: 11 } })],
  ];
  it.each(refused)('%s', (_, script) => {
    expect(() => checkScript(script)).toThrow(RangeError);
    expect(() => new Link(script, 1)).toThrow(RangeError);
  });
});
