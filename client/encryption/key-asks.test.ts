/** Keys that are asked for: ours by others, theirs by us. */
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import type { Device } from './device.ts';
import { ASKS_EVERY_MS, MOST_ASKS } from './key-asks.ts';
import type { KeyEvent } from './key-event.ts';
import { senderOf } from './sender-id.ts';
import { device, ExchangeBench, keyEvent, requestEvent } from './testing/exchange-bench.ts';

const [ana, bo, cy] = [device('ana'), device('bo'), device('cy')];
const ACCEPTED = { kind: 'accepted' };

let clock: VirtualClock;
let bench: ExchangeBench;

beforeEach(async () => {
  clock = new VirtualClock();
  bench = new ExchangeBench(clock);
  bench.exchange.members([ana, bo]);
  bench.exchange.start();
  await clock.pass(0);
  bench.newKeys();
});

const take = (event: KeyEvent): unknown => bench.exchange.take(event);
const refused = (reason: string): unknown => ({ kind: 'refused', reason });

async function members(...devices: Device[]): Promise<void> {
  bench.exchange.members(devices);
  await clock.pass(0);
}

describe('a request', () => {
  it('of a member is answered with our key, at most once in 5 s, also where it came in clear', async () => {
    expect(take({ ...requestEvent(ana), encrypted: false, from: { userId: ana.userId, deviceId: undefined } })).toEqual(
      ACCEPTED,
    );
    await clock.pass(4_999);
    expect(take(requestEvent(ana))).toEqual(refused('flood'));
    await clock.pass(1);
    expect(take(requestEvent(ana))).toEqual(ACCEPTED);
    await clock.pass(0);
    expect(bench.newKeys()).toEqual(['1.0 to ANA', '1.0 to ANA']);
  });

  it.each<[string, string, KeyEvent]>([
    ['of who is not in the call', 'not_a_member', requestEvent(cy)],
    ['of another call', 'other_call', requestEvent(ana, { conf_id: 'other' })],
    ['in the name of another device', 'forged_sender', { ...requestEvent(ana), from: bo }],
    ['without a device', 'malformed', requestEvent(ana, { device_id: undefined })],
  ])('%s is refused: %s', async (_, reason, event) => {
    expect(take(event)).toEqual(refused(reason));
    await clock.pass(60_000);
    expect(bench.newKeys()).toEqual([]);
  });

  it('of who has just joined gives it no step from before', async () => {
    await members(ana, bo, cy);
    expect(take(requestEvent(cy))).toEqual(ACCEPTED);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['1.1 to CY']);
  });
});

describe('a key that is missing', () => {
  const asked = (): string[] =>
    bench.post.posted
      .splice(0)
      .filter(({ type }) => type === 'org.weir.call.media_key_request')
      .map(({ to, content }) => `${String(content['device_id'])} asks ${to.map(({ deviceId }) => deviceId).join(' ')}`);

  it('is asked for every 5 s, five times', async () => {
    bench.exchange.missing(senderOf(ana));
    await clock.pass(100);
    expect(asked()).toEqual(['SELF asks ANA']);
    for (let second = 0; second < 60; second += 1) {
      bench.exchange.missing(senderOf(ana));
      await clock.pass(1_000);
    }
    expect(asked()).toHaveLength(MOST_ASKS - 1);
    expect(clock.pending).toBe(0);
  });

  it('is asked for no more once it is there; and again 5 s after the last time, where it was not the right one', async () => {
    bench.exchange.missing(senderOf(ana));
    await clock.pass(100);
    expect(asked()).toHaveLength(1);
    take(keyEvent(ana));
    await clock.pass(1_000);
    bench.exchange.missing(senderOf(ana));
    await clock.pass(ASKS_EVERY_MS - 1_100);
    expect(asked()).toEqual([]);
    await clock.pass(100);
    expect(asked()).toHaveLength(1);
    take(keyEvent(ana));
    await clock.pass(60_000);
    expect(asked()).toEqual([]);
  });

  it('of who was given up is asked for again when a key of it came, or it came back', async () => {
    bench.exchange.missing(senderOf(ana));
    bench.exchange.missing(senderOf(bo));
    await clock.pass(60_000);
    expect(asked()).toHaveLength(MOST_ASKS);
    take(keyEvent(ana));
    await members(ana);
    await members(ana, bo);
    bench.exchange.missing(senderOf(ana));
    bench.exchange.missing(senderOf(bo));
    await clock.pass(100);
    expect(asked()).toEqual(['SELF asks ANA BO']);
  });

  it('of who is not in the call is not asked for, nor of who leaves', async () => {
    bench.exchange.missing(senderOf(cy));
    bench.exchange.missing(senderOf(ana));
    await members(bo);
    await clock.pass(60_000);
    expect(asked()).toEqual([]);
  });

  it('of a thousand is asked for in ten messages, though they are lost', async () => {
    const thousand = Array.from({ length: 1_000 }, (_, index) => device(`d${index}`));
    await members(...thousand);
    await clock.pass(1_000);
    bench.post.mood = 'fails';
    asked();
    for (const one of thousand) bench.exchange.missing(senderOf(one));
    await clock.pass(100);
    expect(asked()).toHaveLength(10);
  });
});
