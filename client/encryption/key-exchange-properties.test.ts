/**
 * Whoever comes, goes, asks, starts again, or cannot be reached, in whatever order: who is in the call can read us in the end, who is
 * not cannot, and nobody can read what was before.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { LAST_STEP } from '../sframe/key-id.ts';
import type { Device } from './device.ts';
import { senderOf, type SenderId } from './sender-id.ts';
import { device, ExchangeBench, keyEvent, keyNameIn, requestEvent } from './testing/exchange-bench.ts';
import { nameOf } from './testing/fake-own-keys.ts';
import type { Mood, Posted } from './testing/fake-post.ts';

const DEVICES = ['ana', 'bo', 'cy', 'di', 'eve'].map(device);
/** ms. Who left reads on for so long at most. */
const READS_ON_MS = 5_000;
/** ms between two looks at what holds. */
const LOOKS_EVERY_MS = 100;

type Op =
  /** Joins, or leaves. */
  | { readonly kind: 'toggle'; readonly who: number }
  /** May have our key, or may not any more. */
  | { readonly kind: 'trust'; readonly who: number }
  | { readonly kind: 'restart'; readonly who: number }
  | { readonly kind: 'ask'; readonly who: number }
  | { readonly kind: 'post'; readonly mood: Mood; readonly latencyMs: number }
  | { readonly kind: 'pass'; readonly ms: number };

const who = fc.nat(DEVICES.length - 1);
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('toggle' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trust' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask' as const), who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('post' as const),
      mood: fc.constantFrom<Mood>('delivers', 'fails', 'fails', 'misses_one', 'hangs'),
      latencyMs: fc.constantFrom(0, 30, 700, 3_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 20, 50, 400, 999, 3_000, 6_000),
    }),
  },
);

/** What is true of a device, whatever the exchange believes. */
interface Truth {
  readonly device: Device;
  isIn: boolean;
  isTrusted: boolean;
  /** When it joined, or was trusted, the last time. */
  since: number;
  /** When it stopped to be both. */
  until: number;
  /** All that was ever sent to it, whether it arrived or not. */
  readonly mayHold: Set<string>;
  /** The newest key that arrived in this stay. */
  holds: { generation: number; step: number } | undefined;
  stays: number;
  /** Whether it told of its stay since it joined. */
  hasTold: boolean;
}

class World {
  readonly clock = new VirtualClock();
  readonly bench: ExchangeBench;
  /** Thrown where it is seen it would be a message that failed. */
  readonly #violations: string[] = [];
  readonly #truths = new Map<SenderId, Truth>(
    DEVICES.map(one => [
      senderOf(one),
      {
        device: one,
        isIn: false,
        isTrusted: true,
        since: 0,
        until: 0,
        mayHold: new Set(),
        holds: undefined,
        stays: 0,
        hasTold: false,
      },
    ]),
  );

  constructor(latencyMs: number, firstStep: number) {
    this.bench = new ExchangeBench(this.clock, { mayHave: one => this.#truthOf(one).isTrusted });
    this.bench.keys.latencyMs = latencyMs;
    this.bench.keys.firstStep = firstStep;
    this.bench.post.leaving = message => this.#look(message);
    this.bench.post.arrived = ({ to, content }) => {
      const key = { generation: Number(content['generation']), step: Number(content['step']) };
      for (const one of to) {
        const truth = this.#truthOf(one);
        const isNewer =
          truth.holds === undefined ||
          key.generation > truth.holds.generation ||
          (key.generation === truth.holds.generation && key.step > truth.holds.step);
        if (isNewer) truth.holds = key;
      }
    };
  }

  async run(step: Op): Promise<void> {
    const { exchange, post } = this.bench;
    switch (step.kind) {
      case 'toggle':
        this.#change(step.who, truth => {
          truth.isIn = !truth.isIn;
          truth.hasTold = false;
        });
        break;
      case 'trust':
        this.#change(step.who, truth => {
          truth.isTrusted = !truth.isTrusted;
        });
        break;
      case 'restart':
        this.#restart(step.who);
        break;
      case 'ask':
        exchange.take(requestEvent(this.#truthAt(step.who).device));
        break;
      case 'post':
        post.mood = step.mood;
        post.latencyMs = step.latencyMs;
        break;
      case 'pass':
        await this.pass(step.ms);
    }
  }

  async pass(ms: number, lookEveryMs = LOOKS_EVERY_MS): Promise<void> {
    for (let passed = 0; passed < ms; passed += lookEveryMs) {
      await this.clock.pass(Math.min(lookEveryMs, ms - passed));
      this.#lookAtLeavers();
    }
  }

  /** The homeserver is well again: everybody can read us, and nothing goes on. */
  async settle(): Promise<void> {
    const { keys, post, exchange } = this.bench;
    post.mood = 'delivers';
    post.latencyMs = 0;
    // The longest pause between two tries, and a message that hung before.
    await this.pass(10_000);
    await this.pass(90_000, 5_000);
    await this.#askForWhatWasLost();
    for (const { device: one, holds } of this.#entitled) {
      expect(holds?.generation, one.deviceId).toBe(keys.current.generation);
      expect(holds?.step, one.deviceId).toBeLessThanOrEqual(keys.current.step);
    }
    expect(this.clock.pending).toBe(0);
    expect(exchange.holders.map(senderOf).sort()).toEqual(this.#entitled.map(one => senderOf(one.device)).sort());
    expect(this.bench.failures).toEqual([]);
    expect(this.#violations).toEqual([]);
  }

  /** As those do that started again and see frames that they cannot read. */
  async #askForWhatWasLost(): Promise<void> {
    for (const truth of this.#entitled.filter(({ holds, stays }) => holds === undefined && stays > 0))
      this.bench.exchange.take(requestEvent(truth.device));
    await this.pass(1_000);
  }

  /** A message with our key leaves us. */
  #look({ to, content }: Posted): void {
    const name = keyNameIn(content);
    for (const one of to) {
      const truth = this.#truthOf(one);
      if (!truth.isIn || !truth.isTrusted) this.#violations.push(`${one.deviceId} gets ${name} and may not`);
      truth.mayHold.add(String(content['generation']));
      const firstUsed = this.bench.keys.used.get(name) ?? Infinity;
      if (firstUsed < truth.since) this.#violations.push(`${one.deviceId} gets ${name}, used before it joined`);
    }
  }

  #lookAtLeavers(): void {
    const now = this.clock.now();
    const { current } = this.bench.keys;
    for (const { device: one, isIn, isTrusted, until, mayHold } of this.#truths.values()) {
      if ((isIn && isTrusted) || now - until <= READS_ON_MS) continue;
      const reads = mayHold.has(String(current.generation));
      if (reads) this.#violations.push(`${one.deviceId} left ${now - until} ms ago and reads ${nameOf(current)}`);
    }
  }

  #change(index: number, change: (truth: Truth) => void): void {
    const truth = this.#truthAt(index);
    const before = truth.isIn && truth.isTrusted;
    change(truth);
    const after = truth.isIn && truth.isTrusted;
    if (after && !before) {
      truth.since = this.clock.now();
      truth.holds = undefined;
    }
    if (before && !after) truth.until = this.clock.now();
    this.bench.exchange.members([...this.#truths.values()].filter(({ isIn }) => isIn).map(one => one.device));
  }

  /** A device that is in the call loses all that it had, begins a new stay, and says so. */
  #restart(index: number): void {
    const truth = this.#truthAt(index);
    if (!truth.isIn) return;
    truth.stays += 1;
    truth.holds = undefined;
    const event = keyEvent(truth.device, { stay: `stay ${truth.stays}`, since: truth.stays });
    if (this.bench.exchange.take(event).kind !== 'accepted') return;
    // Its first stay is that of its joining: nobody can know that it is another one.
    if (truth.hasTold) truth.since = this.clock.now();
    truth.hasTold = true;
  }

  get #entitled(): Truth[] {
    return [...this.#truths.values()].filter(({ isIn, isTrusted }) => isIn && isTrusted);
  }

  #truthAt(index: number): Truth {
    const one = DEVICES[index];
    if (one === undefined) throw new RangeError(`no device ${index}`);
    return this.#truthOf(one);
  }

  #truthOf(one: Device): Truth {
    const truth = this.#truths.get(senderOf(one));
    if (truth === undefined) throw new RangeError(`no device ${one.deviceId}`);
    return truth;
  }
}

const firstSteps = fc.constantFrom(0, LAST_STEP - 1);
const latencies = fc.constantFrom(0, 20);

describe('whatever happens in a call', () => {
  it('only members get our key, all of them have it in the end, and none from before it joined or after it left', async () => {
    const early = fc.array(op, { maxLength: 6 });
    const later = fc.array(op, { maxLength: 40, size: 'large' });
    await fc.assert(
      fc.asyncProperty(early, later, latencies, firstSteps, async (before, after, latencyMs, firstStep) => {
        const world = new World(latencyMs, firstStep);
        for (const step of before) await world.run(step);
        world.bench.exchange.start();
        for (const step of after) await world.run(step);
        await world.settle();
      }),
      { numRuns: 400 },
    );
  });
});
