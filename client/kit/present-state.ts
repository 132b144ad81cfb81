/**
 * What a room is like now, where a sync is not to be relied on for it: where two servers, or two workers of one, said something at a time,
 * it tells again what was replaced before. Who has left a call would seem to be in it, and would be sent keys. MSC4222 mends it, where the
 * homeserver has that switched on.
 */
import { backoffMs } from './backoff.ts';
import type { StateEvent } from './homeserver-answers.ts';

export interface PresentStateParts {
  /** The event of a state as it is now; `undefined` where the homeserver tells nobody. Rejects where it cannot be asked. */
  ask(type: string, stateKey: string): Promise<StateEvent | undefined>;
  /** What was in doubt. */
  tell(event: StateEvent): void;
}

/** In doubt: older than what was told before. */
interface Doubt {
  readonly event: StateEvent;
  retry: ReturnType<typeof setTimeout> | undefined;
}

export class PresentState {
  readonly #parts: PresentStateParts;
  /** When what was told last was sent, ms since 1970. */
  readonly #told = new Map<string, number>();
  readonly #doubts = new Map<string, Doubt>();

  constructor(parts: PresentStateParts) {
    this.#parts = parts;
  }

  /** Those of the events that can be told at once. The others are asked for, until the homeserver answers or tells something newer. */
  sift(events: readonly StateEvent[]): StateEvent[] {
    return events.filter(event => {
      const key = keyOf(event);
      this.#settle(key);
      const isCertain = event.sentAt >= (this.#told.get(key) ?? Number.NEGATIVE_INFINITY);
      if (isCertain) this.#told.set(key, event.sentAt);
      else this.#doubt(key, event);
      return isCertain;
    });
  }

  close(): void {
    for (const key of [...this.#doubts.keys()]) this.#settle(key);
  }

  #doubt(key: string, event: StateEvent): void {
    const doubt: Doubt = { event, retry: undefined };
    this.#doubts.set(key, doubt);
    this.#ask(key, doubt, 0);
  }

  #ask(key: string, doubt: Doubt, failures: number): void {
    const { type, stateKey } = doubt.event;
    this.#parts.ask(type, stateKey).then(
      present => {
        if (this.#doubts.get(key) !== doubt) return;
        this.#settle(key);
        const event = present ?? doubt.event;
        this.#told.set(key, event.sentAt);
        this.#parts.tell(event);
      },
      () => {
        if (this.#doubts.get(key) !== doubt) return;
        doubt.retry = setTimeout(() => this.#ask(key, doubt, failures + 1), backoffMs(failures + 1, Math.random()));
      },
    );
  }

  #settle(key: string): void {
    clearTimeout(this.#doubts.get(key)?.retry);
    this.#doubts.delete(key);
  }
}

function keyOf({ type, stateKey }: StateEvent): string {
  return JSON.stringify([type, stateKey]);
}
