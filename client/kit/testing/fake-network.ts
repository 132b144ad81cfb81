import type { Network, NetworkHint } from '../network.ts';

/** A network without a browser: it hints what a test tells it to. */
export class FakeNetwork implements Network {
  isGone = false;
  readonly #listeners = new Set<(hint: NetworkHint) => void>();

  onHint(listener: (hint: NetworkHint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fakeHint(hint: NetworkHint): void {
    this.isGone = hint === 'gone';
    for (const listener of this.#listeners) listener(hint);
  }
}
