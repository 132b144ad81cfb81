/** Streams, or data channels, of another focus that it may not speak of. */
export interface Refusals {
  /** By id: since when, ms since 1970. */
  readonly since: ReadonlyMap<string, number>;
  /** Which of them, and why, as the focus was told. */
  readonly told: string;
  /** When it is to be told of those that may only be ahead of the room's state; ms since 1970. */
  readonly dueAt: number | undefined;
}

export function nothingRefused(): Refusals {
  return { since: new Map(), told: '', dueAt: undefined };
}
