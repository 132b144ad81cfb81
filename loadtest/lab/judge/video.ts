/** Freezes, pauses and layers of a video as a viewer sees it. Pure. */
import type { Interval, LayerInfo, LayerShares, VideoRecording } from '../result.ts';
import { lengthOf, overlap, pointsIn, whileTrue, without } from './series.ts';

/** A gap between decoded frames that is longer than this is a freeze, ms. */
export const FREEZE_MS = 1_000;

/** When the focus said that it does not send the video. */
export function pausesOf(video: VideoRecording): Interval[] {
  return whileTrue(video.points, ({ paused }) => paused);
}

/**
 * Stretches without a decoded frame inside `within`, while the video was wanted, not announced as paused, and sent. A stretch
 * ends at the sample that tells of a frame: up to one sample (100 ms) later than the frame.
 */
export function gapsOf(video: VideoRecording, within: Interval): Interval[] {
  const excused = [...pausesOf(video), ...video.silent];
  return video.wanted
    .flatMap(wanted => overlap(wanted, within) ?? [])
    .flatMap(span => {
      const frames = pointsIn(video.points, span)
        .filter(({ frames }) => frames > 0)
        .map(({ atMs }) => atMs);
      const times = [span.fromMs, ...frames, span.toMs];
      return times.slice(1).map((toMs, index) => ({ fromMs: times[index] ?? span.fromMs, toMs }));
    })
    .flatMap(gap => without(gap, excused));
}

export function freezesOf(video: VideoRecording, within: Interval, longerThanMs = FREEZE_MS): Interval[] {
  return gapsOf(video, within).filter(gap => lengthOf(gap) > longerThanMs);
}

export function longestGapMs(video: VideoRecording, within: Interval): number {
  return Math.max(0, ...gapsOf(video, within).map(lengthOf));
}

/** The layer whose width is nearest; undefined before the first frame. */
export function layerAt(layers: readonly LayerInfo[], widthPx: number): LayerInfo | undefined {
  if (widthPx <= 0) return undefined;
  return layers.toSorted((a, b) => Math.abs(a.widthPx - widthPx) - Math.abs(b.widthPx - widthPx))[0];
}

/** Percent of the points inside `within` at each layer; "none" is before the first frame, a pause, or a freeze. */
export function layerShares(video: VideoRecording, within: Interval): LayerShares {
  const points = pointsIn(video.points, within).filter(({ atMs }) =>
    video.wanted.some(({ fromMs, toMs }) => atMs > fromMs && atMs <= toMs),
  );
  const frozen = freezesOf(video, within);
  const counts = new Map<string, number>([...video.layers.map(({ rid }): [string, number] => [rid, 0]), ['none', 0]]);
  for (const { atMs, widthPx, paused } of points) {
    const isFrozen = frozen.some(({ fromMs, toMs }) => atMs > fromMs && atMs <= toMs);
    const rid = paused || isFrozen ? 'none' : (layerAt(video.layers, widthPx)?.rid ?? 'none');
    counts.set(rid, (counts.get(rid) ?? 0) + 1);
  }
  const total = Math.max(1, points.length);
  return Object.fromEntries([...counts].map(([rid, count]) => [rid, Math.round((1_000 * count) / total) / 10]));
}
