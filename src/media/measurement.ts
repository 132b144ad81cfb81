import type { types } from 'mediasoup';
import { areLayersApart } from '../../signalling/sdp/svc.ts';
import { asWeirError } from '../../signalling/wire/errors.ts';
import type { Clock, MeasuredTrack } from '../ports.ts';
import type { Logger } from './options.ts';
import type { Publication } from './publication.ts';

const MEASURE_EVERY_MS = 1_000;
/** Bytes of a packet beside RTP: IPv4, UDP and the tag of SRTP. They count in what the worker estimates of a link, too. */
const OVERHEAD_PER_PACKET = 40;

/** What had arrived of a stream at some time, ms. */
interface Arrived {
  packets: number;
  at: number;
}

/** What mediasoup gives is a copy each time, and this is asked for each second. */
const KNOWN_ENCODINGS = new WeakMap<types.Producer, types.RtpEncodingParameters[]>();

function encodingsOf(producer: types.Producer): types.RtpEncodingParameters[] {
  const known = KNOWN_ENCODINGS.get(producer) ?? producer.rtpParameters.encodings ?? [];
  KNOWN_ENCODINGS.set(producer, known);
  return known;
}

/** bit/s of each layer; a layer that stopped has a score of 0 before its average has come down. */
function bitratesOf(
  publication: Publication,
  stats: readonly types.ProducerStat[],
  overheadOf: (stat: types.ProducerStat) => number,
): number[] {
  const { kind, layers, svc, producer } = publication;
  if (svc !== undefined) return bitratesOfOneStream(layers.length, svc, producer, stats, overheadOf);
  const encodings = encodingsOf(producer);
  return layers.map((_, index) => {
    const { rid, ssrc } = encodings[index] ?? {};
    const stat = stats.find(one => (rid === undefined ? ssrc === undefined || one.ssrc === ssrc : one.rid === rid));
    const scores = producer.score.filter(one => one.encodingIdx === index);
    const silent = scores.length === 0 || scores.every(({ score }) => score === 0);
    return stat === undefined || (silent && kind === 'video') ? 0 : stat.bitrate + overheadOf(stat);
  });
}

/** The worker counts each layer of a stream with all that are below it. Who is sent one is sent those too, but for `_KEY` modes. */
function bitratesOfOneStream(
  layers: number,
  mode: string,
  producer: types.Producer,
  [stat]: readonly types.ProducerStat[],
  overheadOf: (stat: types.ProducerStat) => number,
): number[] {
  if (stat === undefined || producer.score.every(({ score }) => score === 0)) return Array<number>(layers).fill(0);
  const share = stat.bitrate > 0 ? overheadOf(stat) / stat.bitrate : 0;
  const upTo = cumulativeBitrates(stat.bitrateByLayer, layers);
  return upTo.map((bitrate, index) => {
    const below = areLayersApart(mode) ? (upTo.slice(0, index).findLast(lower => lower > 0) ?? 0) : 0;
    return Math.max(0, bitrate - below) * (1 + share);
  });
}

/** From the worker's figures by `spatial.temporal`; 0 of a layer that does not arrive. */
export function cumulativeBitrates(byLayer: Record<string, unknown>, layers: number): number[] {
  return Array.from({ length: layers }, (_, spatial) =>
    Math.max(
      0,
      ...Object.entries(byLayer).map(([layer, bitrate]) =>
        layer.startsWith(`${spatial}.`) && typeof bitrate === 'number' ? bitrate : 0,
      ),
    ),
  );
}

/** bit/s of what packets have beside RTP; 0 until two looks tell how many come. */
export function overheadBetween(before: Arrived | undefined, { packets, at }: Arrived): number {
  if (before === undefined || at <= before.at || packets < before.packets) return 0;
  return ((packets - before.packets) * OVERHEAD_PER_PACKET * 8_000) / (at - before.at);
}

/** How much arrives of what one client publishes, on the wire: asked of the worker once a second, and when a layer starts or stops. */
export class Measurement {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #publications: () => readonly Publication[];
  readonly #measured: (tracks: MeasuredTrack[]) => void;
  #next: ReturnType<Clock['after']> | undefined;
  #arrived = new Map<number, Arrived>();
  #asking = false;
  #closed = false;

  constructor(
    clock: Clock,
    logger: Logger,
    publications: () => readonly Publication[],
    measured: (tracks: MeasuredTrack[]) => void,
  ) {
    this.#clock = clock;
    this.#logger = logger;
    this.#publications = publications;
    this.#measured = measured;
  }

  /** Measures from now on; what is new at once. */
  start(): void {
    if (this.#closed) return;
    this.#next ??= this.#clock.after(MEASURE_EVERY_MS, () => {
      this.#next = undefined;
      this.now();
      this.start();
    });
  }

  now(): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    this.#ask()
      .catch((thrown: unknown) => {
        if (!this.#closed) this.#logger.debug({ error: asWeirError(thrown).message }, 'tracks not measured');
      })
      .finally(() => {
        this.#asking = false;
      });
  }

  close(): void {
    this.#closed = true;
    this.#next?.cancel();
  }

  async #ask(): Promise<void> {
    const live = this.#publications().filter(({ producer }) => !producer.closed);
    const before = this.#arrived;
    const arrived = new Map<number, Arrived>();
    const overheadOf = (stat: types.ProducerStat): number => {
      const latest = { packets: stat.packetCount, at: stat.timestamp };
      arrived.set(stat.ssrc, latest);
      return overheadBetween(before.get(stat.ssrc), latest);
    };
    const asked = await Promise.allSettled(
      live.map(async publication => ({
        ref: publication.ref,
        bitrates: bitratesOf(publication, await publication.producer.getStats(), overheadOf),
      })),
    );
    this.#arrived = arrived;
    const tracks = asked.flatMap(one => (one.status === 'fulfilled' ? one.value : []));
    if (!this.#closed && tracks.length > 0) this.#measured(tracks);
  }
}
