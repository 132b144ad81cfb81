/** Which tracks we ask for and how large (MSC3898, m.call.track_subscription). */
import type { StreamMetadata, Subscription, WantedTrack } from './wire.ts';

/** Width and height in device px. */
export interface Size {
  width: number;
  height: number;
}

/** How a video track is shown: at a size, or not at all. `pinned`: served before the others where the link is narrow. */
export type Shown = (Size & { pinned?: boolean }) | 'hidden';

/** A second size of a track, beside the first (extension `org.weir.variant`). */
export interface WantedCopy {
  streamId: string;
  trackId: string;
  variant: string;
  shown: Shown;
}

/** Which voices are heard: those of `said`, by key; `others` of whom nothing was said. */
export interface Voices {
  said: ReadonlyMap<string, boolean>;
  others: boolean;
}

const ALL_VOICES: Voices = { said: new Map(), others: true };

/** What this kit has a use for, told from the first subscription on. */
const TOLD: NonNullable<Subscription['tell']> = ['allocation', 'speakers', 'audio_levels'];

/** Key of a track in maps. */
export function trackKey(streamId: string, trackId: string): string {
  return JSON.stringify([streamId, trackId]);
}

const LARGEST_PX = 16_384;

function pixels(length: number): number {
  return Math.min(LARGEST_PX, Math.max(1, Math.round(length)));
}

/**
 * The whole subscription for what others send now. Audio as `voices` has it; video at the size in `shown`, as in `guess` where nothing
 * is known of it yet, unsubscribed where it is hidden. Of copies those in `copies`.
 */
export function planSubscription(
  metadata: StreamMetadata,
  shown: ReadonlyMap<string, Shown>,
  guess: Shown,
  copies: readonly WantedCopy[] = [],
  voices: Voices = ALL_VOICES,
): Subscription {
  const subscribe: WantedTrack[] = [];
  const unsubscribe: WantedTrack[] = [];
  const plan = (track: WantedTrack, how: Shown): void => {
    if (how === 'hidden') unsubscribe.push(track);
    else {
      const size = { width: pixels(how.width), height: pixels(how.height) };
      subscribe.push({ ...track, ...size, ...(how.pinned === true ? { pinned: true } : {}) });
    }
  };
  for (const [streamId, stream] of Object.entries(metadata)) {
    for (const [trackId, track] of Object.entries(stream.tracks ?? {})) {
      const key = trackKey(streamId, trackId);
      if (track.kind !== 'audio') plan({ streamId, trackId }, shown.get(key) ?? guess);
      else if (voices.said.get(key) ?? voices.others) subscribe.push({ streamId, trackId });
      else if (voices.said.has(key)) unsubscribe.push({ streamId, trackId });
    }
  }
  for (const { streamId, trackId, variant, shown: how } of copies) plan({ streamId, trackId, variant }, how);
  return { kind: 'subscription', subscribe, unsubscribe };
}

/** What changed between two subscriptions: nothing, only sizes, or what has to be said at once. */
export function difference(before: Subscription | undefined, after: Subscription): 'none' | 'sizes' | 'tracks' {
  const names = (subscription: Subscription | undefined, sizes: boolean): string =>
    JSON.stringify([
      subscription?.subscribe
        .map(({ streamId, trackId, variant = '', pinned = false, width, height }) => [
          ...[streamId, trackId, variant, pinned],
          ...(sizes ? [width, height] : []),
        ])
        .toSorted(),
      subscription?.unsubscribe.map(({ streamId, trackId, variant = '' }) => [streamId, trackId, variant]).toSorted(),
    ]);
  const empty = (subscription: Subscription | undefined): boolean =>
    (subscription?.subscribe.length ?? 0) + (subscription?.unsubscribe.length ?? 0) === 0;
  if (empty(before) && empty(after)) return 'none';
  if (names(before, true) === names(after, true)) return 'none';
  return names(before, false) === names(after, false) ? 'sizes' : 'tracks';
}

const DEBOUNCE_MS = 200;

/**
 * Sends the subscription when it changed: at once where tracks came, went, were hidden, shown or pinned; a moment later where
 * only sizes changed, since they change many times while a window is resized. The first of a session asks to be told, too.
 */
export class Subscriber {
  readonly #send: (subscription: Subscription) => boolean;
  readonly #guess: () => Shown;
  readonly #shown: Map<string, Shown>;
  readonly #overrides: Map<string, Size>;
  readonly #copies: Map<string, WantedCopy>;
  readonly #voices: Map<string, boolean>;
  readonly #hearsOthers: boolean;
  #metadata: StreamMetadata = {};
  #sent: Subscription | undefined;
  #asked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * `send` says whether the message could be sent; what could not is sent by the next `flush()`. Sizes that `previous` (of
   * the session before) knows hold on: the tiles are still there. `hearsOthers`: voices of which nothing was said.
   */
  constructor(
    send: (subscription: Subscription) => boolean,
    guess: () => Shown,
    previous?: Subscriber,
    hearsOthers = true,
  ) {
    this.#send = send;
    this.#guess = guess;
    this.#shown = new Map(previous === undefined ? [] : previous.#shown);
    this.#overrides = new Map(previous === undefined ? [] : previous.#overrides);
    this.#copies = new Map(previous === undefined ? [] : previous.#copies);
    this.#voices = new Map(previous === undefined ? [] : previous.#voices);
    this.#hearsOthers = hearsOthers;
  }

  /** What others send now, copies left out. */
  setMetadata(metadata: StreamMetadata): void {
    this.#metadata = metadata;
    const known = new Set(
      Object.entries(metadata).flatMap(([streamId, { tracks = {} }]) =>
        Object.keys(tracks).map(trackId => trackKey(streamId, trackId)),
      ),
    );
    for (const key of this.#shown.keys()) if (!known.has(key)) this.#shown.delete(key);
    for (const key of this.#voices.keys()) if (!known.has(key)) this.#voices.delete(key);
    for (const key of this.#overrides.keys()) if (!known.has(key)) this.#overrides.delete(key);
    for (const [key, { streamId, trackId }] of this.#copies) {
      if (!known.has(trackKey(streamId, trackId))) this.#copies.delete(key);
    }
    this.#update();
  }

  show(streamId: string, trackId: string, shown: Shown): void {
    this.#shown.set(trackKey(streamId, trackId), shown);
    this.#update();
  }

  /** Whether a voice is to be sent to us. */
  hear(streamId: string, trackId: string, isHeard: boolean): void {
    this.#voices.set(trackKey(streamId, trackId), isHeard);
    this.#update();
  }

  /** Asks for a copy of a track at a size of its own. */
  showCopy(copy: WantedCopy): void {
    const { streamId, trackId, variant } = copy;
    this.#copies.set(JSON.stringify([streamId, trackId, variant]), copy);
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
    if (!this.#send(this.#asked ? plan : { ...plan, tell: TOLD })) return;
    this.#asked = true;
    this.#sent = plan;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #plan(): Subscription {
    const shown = new Map(this.#shown);
    for (const [key, size] of this.#overrides) {
      const drawn = shown.get(key);
      shown.set(key, { ...(drawn === 'hidden' ? {} : drawn), ...size });
    }
    const voices = { said: this.#voices, others: this.#hearsOthers };
    return planSubscription(this.#metadata, shown, this.#guess(), [...this.#copies.values()], voices);
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
