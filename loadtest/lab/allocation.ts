/** What a focus tells a viewer of its allocation, kept. A focus that does not speak of it leaves it empty. */
import { parseControl } from '../../signalling/wire/control.ts';
import type { GrantedTrack } from '../../signalling/wire/streams.ts';
import { keyOf, type TrackIds } from '../peers/endpoint.ts';

export class ToldAllocation {
  /** bit/s; null while nobody told. */
  estimateBps: number | null = null;
  readonly #grants = new Map<string, GrantedTrack['grant']>();

  /** Reads a control message; of other kinds it takes no notice. */
  hear(text: string): void {
    const parsed = parseControl(text);
    if (parsed.kind === 'bad' || parsed.value.kind !== 'allocation') return;
    this.estimateBps = parsed.value.available ?? null;
    for (const track of parsed.value.tracks) this.#grants.set(keyOf(track), track.grant);
  }

  /** Of each track that was told of. */
  get grants(): readonly GrantedTrack['grant'][] {
    return [...this.#grants.values()];
  }

  /** Undefined where nobody told of the track. */
  grantOf(track: TrackIds): GrantedTrack['grant'] | undefined {
    return this.#grants.get(keyOf(track));
  }

  isPaused(track: TrackIds): boolean {
    return this.grantOf(track)?.kind === 'paused';
  }
}
