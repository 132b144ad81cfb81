/** Our key on its way to the devices that are to have it: in batches, and again where it failed. */
import type { SharedKey } from '../sframe/sent-keys.ts';
import type { Clock, Timer } from './clock.ts';
import type { Device } from './device.ts';
import { senderOf, type SenderId } from './sender-id.ts';

export interface KeySendsParts {
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  /**
   * Sends our key, encrypted for each of the devices (`MOST_IN_BATCH` at most). Resolves to those that did not get it, and rejects
   * where none did.
   */
  send(key: SharedKey, to: readonly Device[]): Promise<readonly Device[]>;
  /** A try to give this device this key has ended, either way. */
  tried(id: SenderId, key: SharedKey): void;
}

export const MOST_IN_BATCH = 100;
const MOST_CALLS = 4;
/** ms until a call that says nothing counts as failed. */
const CALL_TIMEOUT_MS = 10_000;
/** ms. Who asks for a key that was sent so lately has not got to it yet. */
export const ON_ITS_WAY_MS = 5_000;
const FIRST_AGAIN_MS = 1_000;
const LATEST_AGAIN_MS = 60_000;
const JITTER = 0.25;

type Delivery =
  | { readonly kind: 'due' }
  | { readonly kind: 'sending' }
  /** `at`: when the homeserver had taken it. */
  | { readonly kind: 'sent'; readonly at: number }
  /** `until`: when it is tried again. */
  | { readonly kind: 'failed'; readonly until: number };

interface Recipient {
  readonly device: Device;
  /** In a row. */
  failures: number;
  delivery: Delivery;
}

export class KeySends {
  readonly #parts: KeySendsParts;
  /** Who is to have our key: nobody else is sent one. */
  readonly #recipients = new Map<SenderId, Recipient>();
  /** Of them, those that wait for a call. */
  readonly #due = new Set<SenderId>();
  /** What is sent from now on, also to those where an earlier one failed. */
  #newest: SharedKey | undefined;
  #calls = 0;
  #again: { readonly at: number; readonly timer: Timer } | undefined;
  #isClosed = false;

  constructor(parts: KeySendsParts) {
    this.#parts = parts;
  }

  /** The newest key goes to these devices. They are in our care from now on, and the others that are stay. */
  share(key: SharedKey, to: readonly Device[]): void {
    this.#newest = key;
    for (const device of to) {
      const id = senderOf(device);
      const recipient = this.#recipients.get(id) ?? { device, failures: 0, delivery: { kind: 'due' } };
      this.#recipients.set(id, recipient);
      this.#queue(id, recipient);
    }
    this.#pump();
  }

  /** Once more to a device in our care, unless it is on its way: it says that it has none. */
  repeat(id: SenderId): void {
    const recipient = this.#recipients.get(id);
    if (recipient === undefined || this.#isOnItsWay(recipient)) return;
    this.#queue(id, recipient);
    this.#pump();
  }

  /** Nothing is sent to it any more. */
  drop(id: SenderId): void {
    this.#recipients.delete(id);
    this.#due.delete(id);
  }

  close(): void {
    this.#isClosed = true;
    this.#again?.timer.cancel();
    this.#recipients.clear();
    this.#due.clear();
  }

  #isOnItsWay({ delivery }: Recipient): boolean {
    switch (delivery.kind) {
      case 'sending':
        return true;
      case 'sent':
        return this.#parts.clock.now() < delivery.at + ON_ITS_WAY_MS;
      case 'due':
      case 'failed':
        return false;
    }
  }

  #queue(id: SenderId, recipient: Recipient): void {
    recipient.delivery = { kind: 'due' };
    this.#due.add(id);
  }

  #pump(): void {
    while (this.#newest !== undefined && this.#due.size > 0 && this.#calls < MOST_CALLS) {
      const batch: Recipient[] = [];
      for (const id of this.#due) {
        if (batch.length === MOST_IN_BATCH) break;
        this.#due.delete(id);
        const recipient = this.#recipients.get(id);
        if (recipient !== undefined) batch.push(recipient);
      }
      this.#calls += 1;
      // It rejects in no case.
      this.#send(this.#newest, batch).catch(() => undefined);
    }
  }

  async #send(key: SharedKey, batch: readonly Recipient[]): Promise<void> {
    const sending: Delivery = { kind: 'sending' };
    for (const recipient of batch) recipient.delivery = sending;
    const devices = batch.map(({ device }) => device);
    const failed = new Set((await this.#failedOf(key, devices)).map(senderOf));
    this.#calls -= 1;
    if (this.#isClosed) return;
    // The same for all: they are a batch the next time, too.
    const random = this.#parts.random();
    for (const recipient of batch) {
      const id = senderOf(recipient.device);
      // Where another key is due by now, this one tells nothing of it.
      if (recipient.delivery === sending) this.#settle(recipient, failed.has(id), random);
      this.#parts.tried(id, key);
    }
    this.#lookAgain();
    this.#pump();
  }

  async #failedOf(key: SharedKey, devices: readonly Device[]): Promise<readonly Device[]> {
    const { clock } = this.#parts;
    const late = Promise.withResolvers<readonly Device[]>();
    const timer = clock.after(CALL_TIMEOUT_MS, () => late.resolve(devices));
    try {
      return await Promise.race([this.#parts.send(key, devices), late.promise]);
    } catch {
      return devices;
    } finally {
      timer.cancel();
    }
  }

  #settle(recipient: Recipient, hasFailed: boolean, random: number): void {
    if (!hasFailed) {
      recipient.failures = 0;
      recipient.delivery = { kind: 'sent', at: this.#parts.clock.now() };
      return;
    }
    recipient.failures += 1;
    const until = this.#parts.clock.now() + againAfterMs(recipient.failures, random);
    recipient.delivery = { kind: 'failed', until };
  }

  /** One timer for all: those that failed together are tried together. */
  #lookAgain(): void {
    let at = Infinity;
    for (const { delivery } of this.#recipients.values())
      if (delivery.kind === 'failed') at = Math.min(at, delivery.until);
    if (at === this.#again?.at) return;
    this.#again?.timer.cancel();
    this.#again = undefined;
    if (at === Infinity) return;
    const { clock } = this.#parts;
    this.#again = { at, timer: clock.after(Math.max(0, at - clock.now()), () => this.#tryAgain()) };
  }

  #tryAgain(): void {
    this.#again = undefined;
    const now = this.#parts.clock.now();
    for (const [id, recipient] of this.#recipients)
      if (recipient.delivery.kind === 'failed' && recipient.delivery.until <= now) this.#queue(id, recipient);
    this.#lookAgain();
    this.#pump();
  }
}

/** @param failures in a row, 1 or more @param random in [0, 1): many clients do not return in step */
function againAfterMs(failures: number, random: number): number {
  const base = Math.min(LATEST_AGAIN_MS, FIRST_AGAIN_MS * 2 ** (failures - 1));
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
}
