/** What the plots show, out of recordings: thinned out to what a screen can tell apart. Pure. */
import { RATE_WINDOW_MS } from '../../lab/judge/link.ts';
import { freezesOf, layerAt, pausesOf } from '../../lab/judge/video.ts';
import { judgedInterval } from '../../lab/judge/figures.ts';
import type {
  AudioRecording,
  Interval,
  LinkPoint,
  Recording,
  VideoRecording,
  ViewerRecording,
} from '../../lab/result.ts';

/** At s and Mbit/s, ms or percent. */
export interface PlotPoint {
  s: number;
  value: number;
}

export interface Span {
  fromS: number;
  toS: number;
}

/** What a video showed during a time. */
export interface LayerSpan extends Span {
  video: string;
  /** 0 is the lowest of `of` layers. */
  look: { kind: 'layer'; index: number; of: number; rid: string } | { kind: 'paused' } | { kind: 'frozen' };
}

/** Means over the window that the judge uses, each at its middle, Mbit/s, one point every `everyMs`. */
export function rates(points: readonly LinkPoint[], of: 'enteredBytes' | 'leftBytes', everyMs: number): PlotPoint[] {
  const bins = Math.max(1, Math.round(RATE_WINDOW_MS / binMs(points)));
  const series: PlotPoint[] = [];
  let sum = 0;
  for (const [index, point] of points.entries()) {
    sum += point[of] - (points[index - bins]?.[of] ?? 0);
    if (index >= bins) {
      series.push({ s: (point.atMs - RATE_WINDOW_MS / 2) / 1_000, value: (sum * 8) / RATE_WINDOW_MS / 1_000 });
    }
  }
  return thinned(series, everyMs);
}

export function received(viewer: ViewerRecording, everyMs: number): PlotPoint[] {
  return thinned(
    viewer.points.map(({ atMs, receivedBps }) => ({ s: atMs / 1_000, value: receivedBps / 1e6 })),
    everyMs,
  );
}

/** Video of the first publisher, Mbit/s. */
export function upstream({ publishers: [publisher] }: Recording, everyMs: number): PlotPoint[] {
  return binned(publisher?.points ?? [], everyMs, inside => {
    const bytes = inside.reduce((sum, { videoBytes }) => sum + videoBytes, 0);
    return (bytes * 8) / everyMs / 1_000;
  });
}

/** Empty where the focus does not tell. */
export function estimates(viewer: ViewerRecording): PlotPoint[] {
  return changesOf(
    viewer.points.flatMap(({ atMs, estimateBps }) =>
      estimateBps === null ? [] : [{ s: atMs / 1_000, value: estimateBps / 1e6 }],
    ),
  );
}

/** As steps, Mbit/s; empty where the rate has no limit. */
export function capacities(points: readonly LinkPoint[]): PlotPoint[] {
  const bin = binMs(points);
  return changesOf(
    points.flatMap(({ atMs, capacityBps }) =>
      capacityBps === null ? [] : [{ s: (atMs - bin) / 1_000, value: capacityBps / 1e6 }],
    ),
  );
}

/** The longest of each time, ms. */
export function queues(points: readonly LinkPoint[], everyMs: number): PlotPoint[] {
  return binned(points, everyMs, inside => Math.max(...inside.map(({ queueMs }) => queueMs)));
}

/** Percent of each second, of all audio together. */
export function concealment(audios: readonly AudioRecording[], everyMs: number): PlotPoint[] {
  const all = audios.flatMap(({ points }) => points).toSorted((a, b) => a.atMs - b.atMs);
  return binned(all, Math.max(1_000, everyMs), inside => {
    const total = inside.reduce((sum, point) => sum + point.total, 0);
    return total === 0 ? 0 : (100 * inside.reduce((sum, point) => sum + point.concealed, 0)) / total;
  });
}

/** When at least one video froze. */
export function freezes(recording: Recording, viewer: ViewerRecording): Span[] {
  const judged = judgedInterval(recording);
  const merged: Interval[] = [];
  for (const freeze of viewer.videos
    .flatMap(video => freezesOf(video, judged))
    .toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last !== undefined && freeze.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, freeze.toMs);
    else merged.push({ ...freeze });
  }
  return merged.map(spanOf);
}

/** What a video showed, from its first frame to the end. */
export function layerSpans(video: VideoRecording, judged: Interval): LayerSpan[] {
  const excuses = [
    ...freezesOf(video, judged).map(interval => ({ interval, look: { kind: 'frozen' } as const })),
    ...pausesOf(video).map(interval => ({ interval, look: { kind: 'paused' } as const })),
  ];
  const spans: LayerSpan[] = [];
  let previousMs = 0;
  for (const { atMs, widthPx } of video.points) {
    const excuse = excuses.find(({ interval }) => atMs > interval.fromMs && atMs <= interval.toMs);
    const layer = layerAt(video.layers, widthPx);
    const isWanted = video.wanted.some(({ fromMs, toMs }) => atMs > fromMs && atMs <= toMs);
    const look: LayerSpan['look'] | undefined =
      excuse?.look ??
      (layer === undefined || !isWanted
        ? undefined
        : { kind: 'layer', index: video.layers.indexOf(layer), of: video.layers.length, rid: layer.rid });
    const last = spans.at(-1);
    if (look !== undefined) {
      if (last?.toS === previousMs / 1_000 && isSame(last.look, look)) last.toS = atMs / 1_000;
      else spans.push({ video: video.name, fromS: previousMs / 1_000, toS: atMs / 1_000, look });
    }
    previousMs = atMs;
  }
  return spans;
}

function spanOf({ fromMs, toMs }: Interval): Span {
  return { fromS: fromMs / 1_000, toS: toMs / 1_000 };
}

function isSame(a: LayerSpan['look'], b: LayerSpan['look']): boolean {
  return a.kind === b.kind && (a.kind !== 'layer' || b.kind !== 'layer' || a.index === b.index);
}

function binMs(points: readonly LinkPoint[]): number {
  const [first, second] = points;
  return first === undefined || second === undefined ? 100 : Math.max(1, second.atMs - first.atMs);
}

/** The last point of each time. */
function thinned(points: readonly PlotPoint[], everyMs: number): PlotPoint[] {
  const kept = new Map(points.map(point => [Math.floor((point.s * 1_000) / everyMs), point]));
  return [...kept.values()];
}

function binned<P extends { atMs: number }>(
  points: readonly P[],
  everyMs: number,
  valueOf: (inside: readonly P[]) => number,
): PlotPoint[] {
  const bins = Map.groupBy(points, ({ atMs }) => Math.floor((atMs - 1) / everyMs));
  return [...bins].map(([bin, inside]) => ({ s: ((bin + 1) * everyMs) / 1_000, value: valueOf(inside) }));
}

/** Where the value changes, and the end. */
function changesOf(points: readonly PlotPoint[]): PlotPoint[] {
  return points.filter(({ value }, index) => value !== points[index - 1]?.value || index === points.length - 1);
}
