import { expect, test } from 'vitest';
import { parseMetrics } from '../scale/focus-metrics.ts';
import { bytesIn, type TrunkState, trunkState } from './trunk-metrics.ts';

const TEXT = `# HELP weir_trunks Trunks
weir_trunks{state="calling"} 0
weir_trunks{state="open"} 2
weir_trunk_media_bytes{focus="@focus:b",direction="sent"} 1000
weir_trunk_media_bytes{focus="@focus:c",direction="sent"} 500
weir_trunk_media_bytes{focus="@focus:b",direction="received"} 70
weir_trunk_tracks{focus="@focus:b",direction="sent"} 4
weir_trunk_tracks{focus="@focus:b",direction="received"} 9
weir_trunk_layers{focus="@focus:b"} 3
`;

test('what is sent to all foci is read, and nothing else', () => {
  expect(trunkState(parseMetrics(TEXT))).toEqual({ open: 2, tracks: 4, streams: 3, sentBytes: 1_500 });
});

test('a focus without trunks sends nothing', () => {
  expect(trunkState(parseMetrics(''))).toEqual({ open: 0, tracks: 0, streams: 0, sentBytes: 0 });
});

/** Grows by 100 bytes/ms, and is looked at every 500 ms. */
function growing(): () => Promise<TrunkState> {
  const began = performance.now();
  return () => {
    const looks = Math.floor((performance.now() - began) / 500);
    return Promise.resolve({ open: 1, tracks: 1, streams: 1, sentBytes: looks * 50_000 });
  };
}

test('bytes are counted from one look of the focus to another, and brought to the length that is asked for', async () => {
  const bytes = await bytesIn(1_000, growing(), new AbortController().signal);
  // Looks are 500 ms apart; when they are seen is known to a tenth of a second.
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(200_000);
});

test('a time that is cut short rejects', async () => {
  const aborted = AbortSignal.abort(new Error('over'));
  await expect(bytesIn(1_000, growing(), aborted)).rejects.toThrow('aborted');
});
