import { describe, expect, it } from 'vitest';
import { judge, type Measured, nothingMeasured, WITH_TWO_FOCI } from './report.ts';

const good: Measured = {
  ...nothingMeasured(4),
  pairs_with_audio: 12,
  pairs_with_video: 12,
  peer_connections_per_page: 1,
  first_frame_ms: { median: 699, max: 5_000 },
  layer_switch_ms: { median: 199, max: 5_000 },
  switch_gap_ms: { p95: 499, max: 5_000 },
  idle_gap_ms: { p95: 9_000, max: 9_000 },
  newcomer_ms: { median: 1_499, max: 5_000 },
  ghost_ms: 9_999,
  restart_ms: 9_999,
  rss_mb: { node: 100, worker: 20 },
  cpu_percent: { node: 5, worker: 5 },
};

describe('judge', () => {
  it('finds nothing where every bound is kept', () => expect(judge(good, []).failures).toEqual([]));
  it('keeps the failures of the phases', () => expect(judge(good, ['it rained']).failures).toEqual(['it rained']));
  it('does not judge maxima, nor streams that nobody switched', () => {
    expect(judge({ ...good, idle_gap_ms: null }, []).failures).toEqual([]);
  });

  const misses: [string, Partial<Measured>][] = [
    ['pairs_with_audio is 11 and has to be 12', { pairs_with_audio: 11 }],
    ['pairs_with_video is 0 and has to be 12', { pairs_with_video: 0 }],
    ['peer_connections_per_page is 2 and has to be 1', { peer_connections_per_page: 2 }],
    ['first_frame_ms.median is 700 and has to be under 700', { first_frame_ms: { median: 700, max: 700 } }],
    ['layer_switch_ms.median is 200 and has to be under 200', { layer_switch_ms: { median: 200, max: 200 } }],
    ['switch_gap_ms.p95 is 500 and has to be under 500', { switch_gap_ms: { p95: 500, max: 500 } }],
    ['newcomer_ms.median is 1500 and has to be under 1500', { newcomer_ms: { median: 1_500, max: 1_500 } }],
    ['ghost_ms is 10000 and has to be under 10000', { ghost_ms: 10_000 }],
    ['restart_ms is 10000 and has to be under 10000', { restart_ms: 10_000 }],
    ['restart_ms was not measured', { restart_ms: null }],
    ['cpu_percent was not measured', { cpu_percent: null }],
  ];
  it.each(misses)('says that %s', (reason, change) => {
    expect(judge({ ...good, ...change }, []).failures).toEqual([reason]);
  });

  it('grants a call over two foci the time that room state takes from one to the other', () => {
    const far = { ...good, newcomer_ms: { median: 1_999, max: 5_000 }, first_frame_ms: { median: 1_999, max: 5_000 } };
    expect(judge(far, [], WITH_TWO_FOCI).failures).toEqual([]);
    expect(judge({ ...far, newcomer_ms: { median: 2_000, max: 5_000 } }, [], WITH_TWO_FOCI).failures).toHaveLength(1);
  });

  it('fails where nothing was measured, once for each bound', () => {
    expect(judge(nothingMeasured(4), []).failures).toHaveLength(11);
  });
});
