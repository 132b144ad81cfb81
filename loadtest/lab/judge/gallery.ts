import type { Interval, Recording, ViewerRecording } from '../result.ts';
import { highestThatFits } from './fit.ts';
import { judgedInterval, judgedViewer } from './figures.ts';
import { pointsIn, quantile } from './series.ts';
import { layerAt } from './video.ts';

/** A thumbnail that has shown a new frame within this time is alive, ms. */
const ALIVE_MS = 2_000;
/** The pinned picture has come to rest by then: it is judged over the end of the recording, ms. */
const AT_REST_MS = 10_000;

/** The fewest videos that were alive at any time. */
export function fewestAlive(recording: Recording): number {
  const judged = judgedInterval(recording);
  const { videos, points } = judgedViewer(recording);
  const times = pointsIn(points, { fromMs: judged.fromMs + ALIVE_MS, toMs: judged.toMs }).map(({ atMs }) => atMs);
  if (times.length === 0) return 0;
  const frames = videos.map(video => video.points.filter(point => point.frames > 0).map(({ atMs }) => atMs));
  return Math.min(
    ...times.map(now => frames.filter(shown => shown.some(atMs => atMs > now - ALIVE_MS && atMs <= now)).length),
  );
}

/**
 * Layers between what the pinned video (the first) showed at the end and the highest that fits beside all the others: 0 is
 * right, or more; -1 is one too low. Null where not even the lowest fits.
 */
export function pinnedAboveFit(recording: Recording): number | null {
  const viewer = judgedViewer(recording);
  const [pinned] = viewer.videos;
  const capacityBps = recording.link?.points.at(-1)?.capacityBps;
  if (pinned === undefined || capacityBps == null) return null;
  const fits = highestThatFits(viewer, pinned.name, capacityBps);
  if (fits === undefined) return null;
  const atRest: Interval = { fromMs: recording.endsAtMs - AT_REST_MS, toMs: recording.endsAtMs };
  const shown = medianLayer(viewer, atRest);
  return shown - pinned.layers.indexOf(fits);
}

/** Of the first video; -1 where it showed nothing. */
function medianLayer({ videos }: ViewerRecording, within: Interval): number {
  const [pinned] = videos;
  if (pinned === undefined) return -1;
  const indices = pointsIn(pinned.points, within).map(({ widthPx }) => {
    const layer = layerAt(pinned.layers, widthPx);
    return layer === undefined ? -1 : pinned.layers.indexOf(layer);
  });
  return quantile(indices, 0.5) ?? -1;
}
