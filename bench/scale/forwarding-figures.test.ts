import { describe, expect, test } from 'vitest';
import {
  figuresOf,
  type ForwardingRound,
  judgeForwarding,
  type SideRound,
  voidReason,
  writeForwarding,
} from './forwarding-figures.ts';

/** 1,000 packets in a second, each of so many µs. */
function side(workerUs: number, nodeUs = 0, delivered = 1_000): SideRound {
  return {
    expected: 1_000,
    delivered,
    tookMs: 1_000,
    workerNs: workerUs * 1_000 * delivered,
    nodeNs: nodeUs * 1_000 * delivered,
  };
}

function round(focus: SideRound, bare: SideRound): ForwardingRound {
  const floor = { sent: 1_000, delivered: 1_000, cpuNs: 5_000_000 };
  return { focus, bare, floor, gso: { ...floor, cpuNs: 2_000_000 } };
}

const CASE = { receivers: 200, kind: 'video', burst: '3 to 4' } as const;

describe('a round', () => {
  test('counts where all packets came', () => {
    expect(voidReason(round(side(10), side(10)))).toBeUndefined();
  });

  test('does not count where one side lost more than 2 %, the floor included', () => {
    expect(voidReason(round(side(10, 0, 979), side(10)))).toContain('the focus delivered 979 of 1000');
    expect(voidReason(round(side(10), side(10, 0, 979)))).toContain('mediasoup alone');
    const lossy = round(side(10), side(10));
    expect(voidReason({ ...lossy, gso: { ...lossy.gso, delivered: 900 } })).toContain('the floor with GSO');
  });

  test('does not count where more came than was sent', () => {
    expect(voidReason(round(side(10, 0, 1_030), side(10, 0, 1_030)))).toContain('the focus');
  });

  test('does not count where the two sides were not given the same packets a second', () => {
    const slow = { ...side(10), tookMs: 1_050 };
    expect(voidReason(round(slow, side(10)))).toContain('952 packets/s by the focus, 1000');
  });
});

describe('the figures', () => {
  test('are medians of the rounds that count, with their spread', () => {
    const rounds = [8, 12, 9].map(us => round(side(us, 0.5), side(us + 1)));
    const figures = figuresOf(CASE, [...rounds, round(side(100, 0, 500), side(10))]);
    expect(figures).toMatchObject({
      worker: { median: 9, min: 8, max: 12 },
      node: { median: 0.5 },
      bare: { median: 10 },
      floor: { median: 5 },
      gso: { median: 2 },
      deliveredPerS: 1_000,
      rounds: 3,
      void: 1,
    });
  });

  test('are none where no round counts', () => {
    expect(figuresOf(CASE, [round(side(10, 0, 1), side(10))])).toBeUndefined();
    expect(figuresOf(CASE, [])).toBeUndefined();
  });

  test('are written with the names of the result', () => {
    const figures = figuresOf(CASE, [round(side(10, 0.5), side(9))]);
    expect(figures && writeForwarding(figures)).toMatchObject({
      receivers: 200,
      kind: 'video',
      worker_us: 10,
      node_us: 0.5,
      bare_us: 9,
      floor_us: 5,
      floor_gso_us: 2,
      min_max_us: { worker: [10, 10], floor_gso: [2, 2] },
    });
  });
});

describe('the bounds', () => {
  const judged = (focus: SideRound, bare: SideRound, receivers = 200): string[] => {
    const figures = figuresOf({ ...CASE, receivers }, [round(focus, bare)]);
    return judgeForwarding(figures === undefined ? [] : [figures], 1);
  };

  test('worker and Node together: 1.25 × mediasoup alone, at 200 receivers', () => {
    expect(judged(side(11.9, 0.5), side(10))).toEqual([]);
    expect(judged(side(12.1, 0.5), side(10))[0]).toContain('12.6 µs a packet, and at most 12.5');
    expect(judged(side(12.1, 0.5), side(10), 500)).toEqual([]);
  });

  test('Node: under a tenth of the worker, at any number', () => {
    expect(judged(side(10, 1), side(10), 50)[0]).toContain('Node takes 1.0');
    expect(judged(side(10, 0.9), side(10), 50)).toEqual([]);
  });

  test('enough rounds have to count', () => {
    const figures = figuresOf(CASE, [round(side(10), side(10)), round(side(10, 0, 1), side(10))]);
    expect(judgeForwarding(figures === undefined ? [] : [figures], 2)[0]).toContain('only 1 of 2 rounds');
  });
});
