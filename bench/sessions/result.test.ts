import { describe, expect, test } from 'vitest';
import { SESSION_PARTS } from '../arguments.ts';
import { judge, type Measured, nothingMeasured } from './result.ts';

const ALL_SIX = { pairs: 6, of: 6, missing: [] };
const GOOD: Measured = {
  firstFrames: { ws: [400, 600, 300], data_channel: [900] },
  switches: { ws: [120], data_channel: [149] },
  cuts: [
    { cause: 'ws cut', gapMs: 0 },
    { cause: 'homeserver cut', gapMs: 0 },
  ],
  networks: [
    { cause: 'address changed', gapMs: 3_999 },
    { cause: '30 s dark', gapMs: 1_999 },
  ],
  paths: { tcp: ALL_SIX, relay: { udp: ALL_SIX, tcp: ALL_SIX } },
  codecs: (['VP8', 'VP9', 'H264', 'AV1'] as const).map(codec => ({ codec, pairs: 2, of: 2, missing: [] })),
  appData: {
    receivers: 50,
    messages: 1_000,
    lostReliable: 0,
    lostLossy: 0,
    reorderedOrdered: 0,
    p99Ms: 40,
    overLimitRefused: true,
  },
  floor: { handovers: 100, two_at_once: 0, dead_holder_ms: 9_000 },
  openid: { tried: 10, wronglyAccepted: 0, trueOneAccepted: true },
};

describe('a run', () => {
  test('in bounds has no failures', () => {
    const result = judge(GOOD, SESSION_PARTS, []);
    expect(result.failures).toEqual([]);
    expect(result).toMatchObject({
      ws_first_frame_ms: { median: 400 },
      switch_ms: { ws: 120, data_channel: 149 },
      tcp_pairs: 6,
      relay_pairs: 6,
      app_data: { receivers: 50, lost_reliable: 0 },
    });
  });

  test('that measured nothing fails in each part that was asked for, and only there', () => {
    for (const part of SESSION_PARTS) {
      expect(judge(nothingMeasured(), [part], []).failures.length, part).toBeGreaterThan(0);
    }
    expect(judge(nothingMeasured(), [], []).failures).toEqual([]);
  });

  test('keeps what broke', () => {
    expect(judge(GOOD, SESSION_PARTS, ['broke']).failures).toEqual(['broke']);
  });

  test.each<[Partial<Measured>, string]>([
    [{ firstFrames: { ws: [500], data_channel: [1] } }, 'ws_first_frame_ms.median is 500'],
    [{ switches: { ws: [150], data_channel: [1] } }, 'switch_ms.ws'],
    [{ cuts: [{ cause: 'ws cut', gapMs: 1 }] }, '"ws cut"'],
    [{ networks: [{ cause: 'address changed', gapMs: 4_000 }] }, '"address changed"'],
    [{ networks: [{ cause: '30 s dark', gapMs: 2_000 }] }, '"30 s dark"'],
    [{ openid: { tried: 1, wronglyAccepted: 1, trueOneAccepted: true } }, 'false tokens'],
    [{ openid: { tried: 1, wronglyAccepted: 0, trueOneAccepted: false } }, 'a true token'],
  ])('%j misses a bound', (change, missed) => {
    const { failures } = judge({ ...GOOD, ...change }, SESSION_PARTS, []);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(missed);
  });
});
