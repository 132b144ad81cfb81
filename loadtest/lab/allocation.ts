/** What a focus tells a viewer of its allocation, kept. A focus that does not speak of it leaves it empty. */
import { parseControl } from '../../signalling/wire/control.ts';
import { keyOf, type TrackIds } from '../peers/endpoint.ts';

export class ToldAllocation {
  /** bit/s; null while nobody told. */
  estimateBps: number | null = null;
  readonly #paused = new Set<string>();

  /** Reads a control message; of other kinds it takes no notice. */
  hear(text: string): void {
    const parsed = parseControl(text);
    if (parsed.kind === 'bad' || parsed.value.kind !== 'allocation') return;
    this.estimateBps = parsed.value.available ?? null;
    for (const track of parsed.value.tracks) {
      if (track.grant.kind === 'paused') this.#paused.add(keyOf(track));
      else this.#paused.delete(keyOf(track));
    }
  }

  isPaused(track: TrackIds): boolean {
    return this.#paused.has(keyOf(track));
  }
}
