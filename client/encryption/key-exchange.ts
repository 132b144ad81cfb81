/** The exchange of keys among those in an encrypted call: who gets ours, and whose we take. Pure: time, keys and messages come from outside. */
import { type ClientToClient, parseClientToClient, writeClientToClient } from '../../signalling/wire/media-keys.ts';
import type { SharedKey } from '../sframe/sent-keys.ts';
import { Allowance, type Rate } from './allowance.ts';
import type { Clock } from './clock.ts';
import type { Device } from './device.ts';
import { KeyAsks } from './key-asks.ts';
import { KeyChanges } from './key-changes.ts';
import { type CallRef, type KeyEvent, type KeyFormat, textOf } from './key-event.ts';
import { KeyInbox, refused, type Taken } from './key-inbox.ts';
import { KeySends } from './key-sends.ts';
import type { OwnKeys } from './own-keys.ts';
import { senderOf, type SenderId } from './sender-id.ts';

export interface KeyExchangeOptions {
  readonly self: Device;
  readonly call: CallRef;
  readonly format: KeyFormat;
  readonly keys: OwnKeys;
  /**
   * Sends one to-device event to many devices, 100 at most, encrypted with Olm for each. Resolves to those that it could not be
   * encrypted for or sent to; rejects where it reached nobody. What takes longer than 10 s counts as failed.
   */
  readonly send: (type: string, to: readonly Device[], content: object) => Promise<readonly Device[]>;
  readonly events: KeyExchangeEvents;
  /** Who of those in the call may have our key; asked whenever `members` tells who that is. All of them, if absent. */
  readonly mayHave?: (device: Device) => boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface KeyExchangeEvents {
  /** A member shared the key of its frames. Those of another stay are void. */
  key(from: SenderId, stay: string, key: SharedKey): void;
  /** It left 5 s ago: nothing of it is to be read any more. */
  gone(from: SenderId): void;
  /** Our own keys are no more: nobody gets one from now on. */
  failed(cause: Error): void;
}

/** Of one who asks for our key. */
const ANSWERS_OF_ONE: Rate = { atOnce: 1, everyMs: 5_000 };

interface Member {
  readonly device: Device;
  readonly mayHave: boolean;
  readonly answers: Allowance;
}

/** For one stay of ours in a call: who joins again makes a new one. */
export class KeyExchange {
  /** Ours: made up here. */
  readonly stay: string = crypto.randomUUID();
  /** When it began, in ms since 1970. */
  readonly since: number;
  readonly #options: KeyExchangeOptions;
  readonly #members = new Map<SenderId, Member>();
  readonly #changes: KeyChanges;
  readonly #sends: KeySends;
  readonly #inbox: KeyInbox;
  readonly #asks: KeyAsks;
  #isClosed = false;

  constructor(options: KeyExchangeOptions) {
    const { clock, events } = options;
    this.#options = options;
    this.since = clock.now();
    this.#sends = new KeySends({
      clock,
      random: options.random ?? Math.random,
      send: (key, to) => this.#send(this.#keyMessage(key), to),
      tried: (id, key) => this.#changes.tried(id, key),
    });
    this.#changes = new KeyChanges({
      clock,
      keys: options.keys,
      share: (key, to) => this.#sends.share(key, this.#devicesOf(to)),
      failed: cause => {
        this.#sends.close();
        events.failed(cause);
      },
    });
    this.#asks = new KeyAsks({ clock, ask: of => this.#send({ kind: 'media_key_request', ...this.#ours }, of) });
    this.#inbox = new KeyInbox({
      clock,
      format: options.format,
      key: (from, stay, key) => {
        this.#asks.answered(from);
        events.key(from, stay, key);
      },
      restarted: from => this.#restarted(from),
      gone: from => events.gone(from),
    });
  }

  /** From now on our key is shared. Those who are in the call by now get it at once. */
  start(): void {
    if (!this.#isClosed) this.#changes.start();
  }

  /**
   * Who is in the call, by the room's member events. To be told at each change of that, and of what `mayHave` says. We ourselves are
   * passed over.
   */
  members(devices: readonly Device[]): void {
    if (this.#isClosed) return;
    const present = new Map(devices.map(device => [senderOf(device), device]));
    present.delete(senderOf(this.#options.self));
    const gone = [...this.#members.keys()].filter(id => !present.has(id));
    const come = [...present.keys()].filter(id => !this.#members.has(id));
    const before = this.#entitled;
    for (const id of gone) this.#members.delete(id);
    for (const [id, device] of present) this.#enter(id, device);
    const after = this.#entitled;
    this.#withdraw([...before].filter(id => !after.has(id)));
    this.#changes.joined([...after].filter(id => !before.has(id)));
    for (const id of gone) {
      this.#asks.left(id);
      this.#inbox.left(id);
    }
    for (const id of come) this.#inbox.joined(id);
  }

  /** Who may have our key by now. */
  get holders(): Device[] {
    return this.#devicesOf([...this.#changes.served]);
  }

  /** What came from another device. Never throws: what is not taken changes nothing. */
  take(event: KeyEvent): Taken {
    const parsed = parseClientToClient(event.type, event.content);
    if (parsed === undefined || parsed.kind === 'bad') return refused('malformed');
    const message = parsed.value;
    const { roomId, confId } = this.#options.call;
    if (this.#isClosed || message.roomId !== roomId || message.confId !== confId) return refused('other_call');
    const { userId, deviceId } = event.from;
    if (deviceId !== undefined && deviceId !== message.deviceId) return refused('forged_sender');
    const from = senderOf({ userId, deviceId: message.deviceId });
    switch (message.kind) {
      case 'media_key':
        return event.encrypted ? this.#inbox.take(from, message) : refused('clear');
      case 'media_key_request':
        return this.#answer(from);
    }
  }

  /** Frames of it come that no key fits: it is asked for its key, and again every 5 s, five times at most until something changes. */
  missing(from: SenderId): void {
    const member = this.#members.get(from);
    if (member !== undefined) this.#asks.missing(member.device);
  }

  close(): void {
    this.#isClosed = true;
    this.#changes.close();
    this.#sends.close();
    this.#asks.close();
    this.#inbox.close();
    this.#members.clear();
  }

  get #entitled(): Set<SenderId> {
    return new Set([...this.#members].flatMap(([id, { mayHave }]) => (mayHave ? [id] : [])));
  }

  #enter(id: SenderId, device: Device): void {
    const { clock, mayHave } = this.#options;
    const answers = this.#members.get(id)?.answers ?? new Allowance(ANSWERS_OF_ONE, clock.now());
    this.#members.set(id, { device, mayHave: mayHave?.(device) ?? true, answers });
  }

  #withdraw(ids: readonly SenderId[]): void {
    for (const id of ids) this.#sends.drop(id);
    this.#changes.left(ids);
  }

  #restarted(from: SenderId): void {
    if (this.#members.get(from)?.mayHave !== true) return;
    this.#withdraw([from]);
    this.#changes.joined([from]);
  }

  #answer(from: SenderId): Taken {
    const member = this.#members.get(from);
    if (member?.mayHave !== true) return refused('not_a_member');
    if (!member.answers.take(this.#options.clock.now())) return refused('flood');
    this.#sends.repeat(from);
    return { kind: 'accepted' };
  }

  #keyMessage({ generation, step, baseKey }: SharedKey): ClientToClient {
    const { name, suite } = this.#options.format;
    return {
      kind: 'media_key',
      ...this.#ours,
      format: name,
      ...(suite === undefined ? {} : { suite }),
      stay: this.stay,
      since: this.since,
      generation,
      step,
      key: textOf(baseKey),
    };
  }

  get #ours(): CallRef & { deviceId: string } {
    return { ...this.#options.call, deviceId: this.#options.self.deviceId };
  }

  // Whatever it throws is a failure of the message.
  async #send(message: ClientToClient, to: readonly Device[]): Promise<readonly Device[]> {
    const { type, content } = writeClientToClient(message);
    return this.#options.send(type, to, content);
  }

  #devicesOf(ids: readonly SenderId[]): Device[] {
    return ids.flatMap(id => this.#members.get(id)?.device ?? []);
  }
}
