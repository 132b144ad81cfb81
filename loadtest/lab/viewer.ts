/** A browser that views, and what it sees, sample by sample. */
import { writeControl } from '../../signalling/wire/control.ts';
import type { ReceivedTrack } from '../peers/chromium-endpoint.ts';
import { ChromiumEndpoint } from '../peers/chromium-endpoint.ts';
import { keyOf, type TrackIds } from '../peers/endpoint.ts';
import { LightPeer } from '../peers/light-peer.ts';
import type { LoadBrowser } from '../peers/load-browser.ts';
import { until } from '../peers/until.ts';
import { type Address, viaRelay } from '../peers/via-relay.ts';
import { ToldAllocation } from './allocation.ts';
import { PACKET_OVERHEAD_BYTES } from './judge/fit.ts';
import { CONNECTS_WITHIN_MS, type PeerPlace, streamOf } from './publisher.ts';
import type { AudioRecording, Interval, LayerInfo, VideoRecording, ViewerRecording } from './result.ts';

/** A video that a viewer wants. */
export interface WantedVideo {
  name: string;
  streamId: string;
  layers: LayerInfo[];
  /** px at which it is drawn. */
  width: number;
  height: number;
  pinned?: boolean;
}

export interface WantedAudio {
  name: string;
  streamId: string;
  bitrateBps: number;
}

/** The page itself looks for frames no more often: whoever samples asks it. */
const PAGE_POLLS_MS = 1_000;
/** Received bit/s are the mean of so long, ms. */
const RATE_WINDOW_MS = 500;

interface Watched<R extends VideoRecording | AudioRecording> {
  track: TrackIds;
  recording: R;
}

export class Viewer {
  readonly name: string;
  readonly peer: LightPeer;
  readonly recording: ViewerRecording;
  readonly #endpoint: ChromiumEndpoint;
  readonly #told: ToldAllocation;
  readonly #videos: Watched<VideoRecording>[] = [];
  readonly #audios: Watched<AudioRecording>[] = [];
  /** By mid: of the sample before. */
  #before = new Map<string, ReceivedTrack>();
  readonly #rates: { atMs: number; bytes: number }[] = [];
  /** When sampling began, ms since 1970. */
  #zero = 0;

  /** Resolves when it is connected. */
  static async join(name: string, place: PeerPlace, browser: LoadBrowser, relay?: Address): Promise<Viewer> {
    const endpoint = await ChromiumEndpoint.open(browser, { pollMs: PAGE_POLLS_MS });
    const told = new ToldAllocation();
    const peer = new LightPeer({
      ...place,
      viewsOnly: true,
      subscribe: 'nothing',
      endpoint: events =>
        endpoint.attach({
          ...events,
          control: text => {
            told.hear(text);
            events.control(text);
          },
        }),
      ...(relay === undefined ? {} : { rewriteCandidates: (sdp: string) => viaRelay(sdp, relay) }),
    });
    try {
      await peer.join();
      await until(`${name} connects`, CONNECTS_WITHIN_MS, () => peer.isConnected() && peer.hasControl());
      peer.sayOnControl(writeControl({ kind: 'subscription', subscribe: [], unsubscribe: [], tell: ['allocation'] }));
      return new Viewer(name, peer, endpoint, told);
    } catch (error) {
      await peer.vanish();
      throw error;
    }
  }

  private constructor(name: string, peer: LightPeer, endpoint: ChromiumEndpoint, told: ToldAllocation) {
    this.name = name;
    this.peer = peer;
    this.#endpoint = endpoint;
    this.#told = told;
    this.recording = { name, points: [], videos: [], audios: [] };
  }

  get estimateBps(): number | null {
    return this.#told.estimateBps;
  }

  /** Counts from now on: time 0 of its recording, in ms since 1970. */
  begin(zero: number): void {
    this.#zero = zero;
  }

  /** Subscribes to all of these at once, when it has been told of their streams. */
  async watch(videos: readonly WantedVideo[], audios: readonly WantedAudio[] = []): Promise<void> {
    const streams = [...videos, ...audios].map(({ streamId }) => streamId);
    await until(`${this.name} is told of the streams`, CONNECTS_WITHIN_MS, () =>
      streams.every(streamId => streamOf(this.peer, streamId) !== undefined),
    );
    const now = Math.max(0, Date.now() - this.#zero);
    const wanted = [
      ...audios.flatMap(audio => {
        const track = streamOf(this.peer, audio.streamId)?.audio;
        if (track === undefined) throw new Error(`${audio.name} has no audio.`);
        this.#audios.push({ track, recording: { name: audio.name, bitrateBps: audio.bitrateBps, points: [] } });
        return [track];
      }),
      ...videos.map(video => this.#wanted(video, now)),
    ];
    this.recording.videos = this.#videos.map(({ recording }) => recording);
    this.recording.audios = this.#audios.map(({ recording }) => recording);
    this.#say({ subscribe: wanted });
  }

  /** Wants a watched video in another size, or again. */
  resize(name: string, width: number, height: number): void {
    const watched = this.#videoOf(name);
    const { wanted } = watched.recording;
    if (wanted.at(-1)?.toMs !== Number.POSITIVE_INFINITY) wanted.push(openInterval(Date.now() - this.#zero));
    this.#say({ subscribe: [{ ...watched.track, width, height }] });
  }

  unwatch(name: string): void {
    const watched = this.#videoOf(name);
    const last = watched.recording.wanted.at(-1);
    if (last !== undefined) last.toMs = Date.now() - this.#zero;
    this.#say({ unsubscribe: [watched.track] });
  }

  /** Takes one sample, and gives its time; 0 frames of a video in it are no new frame since the one before. */
  async sample(): Promise<number> {
    const { at, received } = await this.#endpoint.stats();
    const atMs = at - this.#zero;
    const before = this.#before;
    this.#before = new Map(received.map(track => [track.mid, track]));
    for (const { track, recording } of this.#videos) {
      const point = { atMs, frames: 0, widthPx: 0, heightPx: 0, paused: this.#told.isPaused(track) };
      const last = recording.points.at(-1);
      point.widthPx = last?.widthPx ?? 0;
      point.heightPx = last?.heightPx ?? 0;
      for (const now of received) {
        if (now.kind !== 'video' || keyOf(now) !== keyOf(track)) continue;
        const then = before.get(now.mid);
        const frames = grown(now.framesDecoded, then?.kind === 'video' ? then.framesDecoded : 0);
        point.frames += frames;
        if (frames > 0) {
          point.widthPx = now.frameWidth;
          point.heightPx = now.frameHeight;
        }
      }
      recording.points.push(point);
    }
    for (const { track, recording } of this.#audios) {
      const point = { atMs, concealed: 0, total: 0 };
      for (const now of received) {
        if (now.kind !== 'audio' || keyOf(now) !== keyOf(track)) continue;
        const then = before.get(now.mid);
        const known = then?.kind === 'audio' ? then : undefined;
        point.concealed += grown(now.concealedSamples, known?.concealedSamples ?? 0);
        point.total += grown(now.totalSamplesReceived, known?.totalSamplesReceived ?? 0);
      }
      recording.points.push(point);
    }
    this.recording.points.push({
      atMs,
      receivedBps: this.#rateOf(atMs, received, before),
      estimateBps: this.#told.estimateBps,
    });
    return atMs;
  }

  /** Ends its recording at a time of it. */
  finish(endsAtMs: number): ViewerRecording {
    for (const { wanted } of this.recording.videos) {
      for (const interval of wanted) interval.toMs = Math.min(interval.toMs, endsAtMs);
    }
    return this.recording;
  }

  /** What went wrong in its page. */
  get complaints(): readonly string[] {
    return [...this.#endpoint.complaints, ...this.peer.seen.unreadable];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.leave().catch(() => this.peer.vanish());
  }

  #wanted(video: WantedVideo, now: number): TrackIds & { width: number; height: number; pinned?: boolean } {
    const track = streamOf(this.peer, video.streamId)?.video;
    if (track === undefined) throw new Error(`${video.name} has no video.`);
    const { name, layers, width, height, pinned } = video;
    this.#videos.push({
      track,
      recording: { name, layers, points: [], wanted: [openInterval(now)], silent: [] },
    });
    return { ...track, width, height, ...(pinned === undefined ? {} : { pinned }) };
  }

  #videoOf(name: string): Watched<VideoRecording> {
    const found = this.#videos.find(({ recording }) => recording.name === name);
    if (found === undefined) throw new Error(`${this.name} does not watch ${name}.`);
    return found;
  }

  #say(parts: { subscribe?: (TrackIds & { width?: number; height?: number })[]; unsubscribe?: TrackIds[] }): void {
    const { subscribe = [], unsubscribe = [] } = parts;
    if (!this.peer.sayOnControl(writeControl({ kind: 'subscription', subscribe, unsubscribe }))) {
      throw new Error(`The control channel of ${this.name} is not open.`);
    }
  }

  #rateOf(atMs: number, received: readonly ReceivedTrack[], before: ReadonlyMap<string, ReceivedTrack>): number {
    let bytes = 0;
    for (const now of received) {
      const then = before.get(now.mid);
      bytes += grown(now.bytesReceived, then?.bytesReceived ?? 0);
      bytes += grown(now.packetsReceived, then?.packetsReceived ?? 0) * PACKET_OVERHEAD_BYTES;
    }
    this.#rates.push({ atMs, bytes });
    while ((this.#rates[0]?.atMs ?? atMs) < atMs - RATE_WINDOW_MS) this.#rates.shift();
    const [first, ...later] = this.#rates;
    if (first === undefined || atMs === first.atMs) return 0;
    // The first one came before the window's time.
    return (later.reduce((sum, one) => sum + one.bytes, 0) * 8_000) / (atMs - first.atMs);
  }
}

/** Of a counter; one that went back began anew. */
function grown(now: number, before: number): number {
  return now >= before ? now - before : now;
}

function openInterval(fromMs: number): Interval {
  return { fromMs, toMs: Number.POSITIVE_INFINITY };
}
