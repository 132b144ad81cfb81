/** Recordings that nobody recorded, to try the judge and the report on. Pure. */
import {
  type AudioRecording,
  type Interval,
  type LayerInfo,
  type LinkRecording,
  type Mark,
  type PublisherRecording,
  type Recording,
  SAMPLE_MS,
  type ScenarioName,
  type VideoRecording,
  type ViewerRecording,
} from './result.ts';

export const SYNTHETIC_LAYERS: LayerInfo[] = [
  { rid: 'q', widthPx: 160, heightPx: 90, bitrateBps: 45_000 },
  { rid: 'h', widthPx: 320, heightPx: 180, bitrateBps: 150_000 },
  { rid: 'f', widthPx: 640, heightPx: 360, bitrateBps: 650_000 },
];

/** What happens at a time; each call is of one sample. */
export type AtTime<T> = (atMs: number) => T;

export interface SyntheticVideo {
  name: string;
  /** Index in `SYNTHETIC_LAYERS`; the highest unless given. */
  layer?: AtTime<number>;
  /** 2 or 1 per sample unless given, so 15 each second. */
  frames?: AtTime<number>;
  paused?: AtTime<boolean>;
  wanted?: Interval[];
  silent?: Interval[];
}

export function syntheticVideo(endsAtMs: number, video: SyntheticVideo): VideoRecording {
  const { layer = () => 2, paused = () => false } = video;
  const frames = video.frames ?? ((atMs: number) => ((atMs / SAMPLE_MS) % 2 === 0 ? 2 : 1));
  return {
    name: video.name,
    layers: SYNTHETIC_LAYERS,
    points: samples(endsAtMs, atMs => {
      const { widthPx = 0, heightPx = 0 } = SYNTHETIC_LAYERS[layer(atMs)] ?? {};
      return { atMs, frames: paused(atMs) ? 0 : frames(atMs), widthPx, heightPx, paused: paused(atMs) };
    }),
    wanted: video.wanted ?? [{ fromMs: 0, toMs: endsAtMs }],
    silent: video.silent ?? [],
  };
}

export function syntheticAudio(endsAtMs: number, name: string, concealedPct: AtTime<number> = () => 0): AudioRecording {
  return {
    name,
    bitrateBps: 32_000,
    points: samples(endsAtMs, atMs => ({ atMs, concealed: 48 * concealedPct(atMs), total: 4_800 })),
  };
}

export interface SyntheticViewer {
  name?: string;
  videos: readonly VideoRecording[];
  audios?: readonly AudioRecording[];
  receivedBps?: AtTime<number>;
  estimateBps?: AtTime<number | null>;
}

export function syntheticViewer(endsAtMs: number, viewer: SyntheticViewer): ViewerRecording {
  const { receivedBps = () => 1_000_000, estimateBps = () => null } = viewer;
  return {
    name: viewer.name ?? 'viewer',
    points: samples(endsAtMs, atMs => ({ atMs, receivedBps: receivedBps(atMs), estimateBps: estimateBps(atMs) })),
    videos: [...viewer.videos],
    audios: [...(viewer.audios ?? [syntheticAudio(endsAtMs, 'speaker')])],
  };
}

export interface SyntheticLink {
  capacityBps: AtTime<number | null>;
  enteredBps: AtTime<number>;
  queueMs?: AtTime<number>;
}

export function syntheticLink(endsAtMs: number, { capacityBps, enteredBps, queueMs }: SyntheticLink): LinkRecording {
  return {
    title: 'viewer, down',
    direction: 'down',
    latenessMs: 1,
    points: samples(endsAtMs, atMs => ({
      atMs,
      capacityBps: capacityBps(atMs),
      enteredBytes: (enteredBps(atMs) * SAMPLE_MS) / 8_000,
      leftBytes: (Math.min(enteredBps(atMs), capacityBps(atMs) ?? Number.POSITIVE_INFINITY) * SAMPLE_MS) / 8_000,
      queueDropped: 0,
      lost: 0,
      queueMs: queueMs?.(atMs) ?? 0,
    })),
  };
}

export function syntheticPublisher(endsAtMs: number, videoBps: AtTime<number>): PublisherRecording {
  return {
    name: 'publisher',
    points: samples(endsAtMs, atMs => ({ atMs, videoBytes: (videoBps(atMs) * SAMPLE_MS) / 8_000 })),
  };
}

export interface SyntheticRecording {
  viewers: readonly ViewerRecording[];
  link?: LinkRecording;
  publishers?: readonly PublisherRecording[];
  marks?: readonly Mark[];
  control?: Recording;
}

/** Its first frame comes at 0. */
export function syntheticRecording(scenario: ScenarioName, endsAtMs: number, parts: SyntheticRecording): Recording {
  return {
    scenario,
    firstMediaAtMs: 0,
    endsAtMs,
    link: parts.link ?? null,
    viewers: [...parts.viewers],
    publishers: [...(parts.publishers ?? [])],
    marks: [...(parts.marks ?? [])],
    control: parts.control ?? null,
  };
}

/** One value for each sample, from the first to the one at the end. */
function samples<T>(endsAtMs: number, at: AtTime<T>): T[] {
  return Array.from({ length: Math.floor(endsAtMs / SAMPLE_MS) }, (_, index) => at((index + 1) * SAMPLE_MS));
}
