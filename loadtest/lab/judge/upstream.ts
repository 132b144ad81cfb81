/** How soon a publisher's video stops where nobody wants it, and comes back. Pure. */
import type { Mark, Recording, VideoRecording } from '../result.ts';
import { judgedViewer } from './figures.ts';
import { layerAt } from './video.ts';

/** Each the worst of all times that the script did it, ms; null where it never came to that. */
export interface Upstream {
  /** Nobody wants it → the last packet of video. */
  offMs: number | null;
  /** Wanted again → first frame of any layer. */
  onMs: number | null;
  /** Wanted larger while a lower layer runs → first frame of a higher layer. */
  higherMs: number | null;
}

export function upstreamOf(recording: Recording): Upstream {
  const [video] = judgedViewer(recording).videos;
  const [publisher] = recording.publishers;
  const each = (kind: Mark['kind'], measure: (mark: Mark, untilMs: number) => number | null): number | null => {
    const marks = recording.marks.filter(mark => mark.kind === kind);
    const times = marks.map(mark => measure(mark, nextMark(recording, mark)));
    return worstOf(times);
  };
  return {
    offMs: each('unwatch', ({ atMs }, untilMs) => {
      const inside = publisher?.points.filter(point => point.atMs > atMs && point.atMs <= untilMs) ?? [];
      const last = inside.findLast(({ videoBytes }) => videoBytes > 0);
      // Still sent when the next thing happened: it never stopped.
      if (inside.length === 0 || last === inside.at(-1)) return null;
      return last === undefined ? 0 : last.atMs - atMs;
    }),
    onMs: each('watch', ({ atMs }, untilMs) => firstFrameMs(video, atMs, untilMs, () => true)),
    higherMs: each('enlarge', ({ atMs }, untilMs) => {
      const before = video?.points.findLast(point => point.atMs <= atMs)?.widthPx ?? 0;
      return firstFrameMs(video, atMs, untilMs, widthPx => isHigher(video, widthPx, before));
    }),
  };
}

function isHigher(video: VideoRecording | undefined, widthPx: number, beforePx: number): boolean {
  const layers = video?.layers ?? [];
  return (layerAt(layers, widthPx)?.widthPx ?? 0) > (layerAt(layers, beforePx)?.widthPx ?? 0);
}

function firstFrameMs(
  video: VideoRecording | undefined,
  fromMs: number,
  untilMs: number,
  counts: (widthPx: number) => boolean,
): number | null {
  const first = video?.points.find(
    ({ atMs, frames, widthPx }) => atMs > fromMs && atMs <= untilMs && frames > 0 && counts(widthPx),
  );
  return first === undefined ? null : first.atMs - fromMs;
}

function nextMark({ marks, endsAtMs }: Recording, after: Mark): number {
  return marks.find(({ atMs }) => atMs > after.atMs)?.atMs ?? endsAtMs;
}

/** Null where one is missing, or there is none. */
function worstOf(times: readonly (number | null)[]): number | null {
  let worst: number | null = null;
  for (const time of times) {
    if (time === null) return null;
    worst = Math.max(worst ?? 0, Math.round(time));
  }
  return worst;
}
