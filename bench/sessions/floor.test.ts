import { expect, test } from 'vitest';
import type { FloorEvent } from '../../loadtest/peers/floor-peer.ts';
import { judgeFloor } from './floor.ts';
import { countHandovers, countTwoAtOnce, IN_FLIGHT_MS } from './floor-events.ts';

const DEVICES = ['ana', 'bo', 'cy'];

function toldAll(at: number, holder: string | undefined): FloorEvent[] {
  return DEVICES.map(device => ({ kind: 'told', at, device, holder }));
}

/** Everybody else receives a packet of `from` every 20 ms. */
function heardByAll(from: string, begin: number, end: number): FloorEvent[] {
  const events: FloorEvent[] = [];
  for (let at = begin; at < end; at += 20)
    for (const device of DEVICES) if (device !== from) events.push({ kind: 'heard', at, device, from });
  return events;
}

/** Ana speaks, then Bo; `more` happens beside. */
function handover(...more: FloorEvent[]): FloorEvent[] {
  return [
    ...toldAll(0, 'ana'),
    ...heardByAll('ana', 10, 1_000),
    { kind: 'released' as const, at: 995, device: 'ana' },
    ...toldAll(1_000, 'bo'),
    ...heardByAll('bo', 1_010, 2_000),
    ...toldAll(2_000, undefined),
    ...more,
  ].sort((a, b) => a.at - b.at);
}

function heardAt(at: number, from: string): FloorEvent {
  return { kind: 'heard', at, device: 'cy', from };
}

test('a hand-over counts where the next one is told, and heard by all others', () => {
  expect(countHandovers(handover())).toBe(1);
  expect(countTwoAtOnce(handover())).toBe(0);
  const unheard = handover().filter(event => event.kind !== 'heard' || event.from !== 'bo' || event.device !== 'cy');
  expect(countHandovers(unheard)).toBe(0);
});

test('the first who takes a free floor gets it from nobody', () => {
  expect(countHandovers([...toldAll(0, undefined), ...toldAll(1, 'ana'), ...heardByAll('ana', 2, 100)])).toBe(0);
});

test('what was in flight when the word came is no fault, what comes later is', () => {
  expect(countTwoAtOnce(handover(heardAt(1_000 + IN_FLIGHT_MS - 1, 'ana')))).toBe(0);
  expect(countTwoAtOnce(handover(heardAt(1_000 + IN_FLIGHT_MS + 1, 'ana')))).toBe(1);
  expect(countTwoAtOnce(handover(heardAt(1_000 - IN_FLIGHT_MS + 1, 'bo'))), 'before the word').toBe(0);
  expect(countTwoAtOnce(handover(heardAt(1_000 - IN_FLIGHT_MS - 1, 'bo')))).toBe(1);
});

test('a whole turn of somebody else counts once; so does who speaks while nobody has the floor', () => {
  expect(countTwoAtOnce(handover(...heardByAll('ana', 1_100, 1_900).filter(({ device }) => device === 'cy')))).toBe(1);
  expect(countTwoAtOnce(handover(heardAt(2_500, 'bo')))).toBe(1);
});

test('two who are told at the same time that they hold it are two at once', () => {
  const early: FloorEvent = { kind: 'told', at: 990, device: 'bo', holder: 'bo' };
  expect(countTwoAtOnce(handover(early), Number.POSITIVE_INFINITY)).toBe(1);
  expect(countTwoAtOnce(handover({ ...early, at: 996 }), Number.POSITIVE_INFINITY), 'she has let go').toBe(0);
});

test('bounds', () => {
  const good = { handovers: 100, two_at_once: 0, dead_holder_ms: 9_000 };
  expect(judgeFloor(good)).toEqual([]);
  expect(judgeFloor(null)).toEqual(['the floor was not measured']);
  expect(judgeFloor({ handovers: 99, two_at_once: 1, dead_holder_ms: 10_000 })).toHaveLength(3);
  expect(judgeFloor({ ...good, dead_holder_ms: null })).toHaveLength(1);
});
