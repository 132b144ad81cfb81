import type { Interval, Recording, ViewerRecording } from '../result.ts';
import { audioWireBps, videoWireBps } from './fit.ts';
import { judgedViewer } from './figures.ts';
import { stepsOf } from './link.ts';
import { mean, pointsIn } from './series.ts';

/** After the link became wider again, the stream is judged so much later, ms. */
const RECOVERS_WITHIN_MS = 20_000;
/** And for so long, ms. */
const LOOKED_AT_MS = 5_000;

export interface Recovery {
  /** Received, 20 to 25 s after the last rise, per min(capacity, demand): all three with their headers. */
  receivedShare: number | null;
  /** Demand per capacity at that time. */
  demandShare: number | null;
}

export function recoveryOf(recording: Recording): Recovery {
  const rise = stepsOf(recording.link?.points ?? []).findLast(({ isRise }) => isRise);
  if (rise === undefined) return { receivedShare: null, demandShare: null };
  const fromMs = rise.fromMs + RECOVERS_WITHIN_MS;
  const window: Interval = { fromMs, toMs: Math.min(rise.toMs, fromMs + LOOKED_AT_MS) };
  const viewer = judgedViewer(recording);
  const demandBps = demandOf(viewer);
  const received = mean(pointsIn(viewer.points, window).map(({ receivedBps }) => receivedBps));
  return {
    receivedShare: received === null ? null : hundredths(received / Math.min(rise.capacityBps, demandBps)),
    demandShare: hundredths(demandBps / rise.capacityBps),
  };
}

/** Of all videos at their highest layer, and the audio, bit/s on the link. */
function demandOf(viewer: ViewerRecording): number {
  const videos = viewer.videos.map(({ layers }) => videoWireBps(layers.at(-1)?.bitrateBps ?? 0));
  return [...videos, ...viewer.audios.map(({ bitrateBps }) => audioWireBps(bitrateBps))].reduce(
    (sum, one) => sum + one,
    0,
  );
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
