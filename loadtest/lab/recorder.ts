/** Plays the script of a scenario on a call that stands, and records what comes of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Relay } from './link/relay.ts';
import { BIN_MS } from './link/samples.ts';
import type { LinkScript } from './link/script.ts';
import type { LabWatch } from './place.ts';
import type { BrowserPublisher } from './publisher.ts';
import {
  type AudioPoint,
  type LinkRecording,
  type Mark,
  type PublisherRecording,
  type Recording,
  SAMPLE_MS,
  type ScenarioName,
  SETTLES_MS,
  type ViewerRecording,
} from './result.ts';
import type { Viewer } from './viewer.ts';

/** Without a frame for so long there is nothing to record, ms. */
const FIRST_FRAME_WITHIN_MS = 25_000;
/** Between two lines of live figures, ms. */
const LIVE_EVERY_MS = 500;

export interface ScriptedAct {
  /** Since the first frame, ms. */
  atMs: number;
  kind: Mark['kind'];
  text: string;
  act(): void;
}

export interface LinkUnderTest {
  relay: Relay;
  direction: 'up' | 'down';
  /** Of that direction. */
  script: LinkScript;
  title: string;
}

export interface RecordOptions {
  scenario: ScenarioName;
  watch: LabWatch;
  /** The judged one first. */
  viewers: readonly [Viewer, ...Viewer[]];
  link?: LinkUnderTest;
  publishers?: readonly BrowserPublisher[];
  /** Called at time 0: subscribes. */
  begin(): Promise<void>;
  acts?: readonly ScriptedAct[];
  /** How long is judged, ms; the end comes at `endsAtMs` instead where that is given. */
  judgedMs: number;
  endsAtMs?: number;
  sampleMs?: number;
}

/** A picture; or a sound, where the focus has said of all pictures that it does not send them. */
export function hasMedia({ videos, audios }: ViewerRecording): boolean {
  const latest = videos.map(({ points }) => points.at(-1));
  if (latest.some(point => (point?.frames ?? 0) > 0)) return true;
  return latest.every(point => point?.paused) && audios.some(({ points }) => isHeard(points.at(-1)));
}

const isHeard = (point: AudioPoint | undefined): boolean => point !== undefined && point.total > point.concealed;

/** Rejects when a part breaks, or with the reason of the watch's signal. */
export async function record(options: RecordOptions): Promise<Recording> {
  const { viewers, link, watch, sampleMs = SAMPLE_MS } = options;
  const [judged] = viewers;
  const zero = Date.now();
  for (const viewer of viewers) viewer.begin(zero);
  link?.relay.start();
  await options.begin();

  const publishers = (options.publishers ?? []).map(publisher => new PublisherSampler(publisher, zero));
  const marks = rateMarks(link?.script ?? []);
  const acts = [...(options.acts ?? [])];
  let firstMediaAtMs: number | null = null;
  let atMs = 0;
  let liveAtMs = 0;
  for (;;) {
    watch.signal.throwIfAborted();
    const sampledAt = performance.now();
    [atMs = atMs] = await Promise.all([
      ...viewers.map(viewer => viewer.sample()),
      ...publishers.map(publisher => publisher.sample()),
    ]);
    if (firstMediaAtMs === null && hasMedia(judged.recording)) firstMediaAtMs = atMs;
    const due = acts[0];
    if (due !== undefined && firstMediaAtMs !== null && atMs - firstMediaAtMs >= due.atMs) {
      acts.shift();
      marks.push({ atMs: Date.now() - zero, kind: due.kind, text: due.text });
      due.act();
    }
    const endsAtMs = options.endsAtMs ?? (firstMediaAtMs ?? FIRST_FRAME_WITHIN_MS) + SETTLES_MS + options.judgedMs;
    const isOver = atMs >= endsAtMs || (firstMediaAtMs === null && atMs > FIRST_FRAME_WITHIN_MS);
    if (isOver) break;
    if (atMs - liveAtMs >= LIVE_EVERY_MS) {
      liveAtMs = atMs;
      watch.live(liveLine(judged, (endsAtMs - atMs) / 1_000));
    }
    await delay(Math.max(0, sampleMs - (performance.now() - sampledAt)), undefined, { signal: watch.signal });
  }
  return {
    scenario: options.scenario,
    firstMediaAtMs,
    endsAtMs: atMs,
    link: link === undefined ? null : await linkRecording(link, zero, atMs),
    viewers: viewers.map(viewer => viewer.finish(atMs)),
    publishers: publishers.map(({ recording }) => recording),
    marks: marks.filter(mark => mark.atMs < atMs).toSorted((a, b) => a.atMs - b.atMs),
    control: null,
  };
}

function liveLine(viewer: Viewer, leftS: number): string {
  const { points, videos } = viewer.recording;
  const received = ((points.at(-1)?.receivedBps ?? 0) / 1e6).toFixed(2);
  const estimate = viewer.estimateBps === null ? '' : `, estimate ${(viewer.estimateBps / 1e6).toFixed(2)}`;
  const sizes = videos.slice(0, 6).map(({ points: seen }) => {
    const last = seen.at(-1);
    return last?.paused ? 'paused' : `${last?.widthPx ?? 0}px`;
  });
  const more = videos.length > 6 ? ' …' : '';
  return `${Math.ceil(leftS)} s left: ${received} Mbit/s${estimate}, ${sizes.join(' ')}${more}`;
}

function rateMarks(script: LinkScript): Mark[] {
  return script.slice(1).map(({ atMs, profile: { rateBps } }) => ({
    atMs,
    kind: 'rate',
    text: rateBps === undefined ? 'no limit' : `${rateBps / 1e6} Mbit/s`,
  }));
}

async function linkRecording(link: LinkUnderTest, zero: number, endsAtMs: number): Promise<LinkRecording> {
  const report = await link.relay.report();
  const offset = (report.startedAt ?? zero) - zero;
  const points = report[link.direction].samples.map(({ atMs, ...sample }) => ({
    ...sample,
    // Of the end of the bin.
    atMs: Math.round(atMs + BIN_MS + offset),
  }));
  return {
    title: link.title,
    direction: link.direction,
    points: points.filter(({ atMs }) => atMs <= endsAtMs),
    latenessMs: report.latenessMs.p99,
  };
}

class PublisherSampler {
  readonly recording: PublisherRecording;
  readonly #publisher: BrowserPublisher;
  readonly #zero: number;
  #bytes: number | undefined;

  constructor(publisher: BrowserPublisher, zero: number) {
    this.#publisher = publisher;
    this.#zero = zero;
    this.recording = { name: publisher.name, points: [] };
  }

  async sample(): Promise<number> {
    const { at, sent } = await this.#publisher.endpoint.stats();
    const bytes = sent.reduce((sum, { kind, bytesSent }) => sum + (kind === 'video' ? bytesSent : 0), 0);
    const atMs = at - this.#zero;
    this.recording.points.push({ atMs, videoBytes: Math.max(0, bytes - (this.#bytes ?? bytes)) });
    this.#bytes = bytes;
    return atMs;
  }
}
