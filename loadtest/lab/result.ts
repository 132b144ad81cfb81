/**
 * What a scenario of the network lab records, and what is made of it. All of it is JSON as it stands. Times are ms since the
 * recording began; points stand at the END of the time that they tell of, and follow each other by about `SAMPLE_MS`.
 */

export const SAMPLE_MS = 100;
/** Media that comes up is not judged for so long after the first frame, ms. */
export const SETTLES_MS = 5_000;

export const SCENARIO_NAMES = [
  'steps',
  'loss1',
  'loss5',
  'loss10',
  'loss20',
  'bursts',
  'jitter',
  'bloat',
  'floor',
  'starving-viewer',
  'poor-uplink',
  'gallery',
  'nobody-watching',
] as const;

export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export interface Interval {
  fromMs: number;
  toMs: number;
}

/** One bin of the link under test, in the direction under test: what the relay saw. */
export interface LinkPoint {
  atMs: number;
  /** Null where the rate is not limited. */
  capacityBps: number | null;
  /** Handed to the link, with retransmission, padding and audio, IP headers included. */
  enteredBytes: number;
  leftBytes: number;
  /** Packets that found the queue full. */
  queueDropped: number;
  /** Packets that the link lost by its script. */
  lost: number;
  /** How long the last byte in the queue has to wait. */
  queueMs: number;
}

export interface LinkRecording {
  /** Whose link, and which way: "viewer, down". */
  title: string;
  /** `down`: from the focus to the judged viewer; `up`: from a publisher to the focus. */
  direction: 'up' | 'down';
  points: LinkPoint[];
  /** How late the relay forwarded, by the fault of the machine (p99, ms): a figure of the run's worth. */
  latenessMs: number | null;
}

/** A simulcast layer, as its publisher sends it. */
export interface LayerInfo {
  rid: string;
  widthPx: number;
  heightPx: number;
  /** Media without headers. */
  bitrateBps: number;
}

export interface VideoPoint {
  atMs: number;
  /** Decoded since the point before. */
  frames: number;
  /** Of the last decoded frame; 0 before the first. */
  widthPx: number;
  heightPx: number;
  /** The focus has said that it does not send this video now. Always false with a focus that does not speak of it. */
  paused: boolean;
}

/** One video as one viewer sees it. */
export interface VideoRecording {
  /** Of its publisher. */
  name: string;
  /** Low to high. */
  layers: LayerInfo[];
  points: VideoPoint[];
  /** When the viewer is subscribed. */
  wanted: Interval[];
  /** When its publisher sends nothing by the script. */
  silent: Interval[];
}

export interface AudioPoint {
  atMs: number;
  /** Samples that the receiver made up, silent ones included, since the point before. */
  concealed: number;
  /** Samples that the receiver played, since the point before. */
  total: number;
}

/** One audio track as one viewer hears it. */
export interface AudioRecording {
  name: string;
  /** Media without headers. */
  bitrateBps: number;
  points: AudioPoint[];
}

export interface ViewerPoint {
  atMs: number;
  /** Of all its tracks, with the headers of RTP, UDP and IP, without padding. */
  receivedBps: number;
  /** What the focus believes the link carries, as it tells the viewer; null with a focus that does not tell. */
  estimateBps: number | null;
}

export interface ViewerRecording {
  name: string;
  points: ViewerPoint[];
  videos: VideoRecording[];
  audios: AudioRecording[];
}

export interface PublisherPoint {
  atMs: number;
  /** RTP of video that it sent since the point before. */
  videoBytes: number;
}

export interface PublisherRecording {
  name: string;
  points: PublisherPoint[];
}

/** Something that the script did at a time. */
export interface Mark {
  atMs: number;
  kind: /** The link has another rate from here on. */
    | 'rate'
    /** Nobody wants the video any more. */
    | 'unwatch'
    /** Wanted again, after nobody did. */
    | 'watch'
    /** Wanted larger, while a lower layer runs. */
    | 'enlarge'
    /** The publisher stops a layer without a word. */
    | 'stall';
  text: string;
}

export interface Recording {
  scenario: ScenarioName;
  /** First decoded frame at the judged viewer, or first sound where all pictures are announced as paused; null where none came. */
  firstMediaAtMs: number | null;
  endsAtMs: number;
  link: LinkRecording | null;
  /** The judged one first. */
  viewers: ViewerRecording[];
  publishers: PublisherRecording[];
  marks: Mark[];
  /** The same without the fault, where a scenario is judged against that. */
  control: Recording | null;
}

/** A bound of the table, and how the run stands to it. */
export interface Check {
  figure: string;
  /** Null: could not be measured, which is a failure. */
  value: number | null;
  unit: 's' | 'ms' | '%' | '×' | '';
  /** As a person reads it: "< 2 %". */
  bound: string;
  passed: boolean;
}

/** Share of the judged time, in percent, of each layer (by rid), and without a new picture ("none"). */
export type LayerShares = Record<string, number>;

/** Null is what the scenario does not have, or what could not be measured. */
export interface Figures {
  judged_s: number;
  sent_over_capacity_s: number | null;
  queue_drained_s: number | null;
  queue_p95_ms: number | null;
  concealed_pct: number | null;
  freezes_over_1s: number;
  longest_gap_ms: number;
  paused_s: number;
  paused_though_it_fits_s: number;
  link_use_pct: number | null;
  /** By the publisher's name; of the judged viewer. Of a crowd the first, and the mean of the others. */
  layers: Record<string, LayerShares>;
  relay_lateness_ms: number | null;
  /** What only this scenario measures. */
  [extra: string]: number | null | Record<string, LayerShares>;
}

export interface Verdict {
  name: ScenarioName;
  figures: Figures;
  checks: Check[];
  /** Its bounds are told, and fail nothing. */
  reportedOnly: boolean;
  /** Empty where it passed, or is reported only. */
  failures: string[];
}

/** A scenario that was played, or that broke. */
export type Played =
  | { kind: 'judged'; recording: Recording; verdict: Verdict }
  | { kind: 'broken'; name: ScenarioName; reason: string };
