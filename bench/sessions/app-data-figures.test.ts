import { describe, expect, it } from 'vitest';
import {
  figuresOf,
  judgeApplicationData,
  type OverLimit,
  type ReceivedData,
  type SentData,
} from './app-data-figures.ts';

const SENT: SentData = { reliable: 100, lossy: 200, whileOverLimit: { from: 50, to: 150 } };
const OVER: OverLimit = {
  codes: { size: ['WEIR_DATA_LIMIT'], rate: ['WEIR_DATA_LIMIT', 'WEIR_DATA_LIMIT'] },
  isClosed: true,
  sent: 1_000,
  mostBytes: 65_536,
};

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

function receiver(change: Partial<ReceivedData> = {}): ReceivedData {
  return {
    reliable: upTo(100),
    lossy: upTo(200),
    latenciesMs: upTo(300).map(() => 5),
    excess: { count: 0, largestBytes: 0 },
    ...change,
  };
}

const watcher = receiver({ excess: { count: 300, largestBytes: 100 } });

/** Fifty receivers, of whom the first ones are given. */
function figures(special: readonly ReceivedData[] = [watcher], sent = SENT, over = OVER) {
  return figuresOf(sent, [...special, ...upTo(50 - special.length).map(() => receiver())], over);
}

describe('application data that arrives', () => {
  it('misses no bound', () => {
    expect(figures()).toEqual({
      receivers: 50,
      messages: 300,
      lostReliable: 0,
      lostLossy: 0,
      reorderedOrdered: 0,
      p99Ms: 5,
      overLimitRefused: true,
    });
    expect(judgeApplicationData(figures())).toEqual([]);
  });

  it('may lose a little of what is lossy, and not much', () => {
    const losing = (count: number): ReceivedData => receiver({ lossy: upTo(200).slice(count) });
    expect(judgeApplicationData(figures([watcher, losing(7)]))).toEqual([]);
    const all = upTo(49).map(() => losing(45));
    expect(judgeApplicationData(figures([watcher, ...all])).join()).toContain('lost_lossy');
  });

  it('may come in any order where it is lossy', () => {
    expect(figures([receiver({ ...watcher, lossy: upTo(200).toReversed() })]).reorderedOrdered).toBe(0);
  });
});

describe('a bound is missed', () => {
  it('by each reliable message that is missing, anywhere', () => {
    const lost = figures([watcher, receiver({ reliable: upTo(98) }), receiver({ reliable: upTo(100).slice(1) })]);
    expect(lost.lostReliable).toBe(3);
    expect(judgeApplicationData(lost)).toEqual(['app_data.lost_reliable is 3 and has to be 0']);
  });

  it('by messages out of order, and by those that come twice', () => {
    const mixed = receiver({ reliable: [1, 0, ...upTo(100).slice(2), 99] });
    expect(judgeApplicationData(figures([watcher, mixed]))).toEqual([
      'app_data.reordered_ordered is 2 and has to be 0',
    ]);
  });

  it('by a receiver too few, and by one that got nothing', () => {
    expect(judgeApplicationData(figuresOf(SENT, [watcher], OVER)).join()).toContain('receivers is 1');
    const deaf = receiver({ reliable: [], lossy: [], latenciesMs: [] });
    expect(judgeApplicationData(figures([watcher, deaf])).join()).toContain('receivers is 49');
  });

  it('by what takes long', () => {
    const slow = receiver({ latenciesMs: upTo(300).map(() => 250) });
    expect(judgeApplicationData(figures([watcher, slow]))).toEqual(['app_data.p99_ms is 250 and has to be under 250']);
    expect(judgeApplicationData(figuresOf(SENT, [], OVER)).join()).toContain('p99_ms was not measured');
  });

  it.each([
    ['nobody was told of the size', { codes: { size: [], rate: ['WEIR_DATA_LIMIT'] } }],
    ['nobody was told of the rate', { codes: { size: ['WEIR_DATA_LIMIT'], rate: [] } }],
    ['another code was told', { codes: { size: ['WEIR_OVERLOADED'], rate: ['WEIR_DATA_LIMIT'] } }],
    ['the reliable channel went on', { isClosed: false }],
    ['most of too many came', { sent: 500 }],
    ['what came was too large', { mostBytes: 99 }],
  ])('where limits do not hold: %s', (_, change) => {
    expect(judgeApplicationData(figures([watcher], SENT, { ...OVER, ...change }))).toEqual([
      'app_data.over_limit_refused is false',
    ]);
  });

  it('where nobody listened to who went over the limits, or nothing was sent beside it', () => {
    expect(figures([]).overLimitRefused).toBe(false);
    expect(figures([watcher], { ...SENT, whileOverLimit: { from: 7, to: 7 } }).overLimitRefused).toBe(false);
  });

  it('where the others’ stream stopped meanwhile', () => {
    const stopped = receiver({ lossy: upTo(200).filter(number => number < 100 || number > 120) });
    expect(figures([watcher, stopped]).overLimitRefused).toBe(false);
  });
});
