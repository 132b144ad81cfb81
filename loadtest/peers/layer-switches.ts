import type { TrackLayers } from '../../signalling/wire/streams.ts';
import { type Endpoint, keyOf, type TrackIds } from './endpoint.ts';

/** Layers of a peer's tracks, lowest first: those flow that the peer offers and, where it obeys, that the focus wants. */
export class LayerSwitches {
  readonly #endpoint: Endpoint;
  readonly #obeys: boolean;
  readonly #offered = new Map<string, readonly boolean[]>();
  readonly #wanted = new Map<string, readonly boolean[]>();
  readonly #flowing = new Map<string, readonly boolean[]>();

  constructor(endpoint: Endpoint, obeys: boolean) {
    this.#endpoint = endpoint;
    this.#obeys = obeys;
  }

  offer(track: TrackIds, active: readonly boolean[]): void {
    this.#offered.set(keyOf(track), [...active]);
    this.#apply(track);
  }

  /** Which of them flow, lowest first; empty before anybody said anything of them. */
  of(track: TrackIds): readonly boolean[] {
    return this.#flowing.get(keyOf(track)) ?? [];
  }

  /** The latest word of the focus (`org.weir.layers_wanted`). */
  want(tracks: readonly TrackLayers[]): void {
    if (!this.#obeys) return;
    for (const { layers, ...track } of tracks) {
      this.#wanted.set(
        keyOf(track),
        layers.map(({ active }) => active),
      );
      this.#apply(track);
    }
  }

  #apply(track: TrackIds): void {
    const offered = this.#offered.get(keyOf(track)) ?? [];
    const wanted = this.#wanted.get(keyOf(track)) ?? [];
    const layers = Array.from({ length: Math.max(offered.length, wanted.length) }, (_, layer) => layer);
    const flowing = layers.map(layer => (offered[layer] ?? true) && (wanted[layer] ?? true));
    this.#flowing.set(keyOf(track), flowing);
    this.#endpoint.setLayers(track, flowing);
  }
}
