import type { Clock } from '../ports.ts';

/** ms. The worker gives nobody a layer that is younger while a lower one runs, but that one in its place. */
export const SETTLES_WITHIN_MS = 2_050;

/** What a producer tells of its streams. */
interface Scored {
  readonly score: readonly { encodingIdx: number; score: number }[];
  on(event: 'score', heard: () => void): unknown;
  off(event: 'score', heard: () => void): unknown;
}

/** Which layers of a video arrive, and which of them have done so for long enough, by the scores of its producer. */
export class LayerLife {
  readonly #producer: Scored;
  readonly #clock: Clock;
  readonly #arriving = new Set<number>();
  /** Those that have just begun to. */
  readonly #young = new Map<number, { cancel(): void }>();
  readonly #watching = new Set<() => void>();
  readonly #look = (): void => this.#follow();

  constructor(producer: Scored, clock: Clock) {
    this.#producer = producer;
    this.#clock = clock;
    producer.on('score', this.#look);
    this.#follow();
  }

  arrives(layer: number): boolean {
    return this.#arriving.has(layer);
  }

  /** Whether who asks the worker for this layer gets it, and no lower one in its place. */
  isSettled(layer: number): boolean {
    if (!this.#arriving.has(layer)) return false;
    return !this.#young.has(layer) || [...this.#arriving].every(other => other >= layer);
  }

  /** Calls at each change of what arrives or is settled, until the function that it gives is called. */
  watch(changed: () => void): () => void {
    this.#watching.add(changed);
    return () => void this.#watching.delete(changed);
  }

  close(): void {
    this.#producer.off('score', this.#look);
    for (const turn of this.#young.values()) turn.cancel();
    this.#young.clear();
    this.#watching.clear();
  }

  #follow(): void {
    const now = new Set(this.#producer.score.flatMap(({ score, encodingIdx }) => (score > 0 ? encodingIdx : [])));
    const ended = [...this.#arriving].filter(layer => !now.has(layer));
    const begun = [...now].filter(layer => !this.#arriving.has(layer));
    for (const layer of ended) {
      this.#arriving.delete(layer);
      this.#young.get(layer)?.cancel();
      this.#young.delete(layer);
    }
    for (const layer of begun) {
      this.#arriving.add(layer);
      const turn = this.#clock.after(SETTLES_WITHIN_MS, () => {
        this.#young.delete(layer);
        this.#tell();
      });
      this.#young.set(layer, turn);
    }
    if (ended.length > 0 || begun.length > 0) this.#tell();
  }

  #tell(): void {
    for (const changed of this.#watching) changed();
  }
}
