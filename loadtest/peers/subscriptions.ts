import type { ControlMessage, Told, WantedTrack } from '../../signalling/wire/control.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { FrameSize } from '../media/recordings.ts';
import { keyOf } from './endpoint.ts';

/** Picks tracks of the others, with the size at which each is drawn. */
export type ChooseTracks = (metadata: StreamMetadata) => WantedTrack[];

/** What a peer subscribes to by itself: all tracks, as large as they are or as it draws them, in px; or nothing. */
export type Subscribe = 'all' | 'nothing' | FrameSize;

/** Of a video track whose publisher tells no size. */
const UNTOLD_SIZE: FrameSize = { width: 64, height: 64 };

/** Keeps a peer subscribed to all tracks of all others, said anew each time, as the recorded clients say it. */
export class Subscriptions {
  readonly #say: (message: ControlMessage) => boolean;
  #wanted: Subscribe | ChooseTracks;
  #said = '';
  #asked: readonly WantedTrack[] = [];

  constructor(wanted: Subscribe | ChooseTracks, say: (message: ControlMessage) => boolean) {
    this.#wanted = wanted;
    this.#say = say;
  }

  get wanted(): Subscribe | ChooseTracks {
    return this.#wanted;
  }

  want(wanted: Subscribe | ChooseTracks): void {
    this.#wanted = wanted;
  }

  /** Tracks that were asked for last. */
  get asked(): readonly WantedTrack[] {
    return this.#asked;
  }

  /** Says what is wanted of these streams, unless that is what was said last. `tell`: what the peer wants to be told. */
  update(metadata: StreamMetadata, tell: readonly Told[] = []): void {
    const wanted = this.#wanted;
    if (wanted === 'nothing') return;
    const subscribe = typeof wanted === 'function' ? wanted(metadata) : everyTrack(metadata, wanted);
    const kept = new Set(subscribe.map(keyOf));
    // Those who ask for everything let go of a track by its end alone.
    const unsubscribe = typeof wanted === 'function' ? this.#asked.filter(track => !kept.has(keyOf(track))) : [];
    const said = JSON.stringify(subscribe);
    if ((subscribe.length === 0 && unsubscribe.length === 0) || said === this.#said) return;
    const message: ControlMessage = {
      kind: 'subscription',
      subscribe,
      unsubscribe: unsubscribe.map(({ streamId, trackId }) => ({ streamId, trackId })),
      ...(tell.length === 0 ? {} : { tell: [...tell] }),
    };
    if (!this.#say(message)) return;
    this.#said = said;
    this.#asked = subscribe;
  }
}

function everyTrack(metadata: StreamMetadata, size: 'all' | FrameSize): WantedTrack[] {
  return Object.entries(metadata).flatMap(([streamId, stream]) =>
    Object.entries(stream.tracks ?? {}).map(([trackId, { kind, width, height }]): WantedTrack => {
      if (kind !== 'video') return { streamId, trackId };
      if (size !== 'all') return { streamId, trackId, ...size };
      return { streamId, trackId, width: width ?? UNTOLD_SIZE.width, height: height ?? UNTOLD_SIZE.height };
    }),
  );
}
