import type { TrackIds } from '../peers/endpoint.ts';
import type { ReceivedTrack } from '../peers/received-media.ts';
import type { TrackFigures } from './messages.ts';

/** A track that the focus sends, and what came of it since the last report. */
export class Received {
  readonly ids: TrackIds;
  #sum: ReceivedTrack;
  /** Packets that were told before they stood in figures. */
  #toldAhead = 0;

  constructor(ids: TrackIds, kind: ReceivedTrack['kind']) {
    this.ids = ids;
    this.#sum = nothing(ids, kind, undefined);
  }

  /** Its first packet is told at once; figures come once a second. */
  tellFirst(): void {
    this.#toldAhead += 1;
  }

  /** Gives how many packets have to be told now. */
  add(figures: TrackFigures): number {
    const sum = this.#sum;
    sum.packets += figures.packets;
    sum.bytes += figures.bytes;
    sum.lost += figures.lost;
    sum.repaired += figures.repaired;
    sum.jitterMs = figures.jitterMs;
    sum.keyframes += figures.keyframes;
    sum.frames += figures.frames;
    sum.longestGapMs = Math.max(sum.longestGapMs, figures.longestGapMs);
    if (figures.width > 0) sum.size = { width: figures.width, height: figures.height };
    const untold = Math.max(0, figures.packets - this.#toldAhead);
    this.#toldAhead -= figures.packets - untold;
    return untold;
  }

  takeReport(): ReceivedTrack {
    const taken = this.#sum;
    this.#sum = { ...nothing(this.ids, taken.kind, taken.size), jitterMs: taken.jitterMs };
    return taken;
  }
}

function nothing(
  { streamId, trackId }: TrackIds,
  kind: ReceivedTrack['kind'],
  size: ReceivedTrack['size'],
): ReceivedTrack {
  const none = { packets: 0, bytes: 0, lost: 0, repaired: 0, jitterMs: 0, keyframes: 0, frames: 0, longestGapMs: 0 };
  return { streamId, trackId, kind, ...none, size };
}
