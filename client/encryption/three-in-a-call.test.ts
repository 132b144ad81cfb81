/** Three exchanges with real keys and frames: who reads whom, as they come and go. */
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { ReceivedFrames } from '../sframe/received-frames.ts';
import { ReceivedKeys } from '../sframe/received-keys.ts';
import { SentKeys } from '../sframe/sent-keys.ts';
import type { Bytes } from '../sframe/suites.ts';
import { systemClock } from './clock.ts';
import type { Device } from './device.ts';
import { sframeKeyFormat } from './key-event.ts';
import { KeyExchange } from './key-exchange.ts';
import { senderOf, type SenderId } from './sender-id.ts';
import { CALL, device } from './testing/exchange-bench.ts';
import { SUITE } from './testing/fake-own-keys.ts';

const CLEAR = Uint8Array.of(1, 2, 3);
const FRAME = Uint8Array.of(4, 5, 6, 7);

class Participant {
  readonly device: Device;
  readonly exchange: KeyExchange;
  readonly #sent: SentKeys;
  readonly #received = new Map<SenderId, ReceivedKeys>();

  constructor(name: string, sent: SentKeys, clock: VirtualClock, others: ReadonlyMap<SenderId, Participant>) {
    this.device = device(name);
    this.#sent = sent;
    this.exchange = new KeyExchange({
      self: this.device,
      call: CALL,
      format: sframeKeyFormat(SUITE),
      clock,
      keys: {
        ratchet: async () => {
          await sent.ratchet();
          return sent.shared;
        },
        next: async () => sent.next(),
        use: key => sent.use(key),
      },
      send: async (type, to, content) => {
        for (const one of to)
          others.get(senderOf(one))?.exchange.take({ type, from: this.device, encrypted: true, content });
        return to.filter(one => !others.has(senderOf(one)));
      },
      events: {
        key: (from, _stay, key) => {
          const keys = this.#received.get(from) ?? new ReceivedKeys(SUITE, () => clock.now());
          this.#received.set(from, keys);
          keys.add(key).catch(() => undefined);
        },
        gone: from => this.#received.delete(from),
        failed: cause => {
          throw cause;
        },
      },
    });
  }

  get generation(): number {
    return this.#sent.shared.generation;
  }

  frame(): Promise<Bytes> {
    return this.#sent.encrypt(CLEAR, FRAME);
  }

  /** What comes of a frame here: the word for why it cannot be read, or `frame`. */
  async reads(from: Participant, encrypted: Bytes): Promise<string> {
    const keys = this.#received.get(senderOf(from.device));
    if (keys === undefined) return 'no_key';
    const received = await new ReceivedFrames(keys).decrypt(CLEAR, encrypted);
    return received.kind === 'frame' ? 'frame' : received.reason;
  }
}

let clock: VirtualClock;
let there: Map<SenderId, Participant>;
let ana: Participant;
let bo: Participant;
let cy: Participant;

beforeEach(async () => {
  clock = new VirtualClock();
  there = new Map();
  const participant = async (name: string): Promise<Participant> =>
    new Participant(name, await SentKeys.make(SUITE), clock, there);
  [ana, bo, cy] = await Promise.all([participant('ana'), participant('bo'), participant('cy')]);
});

/** Keys are computed in time of their own: passes the clock's in small steps until it is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await clock.pass(10);
    await delay(1);
  }
}

async function members(...participants: Participant[]): Promise<void> {
  there.clear();
  for (const one of participants) there.set(senderOf(one.device), one);
  for (const one of participants) one.exchange.members(participants.map(other => other.device));
  await clock.pass(0);
}

const canRead = (reader: Participant, sender: Participant) => async (): Promise<boolean> =>
  (await reader.reads(sender, await sender.frame())) === 'frame';

async function callOfTwo(): Promise<void> {
  await members(ana, bo);
  ana.exchange.start();
  bo.exchange.start();
  await until(canRead(bo, ana));
  await until(canRead(ana, bo));
}

describe('three in a call', () => {
  it('read each other while they are there, and nothing from before or after', async () => {
    await callOfTwo();
    const before = await ana.frame();
    cy.exchange.start();
    await members(ana, bo, cy);
    await until(canRead(cy, ana));
    await until(canRead(cy, bo));
    await until(canRead(ana, cy));
    expect(await cy.reads(ana, before)).toBe('no_key');
    // It was told nothing of the step.
    expect(await canRead(bo, ana)()).toBe(true);

    const { generation } = ana;
    await members(ana, bo);
    await until(() => ana.generation > generation);
    const after = await ana.frame();
    expect(await bo.reads(ana, after)).toBe('frame');
    expect(await cy.reads(ana, after)).toBe('no_key');
  });

  it('find their way where a key was lost: who misses it asks', async () => {
    await members(ana, bo);
    // Its messages go nowhere.
    there.delete(senderOf(bo.device));
    ana.exchange.start();
    await clock.pass(10);
    await until(() => ana.generation === 1);
    there.set(senderOf(bo.device), bo);
    bo.exchange.missing(senderOf(ana.device));
    await until(canRead(bo, ana));
  });
});

describe('the clock of the system', () => {
  it('says the time of day, and calls once, unless it is cancelled', async () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
    const called: string[] = [];
    const cancelled = systemClock.after(0, () => called.push('cancelled'));
    cancelled.cancel();
    await new Promise<void>(resolve => systemClock.after(5, resolve));
    expect(called).toEqual([]);
  });
});
