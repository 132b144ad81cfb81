import { EventEmitter } from 'node:events';
import { beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { LayerLife } from './layer-life.ts';

/** ms in which the worker trusts a layer. */
const TRUSTED_AFTER_MS = 2_050;

/** A producer's scores, as a test says. */
class Scores extends EventEmitter {
  score: { encodingIdx: number; ssrc: number; score: number }[] = [];

  /** Of each layer, the lowest first. */
  tell(...scores: number[]): void {
    this.score = scores.map((score, encodingIdx) => ({ encodingIdx, ssrc: encodingIdx + 1, score }));
    this.emit('score', this.score);
  }
}

let clock: VirtualClock;
let producer: Scores;
let life: LayerLife;
let changes: number;

const settled = (): boolean[] => [0, 1, 2].map(layer => life.isSettled(layer));

beforeEach(() => {
  clock = new VirtualClock();
  producer = new Scores();
  life = new LayerLife(producer, clock);
  changes = 0;
  life.watch(() => {
    changes += 1;
  });
});

it('takes the lowest layer at once, and others after the time in which the worker trusts them', async () => {
  expect(settled()).toEqual([false, false, false]);
  producer.tell(9, 9, 0);
  expect(settled()).toEqual([true, false, false]);
  await clock.pass(TRUSTED_AFTER_MS - 1);
  expect(settled()).toEqual([true, false, false]);
  await clock.pass(1);
  expect(settled()).toEqual([true, true, false]);
  expect(changes).toBeGreaterThan(1);
});

it('takes a layer at once that is the only one', () => {
  producer.tell(0, 0, 9);
  expect(settled()).toEqual([false, false, true]);
});

it('forgets a layer when it stops, and begins anew when it comes back', async () => {
  producer.tell(9, 9, 9);
  await clock.pass(TRUSTED_AFTER_MS);
  expect(settled()).toEqual([true, true, true]);
  producer.tell(9, 9, 0);
  expect(settled()).toEqual([true, true, false]);
  producer.tell(9, 9, 9);
  await clock.pass(TRUSTED_AFTER_MS - 1);
  producer.tell(9, 9, 0);
  producer.tell(9, 9, 9);
  await clock.pass(TRUSTED_AFTER_MS - 1);
  expect(settled()).toEqual([true, true, false]);
  await clock.pass(1);
  expect(settled()).toEqual([true, true, true]);
});

it('tells nothing of scores that change nothing, and nothing after its end', async () => {
  producer.tell(9);
  await clock.pass(TRUSTED_AFTER_MS);
  const before = changes;
  producer.tell(7);
  expect(changes).toBe(before);
  producer.tell(7, 9);
  life.close();
  const atTheEnd = changes;
  producer.tell(0, 0);
  await clock.pass(TRUSTED_AFTER_MS);
  expect(changes).toBe(atTheEnd);
  expect(producer.listenerCount('score')).toBe(0);
});
