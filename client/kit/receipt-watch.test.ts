import { beforeEach, describe, expect, it } from 'vitest';
import { QUIET_MS, type Receipt, receiptsOf, ReceiptWatch } from './receipt-watch.ts';

let watch: ReceiptWatch;
let now: number;
let received: number;

const sample = (grown: number, afterMs: number, roundTripMs?: number): Receipt => {
  now += afterMs;
  received += grown;
  return watch.take([{ id: 'pair', received, roundTripMs }], now);
};

function flowSteadily(): void {
  for (let i = 0; i < 10; i += 1) expect(sample(1_000, 1_000)).toBe('flows');
}

beforeEach(() => {
  watch = new ReceiptWatch();
  now = 1_000_000;
  received = 0;
});

describe('what comes in', () => {
  it('is doubted when it stands still, and quiet when nothing came for a while though the focus was asked', () => {
    flowSteadily();
    const verdicts = [1_000, 250, 250].map(ms => sample(0, ms));
    expect(verdicts).toEqual(['doubtful', 'doubtful', 'quiet']);
    expect(1_000 + 250 + 250).toBe(QUIET_MS);
  });

  it('is doubted no more when anything comes', () => {
    flowSteadily();
    expect(sample(0, 1_000)).toBe('doubtful');
    expect(sample(1, 250)).toBe('flows');
    expect(sample(0, 1_000)).toBe('doubtful');
  });

  it('is given more time where little came before: one lost packet is no news', () => {
    sample(100, 1_000);
    sample(0, 1_000);
    sample(100, 250);
    const verdicts = Array.from({ length: 12 }, () => sample(0, 250));
    expect(verdicts.indexOf('quiet')).toBeGreaterThanOrEqual(7);
  });

  it('is given the time of a long way there and back', () => {
    for (let i = 0; i < 10; i += 1) sample(1_000, 1_000, 600);
    const verdicts = [1_000, 250, 250, 250, 250].map(ms => sample(0, ms));
    expect(verdicts).not.toContain('quiet');
  });

  it('is judged sooner where the network may be another', () => {
    flowSteadily();
    watch.suspect();
    expect([0, 250, 250].map(ms => sample(0, ms))).toEqual(['doubtful', 'doubtful', 'quiet']);
  });

  it('is not judged by a sleep, nor where nothing could be asked', () => {
    flowSteadily();
    expect(sample(0, 60_000)).toBe('doubtful');
    expect(sample(0, 250)).toBe('doubtful');
    watch.trust(now);
    expect(sample(0, 1_000)).toBe('doubtful');
    expect(sample(0, 250)).toBe('doubtful');
  });

  it('counts of any pair, also of a new one; a pair that goes is no packet', () => {
    watch.take([{ id: 'old', received: 5_000, roundTripMs: undefined }], 0);
    expect(watch.take([{ id: 'new', received: 1, roundTripMs: undefined }], 1_000)).toBe('flows');
    expect(watch.take([], 2_000)).toBe('doubtful');
  });

  it('is read from the candidate pairs of the statistics', () => {
    const report = new Map<string, unknown>([
      [
        'a',
        {
          type: 'candidate-pair',
          id: 'a',
          nominated: true,
          bytesReceived: 7,
          responsesReceived: 2,
          currentRoundTripTime: 0.05,
        },
      ],
      ['b', { type: 'candidate-pair', id: 'b', nominated: false, currentRoundTripTime: 9 }],
      ['c', { type: 'inbound-rtp', id: 'c', bytesReceived: 100 }],
      ['d', null],
    ]);
    expect(receiptsOf(report)).toEqual([
      { id: 'a', received: 9, roundTripMs: 50 },
      { id: 'b', received: 0, roundTripMs: undefined },
    ]);
  });
});
