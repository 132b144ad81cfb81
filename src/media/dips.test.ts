/** One fall that does not go on is undone; one that is real is believed at its second step. */
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Dips } from './dips.ts';

const CALM = { lost: 0, sent: 1_000_000 };

let clock: VirtualClock;
let floors: number[];
let dips: Dips;

beforeEach(() => {
  clock = new VirtualClock();
  floors = [];
  dips = new Dips(floor => floors.push(floor), clock);
  dips.sift(1_200_000, CALM);
});

describe('a dip', () => {
  it('is doubted: the estimate before it stands', () => {
    expect(dips.sift(1_000_000, CALM)).toBe(1_200_000);
    expect(floors).toEqual([]);
  });

  it('is undone where it does not go on: the worker goes on from the estimate before, by itself after a while', async () => {
    dips.sift(1_000_000, CALM);
    await clock.pass(300);
    expect(floors).toEqual([1_200_000]);
    expect(dips.sift(1_000_000, CALM)).toBe(1_200_000);
    expect(dips.sift(1_250_000, CALM)).toBe(1_250_000);
    await clock.pass(1_500);
    expect(floors).toEqual([1_200_000, 0]);
    expect(dips.sift(1_300_000, CALM)).toBe(1_300_000);
  });

  it('is believed where it goes on', async () => {
    dips.sift(1_000_000, CALM);
    expect(dips.sift(850_000, CALM)).toBe(850_000);
    await clock.pass(2_000);
    expect(floors).toEqual([]);
  });

  it('is believed where packets are lost, at its beginning or later', async () => {
    expect(dips.sift(1_000_000, { ...CALM, lost: 0.05 })).toBe(1_000_000);
    dips.sift(900_000, CALM);
    expect(dips.sift(900_000, { ...CALM, lost: 0.05 })).toBe(900_000);
    await clock.pass(2_000);
    expect(floors).toEqual([]);
  });

  it('needs no undoing where the worker finds back by itself', async () => {
    dips.sift(1_000_000, CALM);
    expect(dips.sift(1_210_000, CALM)).toBe(1_210_000);
    await clock.pass(2_000);
    expect(floors).toEqual([]);
  });

  it('is believed soon after another one was undone', async () => {
    dips.sift(1_000_000, CALM);
    await clock.pass(2_000);
    expect(dips.sift(1_000_000, CALM)).toBe(1_000_000);
    await clock.pass(2_000);
    expect(dips.sift(900_000, CALM)).toBe(1_000_000);
  });
});

describe('what is no dip', () => {
  it.each([
    ['less by little', 1_200_000, 1_150_000],
    ['less by much: the link has become narrower', 1_200_000, 700_000],
    ['a link that carries next to nothing', 120_000, 100_000],
  ])('%s', async (_, before, estimate) => {
    dips = new Dips(floor => floors.push(floor), clock);
    dips.sift(before, CALM);
    expect(dips.sift(estimate, CALM)).toBe(estimate);
    await clock.pass(2_000);
    expect(floors).toEqual([]);
  });
});

it('the floor is gone at once where packets are lost under it', async () => {
  dips.sift(1_000_000, CALM);
  await clock.pass(300);
  expect(dips.sift(1_200_000, { ...CALM, lost: 0.1 })).toBe(1_200_000);
  expect(floors).toEqual([1_200_000, 0]);
});

it('touches nothing after its end', async () => {
  dips.sift(1_000_000, CALM);
  dips.close();
  await clock.pass(5_000);
  expect(floors).toEqual([]);
});
