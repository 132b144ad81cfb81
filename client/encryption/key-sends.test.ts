/** How our key reaches those who are to have it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MOST_IN_BATCH } from './key-sends.ts';
import { device, ExchangeBench } from './testing/exchange-bench.ts';

const [ana, bo, cy, di] = [device('ana'), device('bo'), device('cy'), device('di')];

let clock: VirtualClock;
let bench: ExchangeBench;

beforeEach(() => {
  clock = new VirtualClock();
  bench = new ExchangeBench(clock);
});

describe('a key that did not arrive', () => {
  it('is sent again, later each time, and as it is by then', async () => {
    await bench.callOf();
    bench.post.mood = 'fails';
    await bench.members(ana);
    await clock.pass(50);
    await bench.members(ana, bo);
    await clock.pass(50);
    expect(bench.newKeys()).toEqual(['1.1 to ANA', '1.2 to BO']);
    await clock.pass(1_000);
    expect(bench.newKeys()).toEqual(['1.2 to ANA', '1.2 to BO']);
    await clock.pass(1_800);
    expect(bench.newKeys()).toEqual([]);
    bench.post.mood = 'delivers';
    await clock.pass(300);
    expect(bench.newKeys()).toEqual(['1.2 to ANA', '1.2 to BO']);
    await clock.pass(600_000);
    expect(bench.newKeys()).toEqual([]);
  });

  it('is tried once a minute in the end', async () => {
    await bench.callOf();
    bench.post.mood = 'fails';
    await bench.members(ana);
    await clock.pass(600_000);
    bench.newKeys();
    await clock.pass(600_000);
    expect(bench.newKeys()).toHaveLength(10);
  });

  it('is sent again only to those that did not get it, in one message', async () => {
    const devices = Array.from({ length: 150 }, (_, index) => device(`d${index}`));
    bench.post.mood = 'misses_one';
    await bench.callOf(...devices);
    bench.post.mood = 'delivers';
    await clock.pass(1_000);
    expect(bench.newKeys()).toEqual([`1.0 to D0 D${MOST_IN_BATCH}`]);
  });

  it('holds up nobody: a message that hangs counts as failed after 10 s', async () => {
    bench.post.mood = 'hangs';
    await bench.callOf(ana);
    for (const devices of [
      [ana, bo],
      [ana, bo, cy],
      [ana, bo, cy, di],
    ]) {
      await bench.members(...devices);
      await clock.pass(50);
    }
    expect(bench.newKeys()).toEqual(['1.1 to BO', '1.2 to CY', '1.3 to DI']);
    const eve = device('eve');
    bench.post.mood = 'delivers';
    await bench.members(ana, bo, cy, di, eve);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['1.4 to EVE']);
    await clock.pass(2_000);
    expect(bench.newKeys().sort()).toEqual(['1.4 to ANA', '1.4 to BO', '1.4 to CY', '1.4 to DI']);
  });

  it('is sent again though an earlier one arrives meanwhile', async () => {
    bench.post.latencyMs = 1_500;
    await bench.callOf(ana, bo);
    await bench.members(ana);
    await clock.pass(400);
    bench.post.mood = 'fails';
    await clock.pass(600);
    bench.post.mood = 'delivers';
    await clock.pass(60_000);
    expect(bench.newKeys()).toEqual(['2.0 to ANA', '2.0 to ANA']);
  });

  it('is not sent again because an earlier one turns out to have failed', async () => {
    bench.post.latencyMs = 3_000;
    bench.post.mood = 'fails';
    await bench.callOf(ana, bo);
    bench.post.latencyMs = 0;
    bench.post.mood = 'delivers';
    await bench.members(ana);
    await clock.pass(60_000);
    expect(bench.newKeys()).toEqual(['2.0 to ANA']);
  });

  it('is not sent again to who has left', async () => {
    bench.post.mood = 'fails';
    await bench.callOf(ana, bo);
    await bench.members(bo);
    bench.post.mood = 'delivers';
    await clock.pass(60_000);
    expect(bench.newKeys()).toEqual(['2.0 to BO']);
  });
});

describe('a large call', () => {
  const thousand = Array.from({ length: 1_000 }, (_, index) => device(`d${index}`));

  it('gets our key in ten messages, four at a time, and so does the one that somebody leaves', async () => {
    bench.post.latencyMs = 100;
    bench.exchange.members(thousand);
    bench.exchange.start();
    await clock.pass(5_000);
    expect(bench.newKeys()).toHaveLength(10);
    await bench.members(...thousand.slice(1));
    await clock.pass(5_000);
    expect(bench.newKeys()).toHaveLength(10);
    expect(bench.post.mostUnderWay).toBe(4);
    expect(bench.inUse).toBe('2.0');
  });

  it('that joins at once is one step', async () => {
    await bench.callOf();
    await bench.members(...thousand);
    await clock.pass(50);
    expect(bench.newKeys()).toHaveLength(10);
    expect(bench.inUse).toBe('1.1');
  });

  it('that cannot be reached is tried in ten messages each time', async () => {
    bench.post.mood = 'fails';
    await bench.callOf(...thousand);
    await clock.pass(1_000);
    expect(bench.newKeys()).toHaveLength(10);
  });
});
