/** Application data on a trunk's WebSocket: never much of it at a time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseTrunkMessage } from '../../../signalling/wire/trunk-message.ts';
import type { CarriedData } from '../../ports.ts';
import { keyOfSession } from '../../session.ts';
import { FakeMeters } from '../../testing/fake-world.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { DataLine } from './data-line.ts';

const publisher = keyOfSession({ userId: '@ann:test', deviceId: 'DEV', sessionId: 's' });

function said(text: string, more: Partial<CarriedData> = {}): CarriedData {
  return { publisher, channelId: 1, reliable: true, ppid: 51, payload: Buffer.from(text), ...more };
}

/** A trunk whose other end acknowledges when a test says so. */
class FakeTrunk {
  readonly frames: string[] = [];
  unacknowledged = 0;
  keeps = true;

  say(frame: string): boolean {
    if (!this.keeps) return false;
    this.frames.push(frame);
    this.unacknowledged += frame.length;
    return true;
  }

  get messages(): string[] {
    return this.frames.flatMap(frame => {
      const parsed = parseTrunkMessage(frame);
      if (parsed.kind === 'bad' || parsed.value.kind !== 'trunk_data') throw new Error('not data');
      return parsed.value.messages.map(({ payload }) => payload.toString());
    });
  }
}

let trunk: FakeTrunk;
let clock: VirtualClock;
let meters: FakeMeters;
let overflows: number;
let line: DataLine;

beforeEach(() => {
  [trunk, clock, meters, overflows] = [new FakeTrunk(), new VirtualClock(), new FakeMeters(), 0];
  const overflowed = (): void => {
    overflows += 1;
  };
  line = new DataLine({ trunk, clock, meters, overflowed });
});

function acknowledge(): void {
  trunk.unacknowledged = 0;
  line.flow();
}

describe('a message', () => {
  it('goes at once; those that come right after it go together', async () => {
    for (const text of ['a', 'b', 'c']) line.send(said(text));
    expect(trunk.messages).toEqual(['a']);
    await clock.pass(10);
    expect(trunk.messages).toEqual(['a', 'b', 'c']);
    expect(trunk.frames).toHaveLength(2);
  });

  it('waits while much is on the way, of whatever kind, and goes when that has arrived', async () => {
    trunk.unacknowledged = 100_000;
    line.send(said('a'));
    await clock.pass(10_000);
    expect(trunk.messages).toEqual([]);
    acknowledge();
    expect(trunk.messages).toEqual(['a']);
  });

  it('that waits is dropped where it is lossy, and counted', async () => {
    trunk.unacknowledged = 100_000;
    for (const text of ['a', 'b']) line.send(said(text, { reliable: false }));
    line.send(said('c'));
    await clock.pass(1_000);
    acknowledge();
    expect(trunk.messages).toEqual(['c']);
    expect(meters.counts.get('data slow_subscriber')).toBe(2);
  });

  it('of a channel that has ended goes no more', async () => {
    for (const text of ['a', 'b']) line.send(said(text));
    line.forget({ publisher, channelId: 1 });
    await clock.pass(1_000);
    expect(trunk.messages).toEqual(['a']);
  });
});

describe('a flood', () => {
  it('is never more on the way than a control message may wait for, and all of it comes while that is acknowledged', async () => {
    const messages = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(1_000)}`);
    expect(new Set(messages.map(text => line.send(said(text))))).toEqual(new Set(['taken']));
    await clock.pass(10_000);
    expect(trunk.unacknowledged).toBeGreaterThan(50_000);
    expect(trunk.unacknowledged).toBeLessThan(90_000);
    for (let round = 0; round < 20; round++) {
      acknowledge();
      await clock.pass(1_000);
      expect(trunk.unacknowledged).toBeLessThan(90_000);
    }
    expect(trunk.messages).toEqual(messages);
  });

  it('leaves the other end time to read something else', async () => {
    for (let second = 0; second < 3; second++) {
      const before = trunk.frames.length;
      for (let ms = 0; ms < 1_000; ms++) {
        line.send(said(`${second} ${ms}`));
        trunk.unacknowledged = 0;
        await clock.pass(1);
      }
      expect(trunk.frames.length - before).toBeLessThanOrEqual(201);
    }
  });

  it('is not taken beyond what may wait', () => {
    trunk.unacknowledged = 100_000;
    const outcomes = Array.from({ length: 3_000 }, () => line.send(said('a')));
    expect(outcomes.indexOf('full')).toBe(2_048);
  });
});

it('ends once where the trunk keeps nothing more', async () => {
  trunk.keeps = false;
  for (const text of ['a', 'b']) line.send(said(text));
  await clock.pass(1_000);
  line.flow();
  expect(overflows).toBe(1);
});

it('says nothing after it was closed', async () => {
  for (const text of ['a', 'b']) line.send(said(text));
  line.close();
  await clock.pass(1_000);
  acknowledge();
  expect(trunk.messages).toEqual(['a']);
});
