/** Application data that waits for its turn on a trunk: fair to those who send, in order for each. No I/O. */
import { MAX_MESSAGES_IN_FRAME, writeTrunkDataMessage } from '../../../signalling/wire/trunk-data.ts';
import type { CarriedData } from '../../ports.ts';
import { type DataChannelKey, type DataChannelRef, keyOfDataChannel, type SessionKey } from '../../session.ts';

export interface OutboxBounds {
  /** Characters and messages of one sender that may wait. */
  senderCharacters: number;
  senderMessages: number;
  /** Characters of all senders together. */
  characters: number;
  /** ms. A lossy message that has waited for longer is worth nothing. */
  lossyWaitsMs: number;
}

export const OUTBOX_BOUNDS: OutboxBounds = {
  senderCharacters: 524_288,
  senderMessages: 2_048,
  characters: 4_194_304,
  lossyWaitsMs: 250,
};

interface Waiting {
  readonly channel: DataChannelKey;
  readonly reliable: boolean;
  /** As it stands in a frame. */
  readonly text: string;
  /** ms. */
  readonly since: number;
}

/** Messages of one sender, the oldest first. */
interface Sender {
  waiting: Waiting[];
  characters: number;
}

export class DataOutbox {
  readonly #bounds: OutboxBounds;
  /** Whose turn is next comes first. */
  readonly #senders = new Map<SessionKey, Sender>();
  #characters = 0;
  #dropped = 0;

  constructor(bounds: OutboxBounds = OUTBOX_BOUNDS) {
    this.#bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.#senders.size === 0;
  }

  /** `full`: it is not taken, although the sender's lossy messages made room for it. `now` in ms. */
  add(message: CarriedData, now: number): 'taken' | 'full' {
    const { publisher, reliable } = message;
    const text = writeTrunkDataMessage(message);
    const sender = this.#senders.get(publisher) ?? { waiting: [], characters: 0 };
    if (!this.#hasRoom(sender, text.length)) this.#keepOnly(sender, one => one.reliable);
    const isTaken = this.#hasRoom(sender, text.length);
    if (isTaken) {
      sender.waiting.push({ channel: keyOfDataChannel(message), reliable, text, since: now });
      this.#count(sender, text.length);
    }
    if (sender.waiting.length > 0) this.#senders.set(publisher, sender);
    else this.#senders.delete(publisher);
    return isTaken ? 'taken' : 'full';
  }

  /** Forgets what waits of a channel. */
  forget(channel: DataChannelRef): void {
    const sender = this.#senders.get(channel.publisher);
    if (sender === undefined) return;
    const key = keyOfDataChannel(channel);
    sender.waiting = sender.waiting.filter(one => {
      if (one.channel === key) this.#count(sender, -one.text.length);
      return one.channel !== key;
    });
    if (sender.waiting.length === 0) this.#senders.delete(channel.publisher);
  }

  /** Takes out the messages of the next frame, of so many characters or a single longer one; one of each sender in turn. */
  next(mostCharacters: number, now: number): string[] {
    const texts: string[] = [];
    let characters = 0;
    while (texts.length < MAX_MESSAGES_IN_FRAME) {
      const [turn] = this.#senders;
      if (turn === undefined) break;
      const [key, sender] = turn;
      this.#dropLate(sender, now);
      const [first] = sender.waiting;
      if (first !== undefined) {
        if (characters > 0 && characters + first.text.length > mostCharacters) break;
        sender.waiting.shift();
        this.#count(sender, -first.text.length);
        characters += first.text.length;
        texts.push(first.text);
      }
      this.#senders.delete(key);
      if (sender.waiting.length > 0) this.#senders.set(key, sender);
    }
    return texts;
  }

  /** How many lossy messages were dropped since it was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #hasRoom({ waiting, characters }: Sender, more: number): boolean {
    const { senderCharacters, senderMessages, characters: inAll } = this.#bounds;
    if (waiting.length >= senderMessages || this.#characters + more > inAll) return false;
    // A single message is never too long by itself.
    return characters === 0 || characters + more <= senderCharacters;
  }

  #dropLate(sender: Sender, now: number): void {
    const { lossyWaitsMs } = this.#bounds;
    const isLate = ({ reliable, since }: Waiting): boolean => !reliable && now - since > lossyWaitsMs;
    const first = sender.waiting[0];
    if (first !== undefined && isLate(first)) this.#keepOnly(sender, one => !isLate(one));
  }

  #keepOnly(sender: Sender, keeps: (one: Waiting) => boolean): void {
    const dropped = sender.waiting.filter(one => !keeps(one));
    sender.waiting = sender.waiting.filter(keeps);
    this.#dropped += dropped.length;
    for (const { text } of dropped) this.#count(sender, -text.length);
  }

  #count(sender: Sender, characters: number): void {
    sender.characters += characters;
    this.#characters += characters;
  }
}
