/** An exchange of keys with all that it asks of the world. */
import { MEDIA_KEY_REQUEST_TYPE, MEDIA_KEY_TYPE } from '../../../signalling/wire/names.ts';
import type { SharedKey } from '../../sframe/sent-keys.ts';
import type { Clock } from '../clock.ts';
import type { Device } from '../device.ts';
import { type KeyEvent, sframeKeyFormat, textOf } from '../key-event.ts';
import { KeyExchange, type KeyExchangeOptions } from '../key-exchange.ts';
import type { KeyRefusal, Taken } from '../key-inbox.ts';
import type { SenderId } from '../sender-id.ts';
import { FakeOwnKeys, keyNumbered, nameOf, SUITE } from './fake-own-keys.ts';
import { FakePost } from './fake-post.ts';

export const CALL = { roomId: '!room:example.org', confId: '1795400852840Y46x' };
export const SELF: Device = { userId: '@self:example.org', deviceId: 'SELF' };

export function device(name: string): Device {
  return { userId: `@${name}:example.org`, deviceId: name.toUpperCase() };
}

/** What a device may change about the event with its key. */
export interface KeyEventParts {
  stay?: string;
  since?: number;
  key?: SharedKey;
  encrypted?: boolean;
  /** What Olm proves, where it is not the device. */
  provenDevice?: string | undefined;
  content?: Record<string, unknown>;
}

export function keyEvent(from: Device, parts: KeyEventParts = {}): KeyEvent {
  const { stay = 'stay', since = 1_000, key = keyNumbered(1), encrypted = true, content = {} } = parts;
  return {
    type: MEDIA_KEY_TYPE,
    from: { userId: from.userId, deviceId: 'provenDevice' in parts ? parts.provenDevice : from.deviceId },
    encrypted,
    content: {
      room_id: CALL.roomId,
      conf_id: CALL.confId,
      device_id: from.deviceId,
      format: 'sframe',
      suite: SUITE.id,
      stay,
      since,
      generation: key.generation,
      step: key.step,
      key: textOf(key.baseKey),
      ...content,
    },
  };
}

export function requestEvent(from: Device, content: Record<string, unknown> = {}): KeyEvent {
  return {
    type: MEDIA_KEY_REQUEST_TYPE,
    from,
    encrypted: true,
    content: { room_id: CALL.roomId, conf_id: CALL.confId, device_id: from.deviceId, ...content },
  };
}

/** Time that passes only when a test says so. */
interface PassingClock extends Clock {
  pass(ms: number): Promise<void>;
}

export const ACCEPTED: Taken = { kind: 'accepted' };

export function refused(reason: KeyRefusal): Taken {
  return { kind: 'refused', reason };
}

export class ExchangeBench {
  readonly #clock: PassingClock;
  readonly keys: FakeOwnKeys;
  readonly post: FakePost;
  readonly exchange: KeyExchange;
  /** What was handed out: whose, of which stay, which key. */
  readonly taken: { from: SenderId; stay: string; key: SharedKey }[] = [];
  readonly gone: SenderId[] = [];
  readonly failures: Error[] = [];

  constructor(clock: PassingClock, options: Partial<KeyExchangeOptions> = {}) {
    this.#clock = clock;
    this.keys = new FakeOwnKeys(clock);
    this.post = new FakePost(clock);
    this.exchange = new KeyExchange({
      self: SELF,
      call: CALL,
      format: sframeKeyFormat(SUITE),
      keys: this.keys,
      send: this.post.send,
      events: {
        key: (from, stay, key) => this.taken.push({ from, stay, key }),
        gone: from => this.gone.push(from),
        failed: cause => this.failures.push(cause),
      },
      clock,
      random: () => 0.5,
      ...options,
    });
  }

  /** Started, with these in the call, who have our key. */
  async callOf(...devices: Device[]): Promise<void> {
    this.exchange.members(devices);
    this.exchange.start();
    await this.#clock.pass(0);
    this.newKeys();
  }

  /** Up to here it took no more time than none. */
  async members(...devices: Device[]): Promise<void> {
    this.exchange.members(devices);
    await this.#clock.pass(0);
  }

  /** Generation and step of the key that is in use. */
  get inUse(): string {
    return nameOf(this.keys.current);
  }

  /** Messages with our key, in short: `1.0 to ANA BO`. Each is told once. */
  newKeys(): string[] {
    return this.post.posted
      .splice(0)
      .filter(({ type }) => type === MEDIA_KEY_TYPE)
      .map(({ to, content }) => `${keyNameIn(content)} to ${to.map(({ deviceId }) => deviceId).join(' ')}`);
  }
}

/** Generation and step of a message with a key. */
export function keyNameIn({ generation, step }: Record<string, unknown>): string {
  return nameOf({ generation: Number(generation), step: Number(step) });
}
