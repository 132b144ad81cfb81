/** How often each thing happened. */
export class Tally<What extends string> {
  readonly #counts = new Map<What, number>();

  count(what: What): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** As of now. */
  get counts(): ReadonlyMap<What, number> {
    return new Map(this.#counts);
  }
}
