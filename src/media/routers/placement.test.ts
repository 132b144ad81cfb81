import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SPREAD, placeFor, type WorkerView } from './placement.ts';

const worker = (number: number, load: number, participants = 0, consumers = 0): WorkerView => ({
  worker: number,
  load,
  participants,
  consumers,
});
const place = (workers: readonly WorkerView[], homes: readonly number[], thresholds = DEFAULT_SPREAD) =>
  placeFor(workers, homes, thresholds);

describe('the first of a conference', () => {
  it('goes to the least busy worker', () => {
    expect(place([worker(1, 0.5), worker(2, 0.2, 50), worker(3, 0.4)], [])).toBe(2);
  });

  it('goes to the one with the fewest participants where loads hardly differ', () => {
    expect(place([worker(1, 0.03, 2), worker(2, 0.08, 1), worker(3, 0.01, 3)], [])).toBe(2);
  });

  it('goes nowhere where no worker is alive', () => {
    expect(place([], [])).toBeUndefined();
    expect(place([], [1])).toBeUndefined();
  });
});

describe('a conference on one worker', () => {
  it('stays there while the worker has room, however idle the others are', () => {
    expect(place([worker(1, 0.69, 30, 999), worker(2, 0)], [1])).toBe(1);
  });

  it('takes another one when the worker is busy, or sends a great many tracks before that shows', () => {
    expect(place([worker(1, 0.7, 30), worker(2, 0.3), worker(3, 0.1)], [1])).toBe(3);
    expect(place([worker(1, 0.1, 30, 1_000), worker(2, 0.1, 40)], [1])).toBe(2);
  });

  it('stays where every worker is full: pipes would be more work for all of them', () => {
    expect(place([worker(1, 0.95), worker(2, 0.75)], [1])).toBe(1);
  });
});

describe('a conference on several workers', () => {
  it('fills those that it has before it takes one more', () => {
    expect(place([worker(1, 0.8), worker(2, 0.6), worker(3, 0)], [1, 2])).toBe(2);
    expect(place([worker(1, 0.8), worker(2, 0.8), worker(3, 0)], [1, 2])).toBe(3);
  });

  it('takes newcomers on its first again only when that has become calm', () => {
    const others = [worker(2, 0.1, 1)];
    expect(place([worker(1, 0.69), ...others], [1, 2])).toBe(2);
    expect(place([worker(1, 0.51), ...others], [1, 2])).toBe(2);
    expect(place([worker(1, 0.49), ...others], [1, 2])).toBe(1);
    expect(place([worker(1, 0.1, 0, 800), ...others], [1, 2])).toBe(2);
    expect(place([worker(1, 0.1, 0, 600), ...others], [1, 2])).toBe(1);
  });

  it('does not depend on the worker where it began', () => {
    expect(place([worker(2, 0.6), worker(3, 0)], [1, 2])).toBe(2);
    expect(place([worker(3, 0.2)], [1, 2])).toBe(3);
  });

  it('goes to the least busy of its own where all are full', () => {
    expect(place([worker(1, 0.95), worker(2, 0.85), worker(3, 0.8)], [1, 2])).toBe(2);
  });
});

it('shares out everybody from the start where the threshold is 0', () => {
  const thresholds = { ...DEFAULT_SPREAD, load: 0 };
  const workers = [worker(1, 0), worker(2, 0), worker(3, 0)];
  const homes: number[] = [];
  for (let count = 0; count < 9; count += 1) {
    const chosen = workers.find(each => each.worker === place(workers, homes, thresholds));
    if (chosen === undefined) throw new Error('no worker');
    chosen.participants += 1;
    if (!homes.includes(chosen.worker)) homes.push(chosen.worker);
  }
  expect(workers.map(({ participants }) => participants)).toEqual([3, 3, 3]);
});

it('always names a worker that is alive, and one that is full only where nothing better is', () => {
  const views = fc.uniqueArray(
    fc.record({
      worker: fc.integer({ min: 1, max: 8 }),
      load: fc.double({ min: 0, max: 1, noNaN: true }),
      participants: fc.nat(100),
      consumers: fc.nat(2_000),
    }),
    { selector: each => each.worker, minLength: 1 },
  );
  const isFull = (each: WorkerView | undefined): boolean =>
    each === undefined || each.load >= DEFAULT_SPREAD.load || each.consumers >= DEFAULT_SPREAD.consumers;
  fc.assert(
    fc.property(views, fc.uniqueArray(fc.integer({ min: 1, max: 8 })), (workers, homes) => {
      const chosen = workers.find(each => each.worker === place(workers, homes));
      expect(chosen).toBeDefined();
      if (homes.some(home => workers.some(each => each.worker === home)) && workers.some(each => !isFull(each)))
        expect(isFull(chosen)).toBe(false);
    }),
  );
});
