/** Whose keys we take. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { SUITES } from '../sframe/suites.ts';
import { KEEPS_EARLY_MS, MOST_EARLY, MOST_EARLY_OF_ONE } from './early-keys.ts';
import { keyIn, sframeKeyFormat, textOf } from './key-event.ts';
import type { KeyRefusal } from './key-inbox.ts';
import { senderOf } from './sender-id.ts';
import {
  ACCEPTED,
  device,
  ExchangeBench,
  keyEvent,
  type KeyEventParts,
  refused,
  requestEvent,
  SELF,
} from './testing/exchange-bench.ts';
import { keyNumbered, nameOf } from './testing/fake-own-keys.ts';

const [ana, bo, cy] = [device('ana'), device('bo'), device('cy')];
const KEPT = { kind: 'kept' };

let clock: VirtualClock;
let bench: ExchangeBench;

beforeEach(async () => {
  clock = new VirtualClock();
  bench = new ExchangeBench(clock);
  await bench.callOf(ana, bo);
});

const count = (all: unknown[], one: unknown): number =>
  all.filter(other => JSON.stringify(other) === JSON.stringify(one)).length;

/** Whose keys were handed out since the last time, in short. */
function taken(): string[] {
  return bench.taken.splice(0).map(({ from, stay, key }) => `${from} ${stay} ${nameOf(key)}`);
}

describe('a key', () => {
  it('of a member is handed out, as that of its device in its stay', () => {
    expect(bench.exchange.take(keyEvent(ana, { stay: 'first', key: keyNumbered(3, 7) }))).toEqual(ACCEPTED);
    expect(bench.taken).toEqual([{ from: senderOf(ana), stay: 'first', key: keyNumbered(3, 7) }]);
  });

  it.each<[string, KeyRefusal, KeyEventParts]>([
    ['was not encrypted', 'clear', { encrypted: false }],
    ['is of another device than it says', 'forged_sender', { provenDevice: 'BO' }],
    ['says that it is of another device', 'forged_sender', { content: { device_id: 'BO' } }],
    ['is of another room', 'other_call', { content: { room_id: '!other:example.org' } }],
    ['is of another call', 'other_call', { content: { conf_id: 'other' } }],
    ['is in another format', 'other_format', { content: { format: 'frames-of-tomorrow', suite: undefined } }],
    ['is of another suite', 'other_format', { content: { suite: SUITES.AES_128_GCM_SHA256_128.id } }],
    ['names no suite', 'other_format', { content: { suite: undefined } }],
    ['is too short', 'malformed', { content: { key: textOf(new Uint8Array(63)) } }],
    ['is too long', 'malformed', { content: { key: textOf(new Uint8Array(65)) } }],
    ['is padded', 'malformed', { content: { key: `${textOf(new Uint8Array(64))}==` } }],
    ['is no base64', 'malformed', { content: { key: 'A'.repeat(85) } }],
    ['is empty', 'malformed', { content: { key: '' } }],
    ['is beyond the last step', 'malformed', { content: { step: 256 } }],
    ['is of half a step', 'malformed', { content: { step: 0.5 } }],
    ['is of a step before the first', 'malformed', { content: { step: -1 } }],
    ['is of a generation that no number is', 'malformed', { content: { generation: 2 ** 53 } }],
    ['is of a generation before the first', 'malformed', { content: { generation: -1 } }],
    ['is of a time that no number is', 'malformed', { content: { since: 1e300 } }],
    ['has a stay without a name', 'malformed', { content: { stay: '' } }],
    ['has no room', 'malformed', { content: { room_id: undefined } }],
  ])('that %s is refused: %s', (_, reason, parts) => {
    expect(bench.exchange.take(keyEvent(ana, parts))).toEqual(refused(reason));
    expect(taken()).toEqual([]);
    expect(bench.exchange.take(keyEvent(ana))).toEqual(ACCEPTED);
  });

  it('is that of the device it says, where a host vouches for the user alone', () => {
    expect(bench.exchange.take(keyEvent(ana, { provenDevice: undefined }))).toEqual(ACCEPTED);
    const another = { userId: bo.userId, deviceId: ana.deviceId };
    expect(bench.exchange.take(keyEvent(another, { provenDevice: undefined }))).toEqual(KEPT);
    expect(taken()).toEqual([`${senderOf(ana)} stay 1.0`]);
  });

  it('of ourselves, or of who is not in the call, is not handed out', () => {
    expect(bench.exchange.take(keyEvent(SELF))).toEqual(KEPT);
    expect(bench.exchange.take(keyEvent(cy))).toEqual(KEPT);
    expect(taken()).toEqual([]);
  });

  it('of an earlier stay is refused, and so is an earlier one of this stay', () => {
    const known = { stay: 'second', since: 2_000, key: keyNumbered(3, 7) };
    expect(bench.exchange.take(keyEvent(ana, known))).toEqual(ACCEPTED);
    for (const late of [
      { stay: 'first', since: 1_999, key: keyNumbered(9) },
      { stay: 'first', since: 2_000, key: keyNumbered(9) },
      { ...known, key: keyNumbered(2, 9) },
      { ...known, key: keyNumbered(3, 6) },
    ])
      expect(bench.exchange.take(keyEvent(ana, late))).toEqual(refused('outdated'));
    // The same one is what a request was answered with.
    expect(bench.exchange.take(keyEvent(ana, known))).toEqual(ACCEPTED);
    expect(bench.exchange.take(keyEvent(ana, { ...known, key: keyNumbered(4) }))).toEqual(ACCEPTED);
    expect(bench.exchange.take(keyEvent(ana, { stay: 'third', since: 2_001 }))).toEqual(ACCEPTED);
  });

  it('of an earlier stay is refused also where its sender was away meanwhile', async () => {
    bench.exchange.take(keyEvent(ana, { stay: 'second', since: 2_000 }));
    await bench.members(bo);
    await clock.pass(60_000);
    await bench.members(ana, bo);
    expect(bench.exchange.take(keyEvent(ana, { stay: 'first', since: 1_000 }))).toEqual(refused('outdated'));
    expect(bench.exchange.take(keyEvent(ana, { stay: 'third', since: 3_000 }))).toEqual(ACCEPTED);
  });

  it('is told to be void 5 s after its sender left, unless that comes back before', async () => {
    bench.exchange.take(keyEvent(ana));
    bench.exchange.take(keyEvent(bo));
    await bench.members();
    await clock.pass(4_999);
    await bench.members(bo);
    expect(bench.gone).toEqual([]);
    await clock.pass(60_000);
    expect(bench.gone).toEqual([senderOf(ana)]);
  });
});

describe('a key that is early', () => {
  it('is handed out when its sender turns out to be in the call', async () => {
    expect(bench.exchange.take(keyEvent(cy, { key: keyNumbered(1) }))).toEqual(KEPT);
    expect(bench.exchange.take(keyEvent(cy, { key: keyNumbered(2) }))).toEqual(KEPT);
    await clock.pass(KEEPS_EARLY_MS - 1);
    expect(taken()).toEqual([]);
    await bench.members(ana, bo, cy);
    expect(taken()).toEqual([`${senderOf(cy)} stay 1.0`, `${senderOf(cy)} stay 2.0`]);
    await bench.members(ana, bo);
    await bench.members(ana, bo, cy);
    expect(taken()).toEqual([]);
  });

  it('is forgotten after 10 s', async () => {
    bench.exchange.take(keyEvent(cy));
    await clock.pass(KEEPS_EARLY_MS);
    await bench.members(ana, bo, cy);
    expect(taken()).toEqual([]);
  });

  it('is one of four of its sender, and of 64 in all', async () => {
    const strangers = Array.from({ length: 20 }, (_, index) => device(`stranger${index}`));
    const answers = strangers.flatMap(stranger =>
      Array.from({ length: 5 }, () => bench.exchange.take(keyEvent(stranger))),
    );
    expect(answers.slice(0, 5)).toEqual([...Array.from({ length: MOST_EARLY_OF_ONE }, () => KEPT), refused('flood')]);
    expect(count(answers, KEPT)).toBe(MOST_EARLY);
    expect(count(answers, refused('not_a_member'))).toBe(5 * (20 - MOST_EARLY / MOST_EARLY_OF_ONE));
    // Those in the call are heard.
    expect(bench.exchange.take(keyEvent(ana))).toEqual(ACCEPTED);
    await clock.pass(KEEPS_EARLY_MS);
    expect(bench.exchange.take(keyEvent(cy))).toEqual(KEPT);
  });
});

describe('a member that is in a new stay', () => {
  it('is one that left and one that joined: it gets a step, and all get a generation', async () => {
    bench.exchange.take(keyEvent(ana, { stay: 'first', since: 1 }));
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual([]);
    expect(bench.exchange.take(keyEvent(ana, { stay: 'second', since: 2 }))).toEqual(ACCEPTED);
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual(['1.1 to ANA', '2.0 to BO ANA']);
    expect(bench.gone).toEqual([]);
  });

  it('and left before is no other than who joins', async () => {
    bench.exchange.take(keyEvent(ana, { stay: 'first', since: 1 }));
    await bench.members(bo);
    await clock.pass(10_000);
    await bench.members(ana, bo);
    await clock.pass(100);
    bench.newKeys();
    bench.exchange.take(keyEvent(ana, { stay: 'second', since: 2 }));
    await clock.pass(10_000);
    expect(bench.newKeys()).toEqual([]);
  });
});

describe('a flood', () => {
  it('of keys is cut off, and harms no other sender', async () => {
    const answers = Array.from({ length: 1_000 }, (_, index) =>
      bench.exchange.take(keyEvent(ana, { key: keyNumbered(index) })),
    );
    expect(count(answers, ACCEPTED)).toBe(16);
    expect(count(answers, refused('flood'))).toBe(1_000 - 16);
    expect(bench.exchange.take(keyEvent(bo))).toEqual(ACCEPTED);
    await clock.pass(500);
    expect(bench.exchange.take(keyEvent(ana, { key: keyNumbered(2_000) }))).toEqual(ACCEPTED);
  });

  it('of stays makes few generations', async () => {
    for (let index = 0; index < 1_000; index += 1) {
      bench.exchange.take(keyEvent(ana, { stay: `stay ${index}`, since: index }));
      await clock.pass(20);
    }
    await clock.pass(10_000);
    expect(bench.keys.current.generation).toBeLessThanOrEqual(8);
    expect(bench.failures).toEqual([]);
  });

  it('of requests is answered once', async () => {
    await clock.pass(5_000);
    const answers = Array.from({ length: 1_000 }, () => bench.exchange.take(requestEvent(ana)));
    expect(count(answers, ACCEPTED)).toBe(1);
    expect(bench.exchange.take(requestEvent(bo))).toEqual(ACCEPTED);
    await clock.pass(60_000);
    expect(bench.newKeys()).toEqual(['1.0 to ANA', '1.0 to BO']);
  });

  it('of anything whatever throws nothing, and hands out nothing', () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('\ud800', '__proto__', 1e308, -0));
    const types = fc.constantFrom('org.weir.call.media_key', 'org.weir.call.media_key_request', 'm.call.invite');
    const { content } = keyEvent(ana);
    const keys = fc.constantFrom(...Object.keys(content as object).filter(key => key !== 'suite'));
    const contents = fc.oneof(
      value,
      fc.record({ key: keys, value }).map(one => ({ ...(content as object), [one.key]: one.value })),
    );
    let handedOut = 0;
    fc.assert(
      fc.property(types, contents, fc.boolean(), (type, anything, encrypted) => {
        const before = bench.taken.length;
        const answer = bench.exchange.take({ type, from: ana, encrypted, content: anything });
        expect(bench.taken.length - before).toBe(
          answer.kind === 'accepted' && type === 'org.weir.call.media_key' ? 1 : 0,
        );
        handedOut += bench.taken.length - before;
      }),
    );
    expect(handedOut).toBeLessThanOrEqual(16);
  });
});

describe('the text of a key', () => {
  it('is read as it was written, in each suite', () => {
    for (const suite of Object.values(SUITES)) {
      const format = sframeKeyFormat(suite);
      const bytes = fc.uint8Array({ minLength: suite.hashBytes, maxLength: suite.hashBytes });
      fc.assert(
        fc.property(bytes, fc.maxSafeNat(), fc.nat(255), (any, generation, step) => {
          const baseKey = Uint8Array.from(any);
          const message = {
            kind: 'media_key' as const,
            roomId: '',
            confId: '',
            deviceId: '',
            stay: '',
            since: 0,
            ...{ format: 'sframe', suite: suite.id, generation, step, key: textOf(baseKey) },
          };
          expect(message.key).toBe(Buffer.from(any).toString('base64').replaceAll('=', ''));
          expect(keyIn(message, format)).toEqual({ kind: 'key', key: { generation, step, baseKey } });
        }),
      );
    }
  });
});
