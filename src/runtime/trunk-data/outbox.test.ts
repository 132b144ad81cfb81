/** What waits for a trunk: fair, in order, bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTrunkMessage } from '../../../signalling/wire/trunk-message.ts';
import { writeTrunkData } from '../../../signalling/wire/trunk-data.ts';
import type { CarriedData } from '../../ports.ts';
import { keyOfSession } from '../../session.ts';
import { DataOutbox } from './outbox.ts';

const BOUNDS = { senderCharacters: 1_000, senderMessages: 50, characters: 4_000, lossyWaitsMs: 250 };

function said(by: string, text: string, more: Partial<CarriedData> = {}): CarriedData {
  const publisher = keyOfSession({ userId: `@${by}:test`, deviceId: 'DEV', sessionId: by });
  return { publisher, channelId: 1, reliable: true, ppid: 51, payload: Buffer.from(text), ...more };
}

/** What the next frame says. */
function next(outbox: DataOutbox, now = 0, characters = 1_000_000): string[] {
  const parsed = parseTrunkMessage(writeTrunkData(outbox.next(characters, now)));
  if (parsed.kind === 'bad' || parsed.value.kind !== 'trunk_data') throw new Error('not data');
  return parsed.value.messages.map(({ payload }) => payload.toString());
}

/** So many numbered messages of one. */
function add(outbox: DataOutbox, by: string, count: number, more: Partial<CarriedData> = {}): string[] {
  return Array.from({ length: count }, (_, index) => outbox.add(said(by, `${by} ${index}`, more), 0));
}

describe('the outbox', () => {
  it('takes one of each sender in turn: who says little does not wait for who says much', () => {
    const outbox = new DataOutbox(BOUNDS);
    add(outbox, 'ann', 3);
    add(outbox, 'abe', 1);
    add(outbox, 'amy', 2);
    expect(next(outbox)).toEqual(['ann 0', 'abe 0', 'amy 0', 'ann 1', 'amy 1', 'ann 2']);
    expect(outbox.isEmpty).toBe(true);
  });

  it('fills frames, and gives a message that is longer than one a frame of its own', () => {
    const outbox = new DataOutbox(BOUNDS);
    for (const text of ['a', 'b', 'c'.repeat(300), 'd']) outbox.add(said('ann', text), 0);
    expect(next(outbox, 0, 100)).toEqual(['a', 'b']);
    expect(next(outbox, 0, 100)).toEqual(['c'.repeat(300)]);
    expect(next(outbox, 0, 100)).toEqual(['d']);
    expect(next(outbox, 0, 100)).toEqual([]);
  });

  it('keeps what is lossy as long as it is fresh, and what is reliable as long as it takes', () => {
    const outbox = new DataOutbox(BOUNDS);
    add(outbox, 'ann', 2, { reliable: false, channelId: 2 });
    add(outbox, 'ann', 1);
    outbox.add(said('ann', 'fresh', { reliable: false }), 200);
    expect(next(outbox, 300)).toEqual(['ann 0', 'fresh']);
    expect(outbox.takeDropped()).toBe(2);
    expect(outbox.takeDropped()).toBe(0);
  });

  it('drops what is lossy of a sender before it refuses what is reliable', () => {
    const outbox = new DataOutbox(BOUNDS);
    add(outbox, 'ann', 25);
    add(outbox, 'ann', 25, { reliable: false });
    expect(add(outbox, 'ann', 30)).toEqual([...Array<string>(25).fill('taken'), ...Array<string>(5).fill('full')]);
    expect(outbox.takeDropped()).toBe(25);
  });

  it('refuses one sender without refusing the others, up to a bound for all', () => {
    const outbox = new DataOutbox(BOUNDS);
    const long = 'x'.repeat(600);
    const outcomes = (by: string): string[] => [long, long].map(text => outbox.add(said(by, text), 0));
    expect(outcomes('ann')).toEqual(['taken', 'full']);
    expect(outcomes('abe')).toEqual(['taken', 'full']);
    for (const by of ['b', 'c']) outcomes(by);
    expect(outcomes('amy')).toEqual(['full', 'full']);
    expect(next(outbox)).toHaveLength(4);
    expect(outcomes('amy')).toEqual(['taken', 'full']);
  });

  it('forgets a channel, and nothing else', () => {
    const outbox = new DataOutbox(BOUNDS);
    add(outbox, 'ann', 3);
    add(outbox, 'ann', 2, { channelId: 2 });
    const { publisher } = said('ann', '');
    outbox.forget({ publisher, channelId: 1 });
    outbox.forget({ publisher: said('nobody', '').publisher, channelId: 1 });
    expect(next(outbox)).toEqual(['ann 0', 'ann 1']);
    expect(outbox.isEmpty).toBe(true);
  });

  it('gives out in the order of each sender all that it took of what is reliable, whatever else there is', () => {
    const one = fc.record({
      by: fc.constantFrom('ann', 'abe', 'amy'),
      reliable: fc.boolean(),
      size: fc.integer({ min: 0, max: 400 }),
      takes: fc.boolean(),
      after: fc.nat(200),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 200 }), many => {
        const outbox = new DataOutbox(BOUNDS);
        const taken = new Map<string, string[]>();
        const got = new Map<string, string[]>();
        let now = 0;
        const take = (): void => {
          for (const text of next(outbox, now, 500)) {
            const [by = '', kind] = text.split(' ');
            if (kind === 'reliable') got.set(by, [...(got.get(by) ?? []), text]);
          }
        };
        for (const [index, { by, reliable, size, takes, after }] of many.entries()) {
          now += after;
          const text = `${by} ${reliable ? 'reliable' : 'lossy'} ${index} ${'x'.repeat(size)}`;
          const outcome = outbox.add(said(by, text, { reliable, channelId: reliable ? 1 : 2 }), now);
          if (reliable && outcome === 'taken') taken.set(by, [...(taken.get(by) ?? []), text]);
          if (takes) take();
        }
        while (!outbox.isEmpty) take();
        expect(got).toEqual(taken);
      }),
      { seed: 3401 },
    );
  });
});
