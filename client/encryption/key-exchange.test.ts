/** Who gets our key, and when it changes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { LAST_STEP } from '../sframe/key-id.ts';
import type { Device } from './device.ts';
import { CALL, device, ExchangeBench, keyEvent, requestEvent, SELF } from './testing/exchange-bench.ts';
import { keyNumbered, nameOf } from './testing/fake-own-keys.ts';
import { textOf } from './key-event.ts';

const [ana, bo, cy, di] = [device('ana'), device('bo'), device('cy'), device('di')];

let clock: VirtualClock;
let bench: ExchangeBench;

beforeEach(() => {
  clock = new VirtualClock();
  bench = new ExchangeBench(clock);
});

const used = (): string => nameOf(bench.keys.current);

/** Started, with these in the call, who have our key. */
async function callOf(...devices: Device[]): Promise<void> {
  bench.exchange.members(devices);
  bench.exchange.start();
  await clock.pass(0);
  bench.newKeys();
}

/** Up to here it took no more time than none. */
async function members(...devices: Device[]): Promise<void> {
  bench.exchange.members(devices);
  await clock.pass(0);
}

describe('our key', () => {
  it('goes to all who are in the call when we start, in one message, and to nobody before', async () => {
    await members(SELF, ana, bo);
    await clock.pass(20_000);
    expect(bench.post.posted).toEqual([]);
    bench.exchange.start();
    await clock.pass(0);
    const { stay, since } = bench.exchange;
    expect(bench.post.posted).toEqual([
      {
        at: clock.now(),
        type: 'org.weir.call.media_key',
        to: [ana, bo],
        content: {
          room_id: CALL.roomId,
          conf_id: CALL.confId,
          device_id: SELF.deviceId,
          format: 'sframe',
          suite: 5,
          stay,
          since,
          generation: 1,
          step: 0,
          key: textOf(keyNumbered(1).baseKey),
        },
      },
    ]);
    expect(used()).toBe('1.0');
    expect(bench.exchange.holders).toEqual([ana, bo]);
  });

  it('is another one than that of an earlier stay, under another name', async () => {
    await callOf(ana);
    bench.exchange.close();
    const again = new ExchangeBench(clock, { keys: bench.keys });
    again.exchange.members([ana]);
    again.exchange.start();
    await clock.pass(0);
    expect(again.newKeys()).toEqual(['2.0 to ANA']);
    expect(again.exchange.stay).not.toBe(bench.exchange.stay);
  });

  it('is nobody else’s when it is broken: the failure is told once, and nothing is sent any more', async () => {
    await callOf(ana);
    bench.keys.broken = new Error('the worker died');
    await members(ana, bo);
    await clock.pass(60_000);
    await members(bo);
    expect(bench.exchange.take(requestEvent(bo))).toEqual({ kind: 'accepted' });
    await clock.pass(60_000);
    expect(bench.failures).toEqual([bench.keys.broken]);
    expect(bench.newKeys()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('goes to nobody once the exchange is closed, and no timer is left', async () => {
    await callOf(ana, bo);
    bench.post.mood = 'fails';
    await members(bo, cy);
    bench.exchange.take(keyEvent(bo));
    bench.exchange.missing(JSON.stringify([bo.userId, bo.deviceId]));
    await clock.pass(1_000);
    bench.newKeys();
    bench.exchange.close();
    bench.exchange.members([ana, bo, cy, di]);
    bench.exchange.start();
    await clock.pass(0);
    expect(clock.pending).toBe(0);
    await clock.pass(60_000);
    expect(bench.post.posted).toEqual([]);
    expect(bench.exchange.take(keyEvent(bo))).toEqual({ kind: 'refused', reason: 'other_call' });
  });
});

describe('who joins', () => {
  it('gets the next step, which goes to nobody else', async () => {
    await callOf(ana);
    await members(ana, bo);
    expect(used()).toBe('1.0');
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.1 to BO']);
    expect(used()).toBe('1.1');
  });

  it('within 50 ms of another one shares its step; later it has one of its own', async () => {
    await callOf();
    await members(ana);
    await clock.pass(49);
    await members(ana, bo);
    await clock.pass(1);
    expect(bench.newKeys()).toEqual(['1.1 to ANA BO']);
    await members(ana, bo, cy);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.2 to CY']);
  });

  it('while a step is being taken gets the one after it', async () => {
    await callOf();
    bench.keys.latencyMs = 10;
    await members(ana);
    await clock.pass(55);
    await members(ana, bo);
    await clock.pass(200);
    expect(bench.newKeys()).toEqual(['1.1 to ANA', '1.2 to BO']);
  });

  it('a second time while the step for the first time is being taken gets none from before', async () => {
    await callOf();
    bench.keys.latencyMs = 10;
    await members(ana);
    await clock.pass(65);
    await members();
    await members(ana);
    expect(used()).toBe('1.1');
    await clock.pass(200);
    expect(bench.newKeys()).toEqual(['1.2 to ANA']);
  });

  it('while a generation is being taken into use gets the step after it', async () => {
    await callOf(ana);
    bench.keys.latencyMs = 10;
    await members();
    await clock.pass(1_025);
    await members(bo);
    expect(used()).toBe('2.0');
    await clock.pass(200);
    expect(bench.newKeys()).toEqual(['2.1 to BO']);
  });

  it('and is gone before its step is taken gets none, and costs none', async () => {
    await callOf(ana);
    await members(ana, bo);
    await members(ana);
    await clock.pass(20_000);
    expect(bench.newKeys()).toEqual([]);
    expect(used()).toBe('1.0');
  });

  it('while a generation is on its way gets that one', async () => {
    await callOf(ana, bo);
    await members(ana);
    bench.post.latencyMs = 500;
    await clock.pass(1_200);
    await members(ana, cy);
    expect(bench.newKeys()).toEqual(['2.0 to ANA', '2.0 to CY']);
    expect(used()).toBe('1.0');
    await clock.pass(5_000);
    expect(bench.newKeys()).toEqual([]);
    expect(used()).toBe('2.0');
  });

  it('after the last step of a generation begins a new one', async () => {
    bench.keys.firstStep = LAST_STEP;
    await callOf(ana);
    bench.keys.firstStep = 0;
    await members(ana, bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO']);
    await clock.pass(500);
    expect(used()).toBe('2.0');
  });

  it('and may not have our key gets none, until it may', async () => {
    const verified = new Set([ana]);
    bench = new ExchangeBench(clock, { mayHave: one => verified.has(one) });
    await callOf(ana, bo);
    expect(bench.exchange.holders).toEqual([ana]);
    expect(bench.exchange.take(requestEvent(bo))).toEqual({ kind: 'refused', reason: 'not_a_member' });
    verified.add(bo);
    await members(ana, bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.1 to BO']);
    verified.delete(ana);
    await members(ana, bo);
    await clock.pass(1_000);
    expect(bench.newKeys()).toEqual(['2.0 to BO']);
    // What it sends is read nevertheless.
    expect(bench.exchange.take(keyEvent(ana))).toEqual({ kind: 'accepted' });
  });
});

describe('who leaves', () => {
  it('makes a new generation, which is sent first, and used when all have it and had a moment to read it', async () => {
    await callOf(ana, bo, cy);
    bench.post.latencyMs = 300;
    await members(ana, bo);
    await clock.pass(1_799);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO']);
    expect(used()).toBe('1.0');
    await clock.pass(1);
    expect(used()).toBe('2.0');
  });

  it('within a second of another one shares its generation', async () => {
    await callOf(ana, bo, cy, di);
    await members(ana, bo, cy);
    await clock.pass(900);
    await members(ana, bo);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO']);
  });

  it('while a generation is on its way, which it was sent, makes another one', async () => {
    await callOf(ana, bo, cy);
    bench.post.latencyMs = 500;
    await members(ana, bo);
    await clock.pass(1_100);
    await members(ana);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO', '3.0 to ANA']);
    expect(used()).toBe('3.0');
  });

  it('is not waited for', async () => {
    await callOf(ana, bo, cy);
    await members(ana, bo);
    bench.post.mood = 'hangs';
    await clock.pass(1_100);
    expect(used()).toBe('1.0');
    await members();
    expect(used()).toBe('2.0');
  });

  it('has lost the call 2 s after the new key was sent, though messages hang', async () => {
    await callOf(ana, bo);
    bench.post.mood = 'hangs';
    await members(ana);
    await clock.pass(2_999);
    expect(used()).toBe('1.0');
    await clock.pass(1);
    expect(used()).toBe('2.0');
  });

  it('and comes back gets a step at once, and with the others the generation that its leaving made', async () => {
    await callOf(ana, bo);
    await members(ana);
    await clock.pass(200);
    await members(ana, bo);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['1.1 to BO', '2.0 to ANA BO']);
  });

  it('as the last one leaves a key behind that nobody has', async () => {
    await callOf(ana);
    await members();
    await clock.pass(1_000);
    expect(used()).toBe('2.0');
    await members(bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['2.1 to BO']);
  });
});
