/** Which tracks we ask for and how large (MSC3898, m.call.track_subscription). */
import type { ControlMessage, StreamMetadata, WantedTrack } from './wire.ts';

/** Width and height in device px. */
export interface Size {
  width: number;
  height: number;
}

/** How a video track is shown: at a size, or not at all. */
export type Shown = Size | 'hidden';

export type Subscription = Extract<ControlMessage, { kind: 'subscription' }>;

/** Key of a track in maps. */
export function trackKey(streamId: string, trackId: string): string {
  return JSON.stringify([streamId, trackId]);
}

const LARGEST_PX = 16_384;

function pixels(length: number): number {
  return Math.min(LARGEST_PX, Math.max(1, Math.round(length)));
}

/**
 * The whole subscription for what others send now. Audio always; video at the size in `shown`, at `guess` where nothing
 * is known of it yet, unsubscribed where it is hidden.
 */
export function planSubscription(
  metadata: StreamMetadata,
  shown: ReadonlyMap<string, Shown>,
  guess: Size,
): Subscription {
  const subscribe: WantedTrack[] = [];
  const unsubscribe: WantedTrack[] = [];
  for (const [streamId, stream] of Object.entries(metadata)) {
    for (const [trackId, track] of Object.entries(stream.tracks ?? {})) {
      if (track.kind === 'audio') {
        subscribe.push({ streamId, trackId });
        continue;
      }
      const size = shown.get(trackKey(streamId, trackId)) ?? guess;
      if (size === 'hidden') unsubscribe.push({ streamId, trackId });
      else subscribe.push({ streamId, trackId, width: pixels(size.width), height: pixels(size.height) });
    }
  }
  return { kind: 'subscription', subscribe, unsubscribe };
}

/** What changed between two subscriptions. */
export function difference(before: Subscription | undefined, after: Subscription): 'none' | 'sizes' | 'tracks' {
  const names = (subscription: Subscription | undefined, sizes: boolean): string =>
    JSON.stringify([
      subscription?.subscribe
        .map(({ streamId, trackId, width, height }) => [streamId, trackId, ...(sizes ? [width, height] : [])])
        .toSorted(),
      subscription?.unsubscribe.map(({ streamId, trackId }) => [streamId, trackId]).toSorted(),
    ]);
  const empty = (subscription: Subscription | undefined): boolean =>
    (subscription?.subscribe.length ?? 0) + (subscription?.unsubscribe.length ?? 0) === 0;
  if (empty(before) && empty(after)) return 'none';
  if (names(before, true) === names(after, true)) return 'none';
  return names(before, false) === names(after, false) ? 'sizes' : 'tracks';
}

const DEBOUNCE_MS = 200;

/**
 * Sends the subscription when it changed: at once where tracks came, went, or were hidden or shown; a moment later where
 * only sizes changed, since they change many times while a window is resized.
 */
export class Subscriber {
  readonly #send: (subscription: Subscription) => boolean;
  readonly #guess: () => Size;
  readonly #shown: Map<string, Shown>;
  readonly #overrides: Map<string, Size>;
  #metadata: StreamMetadata = {};
  #sent: Subscription | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `send` says whether the message could be sent; what could not is sent by the next `flush()`. Sizes that `previous` (of
   * the session before) knows hold on: the tiles are still there.
   */
  constructor(send: (subscription: Subscription) => boolean, guess: () => Size, previous?: Subscriber) {
    this.#send = send;
    this.#guess = guess;
    this.#shown = new Map(previous === undefined ? [] : previous.#shown);
    this.#overrides = new Map(previous === undefined ? [] : previous.#overrides);
  }

  /** What others send now. */
  setMetadata(metadata: StreamMetadata): void {
    this.#metadata = metadata;
    const known = new Set(
      Object.entries(metadata).flatMap(([streamId, { tracks = {} }]) =>
        Object.keys(tracks).map(trackId => trackKey(streamId, trackId)),
      ),
    );
    for (const key of this.#shown.keys()) if (!known.has(key)) this.#shown.delete(key);
    for (const key of this.#overrides.keys()) if (!known.has(key)) this.#overrides.delete(key);
    this.#update();
  }

  show(streamId: string, trackId: string, shown: Shown): void {
    this.#shown.set(trackKey(streamId, trackId), shown);
    this.#update();
  }

  /** Asks for another size than the drawn one, at once and until told otherwise. */
  override(streamId: string, trackId: string, size: Size): void {
    this.#overrides.set(trackKey(streamId, trackId), size);
    this.flush();
  }

  /** What was sent did not arrive as meant: all of it goes out again with the next change. */
  forget(): void {
    this.#sent = undefined;
  }

  /** Sends now what changed. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const plan = this.#plan();
    if (difference(this.#sent, plan) === 'none') return;
    if (this.#send(plan)) this.#sent = plan;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #plan(): Subscription {
    return planSubscription(this.#metadata, new Map([...this.#shown, ...this.#overrides]), this.#guess());
  }

  #update(): void {
    switch (difference(this.#sent, this.#plan())) {
      case 'tracks':
        this.flush();
        return;
      case 'sizes':
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.flush(), DEBOUNCE_MS);
        return;
      case 'none':
        clearTimeout(this.#timer);
        this.#timer = undefined;
    }
  }
}
