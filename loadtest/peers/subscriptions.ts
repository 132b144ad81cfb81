import type { ControlMessage, WantedTrack } from '../../signalling/wire/control.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { FrameSize } from '../media/recordings.ts';

/** What a peer subscribes to by itself: all tracks, as large as they are or as it draws them, in px; or nothing. */
export type Subscribe = 'all' | 'nothing' | FrameSize;

/** Of a video track whose publisher tells no size. */
const UNTOLD_SIZE: FrameSize = { width: 64, height: 64 };

/** Keeps a peer subscribed to all tracks of all others, said anew each time, as the recorded clients say it. */
export class Subscriptions {
  readonly #say: (message: ControlMessage) => boolean;
  #wanted: Subscribe;
  #said = '';

  constructor(wanted: Subscribe, say: (message: ControlMessage) => boolean) {
    this.#wanted = wanted;
    this.#say = say;
  }

  get wanted(): Subscribe {
    return this.#wanted;
  }

  want(wanted: Subscribe): void {
    this.#wanted = wanted;
  }

  /** Says what is wanted of these streams, unless that is what was said last. */
  update(metadata: StreamMetadata): void {
    const size = this.#wanted;
    if (size === 'nothing') return;
    const subscribe = Object.entries(metadata).flatMap(([streamId, stream]) =>
      Object.entries(stream.tracks ?? {}).map(([trackId, { kind, width, height }]): WantedTrack => {
        if (kind !== 'video') return { streamId, trackId };
        if (size !== 'all') return { streamId, trackId, ...size };
        return { streamId, trackId, width: width ?? UNTOLD_SIZE.width, height: height ?? UNTOLD_SIZE.height };
      }),
    );
    const wanted = JSON.stringify(subscribe);
    if (subscribe.length === 0 || wanted === this.#said) return;
    if (this.#say({ kind: 'subscription', subscribe, unsubscribe: [] })) this.#said = wanted;
  }
}
