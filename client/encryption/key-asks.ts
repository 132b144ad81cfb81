/** Asks for keys that did not arrive: patiently, and not for ever. */
import type { Clock, Timer } from './clock.ts';
import type { Device } from './device.ts';
import { senderOf, type SenderId } from './sender-id.ts';

export interface KeyAsksParts {
  clock: Clock;
  /** Asks these (`MOST_ASKED_AT_ONCE` at most) for their keys. What is lost is asked for again. */
  ask(of: readonly Device[]): Promise<unknown>;
}

/** ms. Media is mostly faster than keys: one that is on its way is not asked for. */
export const ASKS_AFTER_MS = 2_000;
/** ms */
export const ASKS_EVERY_MS = 5_000;
export const MOST_ASKS = 5;
const MOST_ASKED_AT_ONCE = 100;
/** ms. Those whose keys are missing at the same time are asked in one message. */
const GATHERS_MS = 50;

type Asking =
  | { readonly kind: 'asking'; readonly asks: number; readonly at: number; readonly timer: Timer }
  /** It was asked at `at`, and answered. */
  | { readonly kind: 'answered'; readonly at: number }
  | { readonly kind: 'given_up' };

export class KeyAsks {
  readonly #parts: KeyAsksParts;
  readonly #asking = new Map<SenderId, Asking>();
  readonly #outbox = new Map<SenderId, Device>();
  #sending: Timer | undefined;

  constructor(parts: KeyAsksParts) {
    this.#parts = parts;
  }

  /** Its key is missing: it is asked until it sends one, or leaves, or was asked often enough. */
  missing(device: Device): void {
    const id = senderOf(device);
    const asking = this.#asking.get(id);
    switch (asking?.kind) {
      case 'asking':
      case 'given_up':
        return;
      case 'answered':
      case undefined: {
        const at = asking?.at ?? Number.NEGATIVE_INFINITY;
        const waitMs = Math.max(ASKS_AFTER_MS, at + ASKS_EVERY_MS - this.#parts.clock.now());
        this.#askLater(device, { asks: 0, at, waitMs });
      }
    }
  }

  /** A key of it arrived. */
  answered(id: SenderId): void {
    const asking = this.#asking.get(id);
    this.#outbox.delete(id);
    switch (asking?.kind) {
      case undefined:
      case 'answered':
        return;
      case 'given_up':
        this.#asking.delete(id);
        return;
      case 'asking':
        asking.timer.cancel();
        this.#asking.set(id, { kind: 'answered', at: asking.at });
    }
  }

  left(id: SenderId): void {
    const asking = this.#asking.get(id);
    if (asking?.kind === 'asking') asking.timer.cancel();
    this.#asking.delete(id);
    this.#outbox.delete(id);
  }

  close(): void {
    for (const asking of this.#asking.values()) if (asking.kind === 'asking') asking.timer.cancel();
    this.#asking.clear();
    this.#outbox.clear();
    this.#sending?.cancel();
  }

  #ask(device: Device, asks: number): void {
    this.#outbox.set(senderOf(device), device);
    this.#sending ??= this.#parts.clock.after(GATHERS_MS, () => this.#send());
    this.#askLater(device, { asks, at: this.#parts.clock.now(), waitMs: ASKS_EVERY_MS });
  }

  #askLater(device: Device, { asks, at, waitMs }: { asks: number; at: number; waitMs: number }): void {
    const id = senderOf(device);
    const timer = this.#parts.clock.after(waitMs, () => {
      if (asks >= MOST_ASKS) this.#asking.set(id, { kind: 'given_up' });
      else this.#ask(device, asks + 1);
    });
    this.#asking.set(id, { kind: 'asking', asks, at, timer });
  }

  #send(): void {
    this.#sending = undefined;
    const devices = [...this.#outbox.values()];
    this.#outbox.clear();
    for (let from = 0; from < devices.length; from += MOST_ASKED_AT_ONCE) {
      const batch = devices.slice(from, from + MOST_ASKED_AT_ONCE);
      this.#parts.ask(batch).catch(() => undefined);
    }
  }
}
