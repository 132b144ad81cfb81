/** Keys that are asked for: ours by others, theirs by us. */
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { ASKS_AFTER_MS, ASKS_EVERY_MS, MOST_ASKS } from './key-asks.ts';
import type { KeyEvent } from './key-event.ts';
import type { KeyRefusal } from './key-inbox.ts';
import { ON_ITS_WAY_MS } from './key-sends.ts';
import { senderOf } from './sender-id.ts';
import { ACCEPTED, device, ExchangeBench, keyEvent, refused, requestEvent } from './testing/exchange-bench.ts';

const [ana, bo, cy] = [device('ana'), device('bo'), device('cy')];

let clock: VirtualClock;
let bench: ExchangeBench;

beforeEach(async () => {
  clock = new VirtualClock();
  bench = new ExchangeBench(clock);
  await bench.callOf(ana, bo);
});

describe('a request', () => {
  it('of a member is answered with our key, at most once in 5 s, also where it came in clear', async () => {
    await clock.pass(ON_ITS_WAY_MS);
    expect(
      bench.exchange.take({
        ...requestEvent(ana),
        encrypted: false,
        from: { userId: ana.userId, deviceId: undefined },
      }),
    ).toEqual(ACCEPTED);
    await clock.pass(4_999);
    expect(bench.exchange.take(requestEvent(ana))).toEqual(refused('flood'));
    await clock.pass(1);
    expect(bench.exchange.take(requestEvent(ana))).toEqual(ACCEPTED);
    await clock.pass(0);
    expect(bench.newKeys()).toEqual(['1.0 to ANA', '1.0 to ANA']);
  });

  it('of who was sent it a moment ago is not answered with another: it is on its way', async () => {
    await clock.pass(ON_ITS_WAY_MS - 1);
    expect(bench.exchange.take(requestEvent(ana))).toEqual(ACCEPTED);
    await clock.pass(4_999);
    expect(bench.newKeys()).toEqual([]);
    await clock.pass(1);
    expect(bench.exchange.take(requestEvent(ana))).toEqual(ACCEPTED);
    await clock.pass(0);
    expect(bench.newKeys()).toEqual(['1.0 to ANA']);
  });

  it.each<[string, KeyRefusal, KeyEvent]>([
    ['of who is not in the call', 'not_a_member', requestEvent(cy)],
    ['of another call', 'other_call', requestEvent(ana, { conf_id: 'other' })],
    ['in the name of another device', 'forged_sender', { ...requestEvent(ana), from: bo }],
    ['without a device', 'malformed', requestEvent(ana, { device_id: undefined })],
  ])('%s is refused: %s', async (_, reason, event) => {
    expect(bench.exchange.take(event)).toEqual(refused(reason));
    await clock.pass(60_000);
    expect(bench.newKeys()).toEqual([]);
  });

  it('of who has just joined gives it no step from before', async () => {
    await bench.members(ana, bo, cy);
    expect(bench.exchange.take(requestEvent(cy))).toEqual(ACCEPTED);
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

  it('and comes within 2 s is not asked for', async () => {
    bench.exchange.missing(senderOf(ana));
    await clock.pass(ASKS_AFTER_MS - 1);
    bench.exchange.take(keyEvent(ana));
    await clock.pass(60_000);
    expect(asked()).toEqual([]);
  });

  it('is asked for after 2 s, then every 5 s, five times', async () => {
    bench.exchange.missing(senderOf(ana));
    await clock.pass(ASKS_AFTER_MS - 1);
    expect(asked()).toEqual([]);
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
    await clock.pass(ASKS_AFTER_MS + 100);
    expect(asked()).toHaveLength(1);
    bench.exchange.take(keyEvent(ana));
    await clock.pass(1_000);
    bench.exchange.missing(senderOf(ana));
    await clock.pass(ASKS_EVERY_MS - 1_200);
    expect(asked()).toEqual([]);
    await clock.pass(200);
    expect(asked()).toHaveLength(1);
    bench.exchange.take(keyEvent(ana));
    await clock.pass(60_000);
    expect(asked()).toEqual([]);
  });

  it('of who was given up is asked for again when a key of it came, or it came back', async () => {
    bench.exchange.missing(senderOf(ana));
    bench.exchange.missing(senderOf(bo));
    await clock.pass(60_000);
    expect(asked()).toHaveLength(MOST_ASKS);
    bench.exchange.take(keyEvent(ana));
    await bench.members(ana);
    await bench.members(ana, bo);
    bench.exchange.missing(senderOf(ana));
    bench.exchange.missing(senderOf(bo));
    await clock.pass(ASKS_AFTER_MS + 100);
    expect(asked()).toEqual(['SELF asks ANA BO']);
  });

  it('of who is not in the call is not asked for, nor of who leaves', async () => {
    bench.exchange.missing(senderOf(cy));
    bench.exchange.missing(senderOf(ana));
    await bench.members(bo);
    await clock.pass(60_000);
    expect(asked()).toEqual([]);
  });

  it('of a thousand is asked for in ten messages, though they are lost', async () => {
    const thousand = Array.from({ length: 1_000 }, (_, index) => device(`d${index}`));
    await bench.members(...thousand);
    await clock.pass(1_000);
    bench.post.mood = 'fails';
    asked();
    for (const one of thousand) bench.exchange.missing(senderOf(one));
    await clock.pass(ASKS_AFTER_MS + 100);
    expect(asked()).toHaveLength(10);
  });
});
