/** Which simulcast layers of our tracks flow: those that the focus wants of those that we offer. */
import type { SenderParameters } from './sender-parameters.ts';
import { trackKey } from './subscriptions.ts';
import type { ControlMessage, LayerSwitch, TrackLayers } from './wire.ts';

/** Longest that a layer we are about to take off waits for the focus to move its viewers, in ms. */
export const MOVE_TIMEOUT_MS = 1_000;
/** Wishes for tracks that are not (or no more) there are kept for so many. */
const MOST_TRACKS = 64;

export interface LayerEvents {
  /** Tells the focus. */
  tell(message: ControlMessage): void;
  /** The sender of a track of ours; `undefined` while its section is not up. */
  senderOf(streamId: string, trackId: string): SenderParameters | undefined;
}

interface Track {
  streamId: string;
  trackId: string;
  /** The focus's latest word. */
  wanted: LayerSwitch[];
  /** Layers that we offered or took off, as said last. */
  offered: LayerSwitch[];
  /** Names of layers that go on only until the focus has moved their viewers. */
  leaving: Set<string>;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class OwnLayers {
  readonly #events: LayerEvents;
  readonly #tracks = new Map<string, Track>();

  constructor(events: LayerEvents) {
    this.#events = events;
  }

  /** The focus says which layers anybody wants. */
  want(tracks: readonly TrackLayers[]): void {
    for (const { streamId, trackId, layers } of tracks) {
      const track = this.#track(streamId, trackId);
      track.wanted = layers;
      for (const [name, active] of namedSwitches(layers)) if (!active) track.leaving.delete(name);
      this.#apply(track);
    }
  }

  /**
   * Takes layers off, or offers them again; `layers` as in the focus's wishes, the lowest first where they have no rids. One that goes is told of first and sent until nobody watches it, 1 s at most; one
   * that comes back flows when the focus wants it.
   */
  offer(streamId: string, trackId: string, layers: readonly LayerSwitch[]): void {
    const track = this.#track(streamId, trackId);
    const offered = new Map(namedSwitches(track.offered));
    const wanted = namedSwitches(track.wanted);
    for (const [name, active] of namedSwitches(layers)) {
      if (active) track.leaving.delete(name);
      else if ((offered.get(name) ?? true) && (wanted.get(name) ?? true)) track.leaving.add(name);
    }
    track.offered = mergedSwitches(track.offered, layers);
    this.#events.tell({ kind: 'layers_available', tracks: [{ streamId, trackId, layers: track.offered }] });
    clearTimeout(track.timer);
    track.timer = setTimeout(() => {
      track.leaving.clear();
      this.#apply(track);
    }, MOVE_TIMEOUT_MS);
    this.#apply(track);
  }

  /** What was offered may be lost on its way: says it again. */
  tellAgain(): void {
    const tracks = [...this.#tracks.values()].flatMap(({ streamId, trackId, offered: layers }) =>
      layers.length === 0 ? [] : [{ streamId, trackId, layers }],
    );
    if (tracks.length > 0) this.#events.tell({ kind: 'layers_available', tracks });
  }

  /** To be called when sections came up, or may have lost what was set. */
  applyAgain(): void {
    for (const track of this.#tracks.values()) this.#apply(track);
  }

  close(): void {
    for (const { timer } of this.#tracks.values()) clearTimeout(timer);
    this.#tracks.clear();
  }

  #apply({ streamId, trackId, wanted, offered, leaving }: Track): void {
    const [isOffered, isWanted] = [namedSwitches(offered), namedSwitches(wanted)];
    const layers = mergedSwitches(offered, wanted).map(({ rid }, index): LayerSwitch => {
      const name = rid ?? String(index);
      const active = (isWanted.get(name) ?? true) && ((isOffered.get(name) ?? true) || leaving.has(name));
      return rid === undefined ? { active } : { rid, active };
    });
    this.#events.senderOf(streamId, trackId)?.want({ layers });
  }

  #track(streamId: string, trackId: string): Track {
    const key = trackKey(streamId, trackId);
    const known = this.#tracks.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#tracks.keys();
    if (oldest !== undefined && this.#tracks.size >= MOST_TRACKS) {
      clearTimeout(this.#tracks.get(oldest)?.timer);
      this.#tracks.delete(oldest);
    }
    const track: Track = { streamId, trackId, wanted: [], offered: [], leaving: new Set(), timer: undefined };
    this.#tracks.set(key, track);
    return track;
  }
}

/** Whether each layer is on, by its rid, or its place where it has none. */
function namedSwitches(layers: readonly LayerSwitch[]): Map<string, boolean> {
  return new Map(layers.map(({ rid, active }, index) => [rid ?? String(index), active]));
}

/** All layers of both, in order; what is in both is as in `after`. */
function mergedSwitches(before: readonly LayerSwitch[], after: readonly LayerSwitch[]): LayerSwitch[] {
  const byName = new Map<string, LayerSwitch>();
  for (const layers of [before, after]) {
    for (const [index, layer] of layers.entries()) byName.set(layer.rid ?? String(index), layer);
  }
  return [...byName.values()];
}
