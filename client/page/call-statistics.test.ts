/** Statistics in the page: their words, the line, and when they are sampled. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LINE_SAMPLES } from '../kit/index.ts';
import { CallStatistics, type StatisticsSource } from './call-statistics.ts';
import {
  bitrateWords,
  drawLine,
  grantWords,
  isBadLoss,
  lossWords,
  roundTripWords,
  sizeWords,
} from './figures-words.ts';

describe('figures in words', () => {
  it('are short', () => {
    const rates = [undefined, 0, 64_400, 994_000, 999_000, 1_234_000, 12_345_000];
    expect(rates.map(bitrateWords)).toEqual([
      '–',
      '0 kbit/s',
      '64 kbit/s',
      '994 kbit/s',
      '1.0 Mbit/s',
      '1.2 Mbit/s',
      '12 Mbit/s',
    ]);
    expect([undefined, 0, 0.24, 9.96, 100].map(lossWords)).toEqual([
      '– lost',
      '0 % lost',
      '0.2 % lost',
      '10 % lost',
      '100 % lost',
    ]);
    expect([undefined, 1.26, 23.4].map(roundTripWords)).toEqual(['– ms', '1.3 ms', '23 ms']);
    expect(sizeWords({ width: 640, height: 360 })).toBe('640×360');
    expect(sizeWords({ width: 640, height: undefined })).toBeUndefined();
    expect([1.9, 2, undefined].map(isBadLoss)).toEqual([false, true, false]);
  });

  it('say what the focus grants', () => {
    expect(grantWords({ kind: 'layer', layer: 2 })).toBe('layer 2');
    expect(grantWords({ kind: 'paused', reason: 'bandwidth' })).toBe('paused: bandwidth');
    expect(grantWords(undefined)).toBeUndefined();
  });
});

describe('the line', () => {
  it('ends at the right, and uses the whole height', () => {
    const { path, area } = drawLine([0, 500_000, 1_000_000], 59, 21);
    expect(path).toBe('M57 21L58 11L59 1');
    expect(area).toBe('M57 21L58 11L59 1L59 21L57 21Z');
  });

  it('fills the width with a minute', () => {
    expect(
      drawLine(
        Array.from({ length: LINE_SAMPLES }, () => 1),
        118,
        20,
      ).path.startsWith('M0 '),
    ).toBe(true);
  });

  it('has gaps, and makes no storm of silence', () => {
    expect(drawLine([0, undefined, 0], 59, 10).path).toBe('M57 10M59 10');
    expect(drawLine([], 59, 10)).toEqual({ path: '', area: '' });
    const [, y] = /M59 ([\d.]+)$/.exec(drawLine([300], 59, 10).path) ?? [];
    expect(Number(y)).toBeGreaterThan(9);
  });
});

/** Counts what it is asked; its one stream flows with 1,000 byte a second. */
class FakeConnection {
  asked = 0;
  fails = false;
  waits = false;

  async getStats(): Promise<RTCStatsReport> {
    this.asked += 1;
    if (this.fails) throw new Error('closed');
    if (this.waits) await new Promise(() => undefined);
    const stat = {
      id: 'v',
      type: 'inbound-rtp',
      kind: 'video',
      mid: '7',
      timestamp: this.asked * 1_000,
      bytesReceived: this.asked * 1_000,
    };
    return new Map([[stat.id, stat]]);
  }
}

describe('statistics of a call', () => {
  let connection: FakeConnection | undefined;
  let statistics: CallStatistics;
  const bound = { track: {} as MediaStreamTrack, receiver: {} as RTCRtpReceiver, mid: '7' };
  const source: StatisticsSource = {
    connection: () => connection,
    tiles: () => [{ key: 'bo', stream: { audio: undefined, video: bound } }],
  };

  beforeEach(() => {
    vi.useFakeTimers();
    connection = new FakeConnection();
    statistics = new CallStatistics(source);
  });

  afterEach(() => {
    statistics.close();
    vi.useRealTimers();
  });

  const bitrate = (): number | undefined => statistics.shown.value.received.get('bo')?.bitrate;

  it('are sampled once a second while somebody looks, and not otherwise', async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    expect(connection?.asked).toBe(0);
    statistics.toggle();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(connection?.asked).toBe(4);
    expect(bitrate()).toBe(8_000);
    statistics.toggle();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(connection?.asked).toBe(4);
    expect([statistics.isOpen.value, statistics.shown.value.received.size]).toEqual([false, 0]);
  });

  it('begin anew with a new connection, and are empty without one', async () => {
    statistics.toggle();
    await vi.advanceTimersByTimeAsync(3_000);
    connection = new FakeConnection();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(statistics.shown.value.received.get('bo')?.line).toEqual([undefined]);
    connection = undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(statistics.shown.value.received.size).toBe(0);
  });

  it('ask a slow browser no second time, and outlive one that fails', async () => {
    if (connection !== undefined) connection.fails = true;
    statistics.toggle();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(connection?.asked).toBe(3);
    if (connection !== undefined) Object.assign(connection, { fails: false, waits: true });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(connection?.asked).toBe(4);
  });

  it('that come after nobody looks any more are not shown', async () => {
    statistics.toggle();
    statistics.toggle();
    await vi.advanceTimersByTimeAsync(0);
    expect(statistics.shown.value.received.size).toBe(0);
  });
});
