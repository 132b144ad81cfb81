import { describe, expect, test } from 'vitest';
import { CASCADE_PARTS } from '../arguments.ts';
import { judge, type Measured } from './result.ts';

const CALLS = { pairs: 12, pairsWithAudio: 12, pairsWithVideo: 12, newcomersMs: [1_000, 1_200, 5_000] };
const HOP = { hopsMs: Array.from({ length: 5_000 }, (_, index) => (index === 0 ? 30 : 1.5)), nearMs: [] };
const BYTES = {
  one: 1_000,
  crowds: { 10: 1_010, 50: 1_099 },
  twoLayers: 2_000,
  twoSizes: 2_100,
  thumbnailsInLowLayer: 49,
  idle: 0,
  idleStreams: 0,
};
const LAYERS = { warm: [90, 149, 400], cold: [2_900], removals: [70, 199] };
const SQUEEZED = {
  concealedPct: 1.99,
  settledConcealedPct: 0,
  layers: { alice: 'h', anna: 'q' },
  ladder: ['q', 'h', 'f'],
};
const CUTS = { ws: { healMs: 300, mediaGapMs: 0 }, trunk: { healMs: 4_999 } };
const REFUSED = {
  tried: ['a forged token', 'a flood'],
  wronglyAccepted: [],
  controls: [{ name: 'a right token', works: true }],
  gapMs: { calm: 100, meanwhile: 1_000 },
};
const GOOD = {
  ...{ calls: CALLS, hop: HOP, bytes: BYTES, layers: LAYERS, squeezed: SQUEEZED, cuts: CUTS, refused: REFUSED },
  machineBusyPct: 40,
};

describe('a run', () => {
  test('in bounds has no failures', () => {
    const result = judge(GOOD, CASCADE_PARTS, []);
    expect(result).toEqual({
      sites: 2,
      pairs: 12,
      pairs_with_audio: 12,
      pairs_with_video: 12,
      newcomer_ms: { median: 1_200 },
      hop_ms: { median: 1.5, p99: 1.5 },
      trunk_bytes_ratio: { '10': 1.01, '50': 1.099 },
      two_sizes_ratio: 1.05,
      idle_media_bytes: 0,
      warm_switch_ms: { median: 149 },
      cold_add_ms: { median: 2_900 },
      soft_removal_gap_ms: { max: 199 },
      squeezed: { concealed_pct: 1.99, settled_concealed_pct: 0, layers: { alice: 'h', anna: 'q' } },
      ws_cut: { heal_ms: 300, media_gap_ms: 0 },
      trunk_cut: { heal_ms: 4_999 },
      refused: { tried: 2, wrongly_accepted: 0 },
      machine_busy_pct: 40,
      failures: [],
    });
  });

  test('that measured nothing fails in each part that was asked for, and only there', () => {
    for (const part of CASCADE_PARTS) expect(judge({}, [part], []).failures, part).toHaveLength(1);
    expect(judge({}, [], [])).toEqual({ sites: 2, failures: [] });
  });

  test('keeps what broke', () => {
    expect(judge(GOOD, CASCADE_PARTS, ['broke']).failures).toEqual(['broke']);
  });

  test.each<[Measured, string]>([
    [{ calls: { ...CALLS, pairs: 6 } }, 'pairs is 6'],
    [{ calls: { ...CALLS, pairsWithAudio: 11 } }, 'pairs_with_audio is 11'],
    [{ calls: { ...CALLS, pairsWithVideo: 11 } }, 'pairs_with_video is 11'],
    [{ calls: { ...CALLS, newcomersMs: [2_000] } }, 'newcomer_ms.median is 2000'],
    [{ calls: { ...CALLS, newcomersMs: [] } }, 'newcomer_ms.median was not measured'],
    [{ hop: { ...HOP, hopsMs: HOP.hopsMs.slice(1) } }, 'packets of hop_ms is 4999'],
    [{ hop: { ...HOP, hopsMs: HOP.hopsMs.map(() => 10) } }, 'hop_ms.median is 10'],
    [{ bytes: { ...BYTES, crowds: { 10: 1_100, 50: 1_000 } } }, 'trunk_bytes_ratio.10 is 1.1'],
    [{ bytes: { ...BYTES, crowds: { 10: 1_000, 50: 5_000 } } }, 'trunk_bytes_ratio.50 is 5'],
    [{ bytes: { ...BYTES, twoSizes: 2_200 } }, 'two_sizes_ratio is 1.1'],
    [{ bytes: { ...BYTES, twoLayers: 0 } }, 'two_sizes_ratio was not measured'],
    [{ bytes: { ...BYTES, thumbnailsInLowLayer: 48 } }, '48 of 49 thumbnails'],
    [{ bytes: { ...BYTES, idle: 1 } }, 'idle_media_bytes is 1'],
    [{ bytes: { ...BYTES, idleStreams: 1 } }, '1 streams flow'],
    [{ layers: { ...LAYERS, warm: [150] } }, 'warm_switch_ms.median is 150'],
    [{ layers: { ...LAYERS, cold: [3_500] } }, 'cold_add_ms.median is 3500'],
    [{ layers: { ...LAYERS, removals: [10, 200] } }, 'soft_removal_gap_ms.max is 200'],
    [{ layers: { ...LAYERS, removals: [] } }, 'soft_removal_gap_ms.max was not measured'],
    [{ squeezed: { ...SQUEEZED, concealedPct: 2 } }, 'squeezed.concealed_pct is 2'],
    [{ squeezed: { ...SQUEEZED, concealedPct: null } }, 'squeezed.concealed_pct was not measured'],
    [{ squeezed: { ...SQUEEZED, layers: { alice: null, anna: null } } }, 'no video crosses'],
    [{ squeezed: { ...SQUEEZED, layers: { alice: null, anna: 'h' } } }, 'a higher layer where another has none'],
    [{ cuts: { ...CUTS, ws: { healMs: null, mediaGapMs: 0 } } }, 'ws_cut.heal_ms was not measured'],
    [{ cuts: { ...CUTS, ws: { healMs: 10, mediaGapMs: 250 } } }, 'ws_cut.media_gap_ms is 250'],
    [{ cuts: { ...CUTS, trunk: { healMs: 5_000 } } }, 'trunk_cut.heal_ms is 5000'],
    [{ refused: { ...REFUSED, wronglyAccepted: ['a flood'] } }, 'wrongly accepted: a flood'],
    [{ refused: { ...REFUSED, tried: [] } }, 'nothing was tried'],
    [{ refused: { ...REFUSED, controls: [{ name: 'a right token', works: false }] } }, 'a right token'],
    [{ refused: { ...REFUSED, gapMs: { calm: 100, meanwhile: 1_001 } } }, 'a gap of 1001 ms'],
  ])('%j misses a bound', (change, missed) => {
    const { failures } = judge({ ...GOOD, ...change }, CASCADE_PARTS, []);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain(missed);
  });
});
