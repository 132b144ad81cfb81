/** Who gets our key, and when it changes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { LAST_STEP } from '../sframe/key-id.ts';
import { CALL, device, ExchangeBench, keyEvent, refused, requestEvent, SELF } from './testing/exchange-bench.ts';
import { keyNumbered } from './testing/fake-own-keys.ts';
import { textOf } from './key-event.ts';

const [ana, bo, cy, di] = [device('ana'), device('bo'), device('cy'), device('di')];

let clock: VirtualClock;
let bench: ExchangeBench;

beforeEach(() => {
  clock = new VirtualClock();
  bench = new ExchangeBench(clock);
});

describe('our key', () => {
  it('goes to all who are in the call when we start, in one message, and to nobody before', async () => {
    await bench.members(SELF, ana, bo);
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
    expect(bench.inUse).toBe('1.0');
    expect(bench.exchange.holders).toEqual([ana, bo]);
  });

  it('is another one than that of an earlier stay, under another name', async () => {
    await bench.callOf(ana);
    bench.exchange.close();
    const again = new ExchangeBench(clock, { keys: bench.keys });
    again.exchange.members([ana]);
    again.exchange.start();
    await clock.pass(0);
    expect(again.newKeys()).toEqual(['2.0 to ANA']);
    expect(again.exchange.stay).not.toBe(bench.exchange.stay);
  });

  it('is nobody else’s when it is broken: the failure is told once, and nothing is sent any more', async () => {
    await bench.callOf(ana);
    bench.keys.broken = new Error('the worker died');
    await bench.members(ana, bo);
    await clock.pass(60_000);
    await bench.members(bo);
    expect(bench.exchange.take(requestEvent(bo))).toEqual({ kind: 'accepted' });
    await clock.pass(60_000);
    expect(bench.failures).toEqual([bench.keys.broken]);
    expect(bench.newKeys()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('goes to nobody once the exchange is closed, and no timer is left', async () => {
    await bench.callOf(ana, bo);
    bench.post.mood = 'fails';
    await bench.members(bo, cy);
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
    await bench.callOf(ana);
    await bench.members(ana, bo);
    expect(bench.inUse).toBe('1.0');
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.1 to BO']);
    expect(bench.inUse).toBe('1.1');
  });

  it('within 50 ms of another one shares its step; later it has one of its own', async () => {
    await bench.callOf();
    await bench.members(ana);
    await clock.pass(49);
    await bench.members(ana, bo);
    await clock.pass(1);
    expect(bench.newKeys()).toEqual(['1.1 to ANA BO']);
    await bench.members(ana, bo, cy);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.2 to CY']);
  });

  it('while a step is being taken gets the one after it', async () => {
    await bench.callOf();
    bench.keys.latencyMs = 10;
    await bench.members(ana);
    await clock.pass(55);
    await bench.members(ana, bo);
    await clock.pass(200);
    expect(bench.newKeys()).toEqual(['1.1 to ANA', '1.2 to BO']);
  });

  it('a second time while the step for the first time is being taken gets none from before', async () => {
    await bench.callOf();
    bench.keys.latencyMs = 10;
    await bench.members(ana);
    await clock.pass(65);
    await bench.members();
    await bench.members(ana);
    expect(bench.inUse).toBe('1.1');
    await clock.pass(200);
    expect(bench.newKeys()).toEqual(['1.2 to ANA']);
  });

  it('while a generation is being taken into use gets the step after it', async () => {
    await bench.callOf(ana);
    bench.keys.latencyMs = 10;
    await bench.members();
    await clock.pass(525);
    await bench.members(bo);
    expect(bench.inUse).toBe('2.0');
    await clock.pass(200);
    expect(bench.newKeys()).toEqual(['2.1 to BO']);
  });

  it('and is gone before its step is taken gets none, and costs none', async () => {
    await bench.callOf(ana);
    await bench.members(ana, bo);
    await bench.members(ana);
    await clock.pass(20_000);
    expect(bench.newKeys()).toEqual([]);
    expect(bench.inUse).toBe('1.0');
  });

  it('while a generation is on its way gets that one', async () => {
    await bench.callOf(ana, bo);
    await bench.members(ana);
    bench.post.latencyMs = 500;
    await clock.pass(1_200);
    await bench.members(ana, cy);
    expect(bench.newKeys()).toEqual(['2.0 to ANA', '2.0 to CY']);
    expect(bench.inUse).toBe('1.0');
    await clock.pass(5_000);
    expect(bench.newKeys()).toEqual([]);
    expect(bench.inUse).toBe('2.0');
  });

  it('after the last step of a generation begins a new one', async () => {
    bench.keys.firstStep = LAST_STEP;
    await bench.callOf(ana);
    bench.keys.firstStep = 0;
    await bench.members(ana, bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO']);
    await clock.pass(1_000);
    expect(bench.inUse).toBe('2.0');
  });

  it('and may not have our key gets none, until it may', async () => {
    const verified = new Set([ana]);
    bench = new ExchangeBench(clock, { mayHave: one => verified.has(one) });
    await bench.callOf(ana, bo);
    expect(bench.exchange.holders).toEqual([ana]);
    expect(bench.exchange.take(requestEvent(bo))).toEqual(refused('not_a_member'));
    verified.add(bo);
    await bench.members(ana, bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.1 to BO']);
    verified.delete(ana);
    await bench.members(ana, bo);
    await clock.pass(1_000);
    expect(bench.newKeys()).toEqual(['2.0 to BO']);
    // What it sends is read nevertheless.
    expect(bench.exchange.take(keyEvent(ana))).toEqual({ kind: 'accepted' });
  });
});

describe('who leaves', () => {
  it('makes a new generation, which is sent first, and used when all have it and had a moment to read it', async () => {
    await bench.callOf(ana, bo, cy);
    bench.post.latencyMs = 300;
    await bench.members(ana, bo);
    await clock.pass(1_799);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO']);
    expect(bench.inUse).toBe('1.0');
    await clock.pass(1);
    expect(bench.inUse).toBe('2.0');
  });

  it('within half a second of another one shares its generation', async () => {
    await bench.callOf(ana, bo, cy, di);
    await bench.members(ana, bo, cy);
    await clock.pass(400);
    await bench.members(ana, bo);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO']);
  });

  it('while a generation is on its way, which it was sent, makes another one', async () => {
    await bench.callOf(ana, bo, cy);
    bench.post.latencyMs = 500;
    await bench.members(ana, bo);
    await clock.pass(600);
    await bench.members(ana);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['2.0 to ANA BO', '3.0 to ANA']);
    expect(bench.inUse).toBe('3.0');
  });

  it('is not waited for', async () => {
    await bench.callOf(ana, bo, cy);
    await bench.members(ana, bo);
    bench.post.mood = 'hangs';
    await clock.pass(600);
    expect(bench.inUse).toBe('1.0');
    await bench.members();
    expect(bench.inUse).toBe('2.0');
  });

  it('has lost the call 2 s after the new key was sent, though messages hang', async () => {
    await bench.callOf(ana, bo);
    bench.post.mood = 'hangs';
    await bench.members(ana);
    await clock.pass(2_499);
    expect(bench.inUse).toBe('1.0');
    await clock.pass(1);
    expect(bench.inUse).toBe('2.0');
  });

  it('and comes back gets a step at once, and with the others the generation that its leaving made', async () => {
    await bench.callOf(ana, bo);
    await bench.members(ana);
    await clock.pass(200);
    await bench.members(ana, bo);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['1.1 to BO', '2.0 to ANA BO']);
  });

  it('as the last one leaves a key behind that nobody has', async () => {
    await bench.callOf(ana);
    await bench.members();
    await clock.pass(1_000);
    expect(bench.inUse).toBe('2.0');
    await bench.members(bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['2.1 to BO']);
  });
});
