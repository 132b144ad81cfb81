/** What a walkie-talkie's devices were told and heard, and what that says. Pure; times in ms on one clock. */
import type { FloorEvent } from '../../loadtest/peers/floor-peer.ts';

/**
 * Three packets of 20 ms. The word of a hand-over and the voices come on two ways, and neither waits for the other: what was on its
 * way, or in a queue of the focus or of the listener, when the word came is no fault.
 */
export const IN_FLIGHT_MS = 60;

/** A time in which a device was told of one holder. */
interface Turn {
  from: number;
  to: number;
  holder: string | undefined;
}

/** Passages from one holder to the next that the next one was told of, and in whose turn all others have heard it. */
export function countHandovers(events: readonly FloorEvent[]): number {
  const devices = new Set(events.map(({ device }) => device));
  let count = 0;
  for (const next of devices) {
    for (const [before, turn] of pairs(turnsOf(events, next))) {
      if (turn.holder !== next || before.holder === undefined || before.holder === next) continue;
      const listeners = new Set(
        events.flatMap(event =>
          event.kind === 'heard' && event.from === next && event.at >= turn.from && event.at < turn.to
            ? event.device
            : [],
        ),
      );
      if (listeners.size === devices.size - 1) count += 1;
    }
  }
  return count;
}

/** How often two devices were told at the same time that they hold it, or one heard somebody who did not as far as it was told. */
export function countTwoAtOnce(events: readonly FloorEvent[], inFlightMs = IN_FLIGHT_MS): number {
  return countOverlaps(events) + countWrongVoices(events, inFlightMs);
}

function countOverlaps(events: readonly FloorEvent[]): number {
  const holding = new Set<string>();
  let count = 0;
  for (const event of events) {
    if (event.kind === 'heard') continue;
    const holds = event.kind === 'told' && event.holder === event.device;
    if (!holds) holding.delete(event.device);
    else if (!holding.has(event.device)) {
      if (holding.size > 0) count += 1;
      holding.add(event.device);
    }
  }
  return count;
}

/** Turns, as each device was told of them, in which it heard somebody else. */
function countWrongVoices(events: readonly FloorEvent[], inFlightMs: number): number {
  let count = 0;
  for (const device of new Set(events.map(each => each.device))) {
    const turns = turnsOf(events, device);
    const wrong = new Set<Turn>();
    for (const event of events) {
      if (event.kind !== 'heard' || event.device !== device) continue;
      const { at, from } = event;
      const holders = turns.filter(turn => turn.from <= at + inFlightMs && turn.to > at - inFlightMs);
      if (holders.some(({ holder }) => holder === from)) continue;
      const turn = holders.at(-1);
      if (turn !== undefined) wrong.add(turn);
    }
    count += wrong.size;
  }
  return count;
}

function turnsOf(events: readonly FloorEvent[], device: string): Turn[] {
  const turns: Turn[] = [];
  let holder: string | undefined;
  for (const event of events) {
    if (event.kind !== 'told' || event.device !== device) continue;
    if (turns.length > 0 && holder === event.holder) continue;
    ({ holder } = event);
    const before = turns.at(-1);
    if (before !== undefined) before.to = event.at;
    turns.push({ from: event.at, to: Number.POSITIVE_INFINITY, holder });
  }
  return turns;
}

function pairs<T>(list: readonly T[]): [T, T][] {
  return list.slice(1).flatMap((after, index) => {
    const before = list[index];
    return before === undefined ? [] : [[before, after] as [T, T]];
  });
}
