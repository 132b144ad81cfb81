import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.ts';
import { isAck, readOpen, writeOpen } from './dcep.ts';
import { StreamIds } from './stream-ids.ts';

const RATES = { messageBytes: 1_000, messagesPerSecond: 10, bytesPerSecond: 5_000 };

describe('the allowance', () => {
  it('has a second of messages at once, then as many as come to a second', () => {
    const allowance = new Allowance(RATES, 0);
    const takes = (count: number, now: number): number =>
      Array.from({ length: count }, () => allowance.take(1, now)).filter(verdict => verdict === 'taken').length;
    expect(takes(50, 0)).toBe(10);
    expect(takes(50, 300)).toBe(3);
    expect(takes(50, 60_000)).toBe(10);
  });

  it('counts bytes, and refuses what is too large without counting it', () => {
    const allowance = new Allowance(RATES, 0);
    expect(allowance.take(1_001, 0)).toBe('too large');
    expect(Array.from({ length: 6 }, () => allowance.take(1_000, 0))).toEqual([
      ...Array<string>(5).fill('taken'),
      'too fast',
    ]);
    expect(allowance.take(0, 0)).toBe('taken');
  });

  it('takes the largest message, however few bytes a second there are', () => {
    expect(new Allowance({ ...RATES, bytesPerSecond: 10 }, 0).take(1_000, 0)).toBe('taken');
  });

  it('survives a clock that goes back', () => {
    const allowance = new Allowance(RATES, 10_000);
    expect(allowance.take(1, 0)).toBe('taken');
    expect(allowance.take(1, 1)).toBe('taken');
  });
});

describe('DATA_CHANNEL_OPEN', () => {
  it('is read as it was written', () => {
    const open = fc.record({
      label: fc.string({ unit: 'grapheme', maxLength: 40 }),
      protocol: fc.string({ unit: 'grapheme', maxLength: 40 }),
      ordered: fc.boolean(),
      reliable: fc.boolean(),
    });
    fc.assert(
      fc.property(open, each => {
        expect(readOpen(writeOpen(each))).toEqual(each);
      }),
    );
  });

  it.each([
    [0x00, true, true],
    [0x80, false, true],
    [0x01, true, false],
    [0x81, false, false],
    [0x02, true, false],
    [0x82, false, false],
  ])('of type %i is ordered: %s, reliable: %s', (type, ordered, reliable) => {
    const message = writeOpen({ label: 'a', protocol: '', ordered: true, reliable: true });
    message[1] = type;
    expect(readOpen(message)).toMatchObject({ ordered, reliable });
  });

  it('is nothing else', () => {
    const message = writeOpen({ label: 'label', protocol: 'protocol', ordered: true, reliable: true });
    expect(readOpen(message.subarray(0, -1))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        fc.pre(bytes[0] !== 3);
        expect(readOpen(Buffer.from(bytes))).toBeUndefined();
      }),
    );
    expect([isAck(Buffer.from([2])), isAck(Buffer.alloc(0)), isAck(message)]).toEqual([true, false, false]);
  });
});

describe('stream ids of the focus', () => {
  it.each([[0, 2] as const, [1, 3] as const])('of parity %i are never below %i, nor given twice', (parity, lowest) => {
    const ids = new StreamIds();
    ids.useParity(parity);
    const taken = Array.from({ length: 600 }, () => ids.take());
    const given = taken.filter(id => id !== undefined);
    expect(new Set(given).size).toBe(given.length);
    expect(given.every(id => id % 2 === parity && id >= lowest && id < 1_024)).toBe(true);
    expect(given.length).toBeGreaterThan(500);
    expect(taken.at(-1)).toBeUndefined();
    ids.giveBack(given[7] ?? 0);
    expect(ids.take()).toBe(given[7]);
  });

  it('come again as late as can be', () => {
    const ids = new StreamIds();
    ids.useParity(1);
    const first = ids.take() ?? 0;
    ids.giveBack(first);
    let others = 0;
    for (let id = ids.take() ?? first; id !== first; id = ids.take() ?? first) {
      ids.giveBack(id);
      others += 1;
    }
    expect(others).toBeGreaterThan(500);
  });
});
