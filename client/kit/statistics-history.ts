/** Counters of several moments as figures: what flows a second, over the last minute, and how much of it is lost. Pure. */
import type { StatisticsSample, StreamCounters } from './statistics.ts';

/** Samples of the line: a minute, at one a second. */
export const LINE_SAMPLES = 60;
/** Loss is told over so many samples: in one alone, a single packet would be a catastrophe. */
const LOSS_SAMPLES = 10;

/** One size of a picture: what is received, or a layer that is sent. */
export interface LayerFigures {
  rid: string | undefined;
  width: number | undefined;
  height: number | undefined;
  framesPerSecond: number | undefined;
  /** bit/s */
  bitrate: number | undefined;
  active: boolean;
  limitedBy: 'cpu' | 'bandwidth' | undefined;
  capturedTrackId: string | undefined;
}

/** Figures of one stream of media: its sound and its picture together. */
export interface Figures {
  /** bit/s, since the sample before; `undefined` where there was none. */
  bitrate: number | undefined;
  /** bit/s of each sample, the latest last; at most `LINE_SAMPLES`. */
  line: readonly (number | undefined)[];
  /** Of what should have arrived in the last ten samples, in %. */
  lossPercent: number | undefined;
  /** Pictures, by their rids (f, h, q: the largest first), or their sizes. */
  layers: readonly LayerFigures[];
}

/** What is counted together: the sections (mids) of one stream that we receive. */
export interface ReceivedGroup {
  key: string;
  mids: readonly string[];
}

interface Lost {
  lost: number;
  expected: number;
}

interface Track {
  line: (number | undefined)[];
  losses: (Lost | undefined)[];
}

const newTrack = (): Track => ({ line: [], losses: [] });

export class StatisticsHistory {
  #before: ReadonlyMap<string, StreamCounters> = new Map();
  #tracks: ReadonlyMap<string, Track> = new Map();
  readonly #own: Track = newTrack();

  /** Takes the next sample; what is in no group is forgotten. Gives the figures of the groups, and of all that we send. */
  take(
    { streams }: StatisticsSample,
    groups: readonly ReceivedGroup[],
  ): { received: Map<string, Figures>; sent: Figures } {
    const received = new Map<string, Figures>();
    const tracks = new Map<string, Track>();
    for (const { key, mids } of groups) {
      const track = this.#tracks.get(key) ?? newTrack();
      tracks.set(key, track);
      const members = streams.filter(
        ({ direction, mid }) => direction === 'received' && mid !== undefined && mids.includes(mid),
      );
      received.set(key, this.#add(track, members));
    }
    const sent = this.#add(
      this.#own,
      streams.filter(({ direction }) => direction === 'sent'),
    );
    this.#tracks = tracks;
    this.#before = new Map(streams.map(stream => [stream.id, stream]));
    return { received, sent };
  }

  #add(track: Track, streams: readonly StreamCounters[]): Figures {
    const rates = streams.map(stream => rateSince(this.#before.get(stream.id), stream));
    const known = rates.filter(rate => rate !== undefined);
    const bitrate = known.length === 0 ? undefined : known.reduce((sum, rate) => sum + rate, 0);
    const losses = streams.flatMap(stream => lostSince(this.#before.get(stream.id), stream) ?? []);
    track.line = [...track.line, bitrate].slice(-LINE_SAMPLES);
    track.losses = [...track.losses, losses.length === 0 ? undefined : sumOf(losses)].slice(-LOSS_SAMPLES);
    const layers = streams
      .map((stream, index) => ({ ...layerOf(stream), bitrate: rates[index], isVideo: stream.kind === 'video' }))
      .filter(({ isVideo }) => isVideo)
      .map(({ isVideo: _, ...layer }) => layer)
      .toSorted((a, b) => (a.rid ?? '').localeCompare(b.rid ?? '') || (b.width ?? 0) - (a.width ?? 0));
    return { bitrate, line: track.line, lossPercent: percentOf(track.losses), layers };
  }
}

function layerOf(stream: StreamCounters): Omit<LayerFigures, 'bitrate'> {
  const { rid, width, height, framesPerSecond, active, limitedBy, capturedTrackId } = stream;
  return { rid, width, height, framesPerSecond, active, limitedBy, capturedTrackId };
}

/** bit/s; `undefined` where there is nothing to compare with: it is new, or the browser began to count anew. */
function rateSince(before: StreamCounters | undefined, now: StreamCounters): number | undefined {
  if (before === undefined || now.at <= before.at || now.bytes < before.bytes) return undefined;
  return ((now.bytes - before.bytes) * 8_000) / (now.at - before.at);
}

function lostSince(before: StreamCounters | undefined, now: StreamCounters): Lost | undefined {
  if (before?.lost === undefined || now.lost === undefined || now.packets < before.packets) return undefined;
  const lost = now.lost - before.lost;
  const packets = now.packets - before.packets;
  // What we sent includes what was lost; what came does not.
  return { lost, expected: now.direction === 'sent' ? packets : packets + lost };
}

function sumOf(losses: readonly Lost[]): Lost {
  return losses.reduce((sum, { lost, expected }) => ({ lost: sum.lost + lost, expected: sum.expected + expected }), {
    lost: 0,
    expected: 0,
  });
}

function percentOf(losses: readonly (Lost | undefined)[]): number | undefined {
  const { lost, expected } = sumOf(losses.filter(loss => loss !== undefined));
  // Late packets make the count of lost ones fall.
  return expected <= 0 ? undefined : Math.min(100, Math.max(0, (100 * lost) / expected));
}
