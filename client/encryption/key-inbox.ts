/** The keys of the others, as they arrive: whose word counts, and what of it is new. */
import type { MediaKeyMessage } from '../../signalling/wire/media-keys.ts';
import type { SharedKey } from '../sframe/sent-keys.ts';
import { Allowance, type Rate } from './allowance.ts';
import type { Clock, Timer } from './clock.ts';
import { EarlyKeys } from './early-keys.ts';
import { keyIn, type KeyFormat } from './key-event.ts';
import type { SenderId } from './sender-id.ts';

/** Why an event about keys was not taken. */
export type KeyRefusal =
  | 'malformed'
  /** Of another room or call. */
  | 'other_call'
  /** In a frame format or cipher suite that is not ours. */
  | 'other_format'
  /** The room does not say that its sender is in the call. */
  | 'not_a_member'
  /** It claims another device than the one that Olm proves. */
  | 'forged_sender'
  /** A key that was not encrypted is nobody's. */
  | 'clear'
  /** Of an earlier stay than the last one of its sender, or an earlier key of this one. */
  | 'outdated'
  /** More than its sender may send. */
  | 'flood';

export type Taken =
  | { readonly kind: 'accepted' }
  /** It counts if its sender turns out to be in the call. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'refused'; readonly reason: KeyRefusal };

export interface KeyInboxParts {
  clock: Clock;
  format: KeyFormat;
  /** A member shared its key. */
  key(from: SenderId, stay: string, key: SharedKey): void;
  /** A member is in a new stay, though the room never said that it left. */
  restarted(from: SenderId): void;
  /** It has left a while ago. */
  gone(from: SenderId): void;
}

/** Who sends a generation a second, and answers when it is asked, stays far below. */
const KEYS_OF_ONE: Rate = { atOnce: 16, everyMs: 500 };
/** Each one costs us a generation, and everybody's. */
const STAYS_OF_ONE: Rate = { atOnce: 3, everyMs: 5_000 };
/** ms. What was on its way from who left can be read for as long as we can be read by it; who only seemed to leave has lost nothing. */
const KEEPS_LEAVERS_MS = 5_000;
/** Of whom it is remembered which stay was the last one. */
const MOST_LEFT = 1_024;

interface Stay {
  readonly id: string;
  readonly since: number;
  readonly generation: number;
  readonly step: number;
}

interface Member {
  readonly keys: Allowance;
  readonly stays: Allowance;
  /** The last stay that it told of. */
  stay: Stay | undefined;
  /** Whether it told of it since it is a member. */
  hasTold: boolean;
}

export class KeyInbox {
  readonly #parts: KeyInboxParts;
  readonly #members = new Map<SenderId, Member>();
  /** The last stays of those who left, the latest last: an old key that is held back on its way is no new one. */
  readonly #left = new Map<SenderId, Stay>();
  readonly #leaving = new Map<SenderId, Timer>();
  readonly #early = new EarlyKeys();

  constructor(parts: KeyInboxParts) {
    this.#parts = parts;
  }

  joined(from: SenderId): void {
    this.#leaving.get(from)?.cancel();
    this.#leaving.delete(from);
    const now = this.#parts.clock.now();
    const stay = this.#left.get(from);
    this.#left.delete(from);
    const keys = new Allowance(KEYS_OF_ONE, now);
    this.#members.set(from, { keys, stays: new Allowance(STAYS_OF_ONE, now), stay, hasTold: false });
    for (const message of this.#early.takeOf(from, now)) this.take(from, message);
  }

  left(from: SenderId): void {
    const stay = this.#members.get(from)?.stay;
    this.#members.delete(from);
    if (stay === undefined) return;
    this.#left.set(from, stay);
    this.#forgetLeavers();
    const timer = this.#parts.clock.after(KEEPS_LEAVERS_MS, () => {
      this.#leaving.delete(from);
      this.#parts.gone(from);
    });
    this.#leaving.set(from, timer);
  }

  /** @param from who proved to have sent it */
  take(from: SenderId, message: MediaKeyMessage): Taken {
    const now = this.#parts.clock.now();
    const member = this.#members.get(from);
    if (member === undefined) return this.#keep(from, message, now);
    if (!member.keys.take(now)) return refused('flood');
    const found = keyIn(message, this.#parts.format);
    if (found.kind === 'refused') return found;
    const { stay } = member;
    if (stay !== undefined && isOutdated(message, stay)) return refused('outdated');
    const isNew = message.stay !== stay?.id;
    if (isNew && stay !== undefined && !member.stays.take(now)) return refused('flood');
    const hasRestarted = isNew && member.hasTold;
    member.hasTold = true;
    const { generation, step } = message;
    member.stay = { id: message.stay, since: isNew ? message.since : stay.since, generation, step };
    this.#parts.key(from, message.stay, found.key);
    if (hasRestarted) this.#parts.restarted(from);
    return { kind: 'accepted' };
  }

  close(): void {
    for (const timer of this.#leaving.values()) timer.cancel();
    this.#leaving.clear();
    this.#members.clear();
    this.#left.clear();
    this.#early.clear();
  }

  #keep(from: SenderId, message: MediaKeyMessage, now: number): Taken {
    switch (this.#early.keep(from, message, now)) {
      case 'kept':
        return { kind: 'kept' };
      case 'too_many':
        return refused('not_a_member');
      case 'too_many_of_one':
        return refused('flood');
    }
  }

  #forgetLeavers(): void {
    for (const from of this.#left.keys()) {
      if (this.#left.size <= MOST_LEFT) return;
      this.#left.delete(from);
    }
  }
}

function isOutdated(message: MediaKeyMessage, { id, since, generation, step }: Stay): boolean {
  if (message.stay !== id) return message.since <= since;
  return message.generation < generation || (message.generation === generation && message.step < step);
}

export function refused(reason: KeyRefusal): Taken {
  return { kind: 'refused', reason };
}
