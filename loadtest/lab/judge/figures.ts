/** The figures that every scenario has. Pure. */
import {
  type Figures,
  type Interval,
  type LayerShares,
  type Recording,
  SETTLES_MS,
  type ViewerRecording,
} from '../result.ts';
import { concealedPct } from './audio.ts';
import { pausedThoughItFitsS } from './fit.ts';
import { drainedMs, linkUsePct, overCapacityMs, queueP95Ms, stepsOf } from './link.ts';
import { lengthOf, mean, overlap } from './series.ts';
import { freezesOf, layerShares, longestGapMs, pausesOf } from './video.ts';

/** From `SETTLES_MS` after the first frame to the end; nothing where no frame came. */
export function judgedInterval({ firstMediaAtMs, endsAtMs }: Recording): Interval {
  const fromMs = firstMediaAtMs === null ? endsAtMs : Math.min(endsAtMs, firstMediaAtMs + SETTLES_MS);
  return { fromMs, toMs: endsAtMs };
}

/** The viewer whose link is under test. */
export function judgedViewer({ viewers }: Recording): ViewerRecording {
  return viewers[0] ?? { name: '', points: [], videos: [], audios: [] };
}

export function figuresOf(recording: Recording): Figures {
  const judged = judgedInterval(recording);
  const viewer = judgedViewer(recording);
  const points = recording.link?.points;
  const viewersLink = recording.link?.direction === 'down' ? points : undefined;
  const drops = stepsOf(points ?? []).filter(({ isDrop }) => isDrop);
  const worst = (each: (step: (typeof drops)[number]) => number): number | null =>
    drops.length === 0 ? null : tenths(Math.max(...drops.map(each)) / 1_000);
  return {
    judged_s: tenths(lengthOf(judged) / 1_000),
    sent_over_capacity_s: worst(step => overCapacityMs(points ?? [], step)),
    queue_drained_s: worst(step => drainedMs(points ?? [], step)),
    queue_p95_ms: points === undefined ? null : wholeOrNull(queueP95Ms(points, judged)),
    concealed_pct: hundredthsOrNull(concealedPct(viewer.audios, judged)),
    freezes_over_1s: freezesIn(viewer, judged),
    longest_gap_ms: Math.round(Math.max(0, ...viewer.videos.map(video => longestGapMs(video, judged)))),
    paused_s: tenths(
      viewer.videos
        .flatMap(video => pausesOf(video).flatMap(pause => overlap(pause, judged) ?? []))
        .reduce((sum, pause) => sum + lengthOf(pause) / 1_000, 0),
    ),
    paused_though_it_fits_s: tenths(pausedThoughItFitsS(viewer, viewersLink, judged)),
    link_use_pct: points === undefined ? null : wholeOrNull(linkUsePct(points, judged)),
    layers: layersOf(viewer, judged),
    relay_lateness_ms: recording.link === null ? null : wholeOrNull(recording.link.latenessMs),
  };
}

/** Videos that are told one by one; of more than these the first, and the mean of the others. */
const TOLD_ONE_BY_ONE = 8;

function layersOf({ videos }: ViewerRecording, judged: Interval): Record<string, LayerShares> {
  const [first, ...others] = videos.map(video => [video.name, layerShares(video, judged)] as const);
  if (first === undefined) return {};
  if (videos.length <= TOLD_ONE_BY_ONE) return Object.fromEntries([first, ...others]);
  const rids = new Set(others.flatMap(([, shares]) => Object.keys(shares)));
  const meanOf = (rid: string): number => tenths(mean(others.map(([, shares]) => shares[rid] ?? 0)) ?? 0);
  return {
    [first[0]]: first[1],
    [`the other ${others.length}`]: Object.fromEntries([...rids].map(rid => [rid, meanOf(rid)])),
  };
}

/** Of all its videos together. */
export function freezesIn(viewer: ViewerRecording, within: Interval, longerThanMs?: number): number {
  return viewer.videos.reduce((sum, video) => sum + freezesOf(video, within, longerThanMs).length, 0);
}

export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

export function wholeOrNull(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function hundredthsOrNull(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}
