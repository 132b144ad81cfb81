/** A call in which only the holder of the floor is heard, on the bench. */
import type { FloorState } from '../../signalling/wire/floor.ts';
import type { Permissions } from '../../signalling/wire/permissions.ts';
import type { Effect } from '../conference/messages.ts';
import { keyOfSubscription } from '../session.ts';
import { audioOf, type BenchClient, callOfMany, type ConferenceBench, newsIn } from './conference-bench.ts';

export const WALKIE_TALKIE: Permissions = {
  publish: {},
  floor: { moderator: 50 },
  power: {
    levels: {
      users: new Map([
        ['@mo:example.org', 50],
        ['@quiet:example.org', -1],
      ]),
      usersDefault: 0,
    },
    creation: undefined,
  },
};

export function permit(bench: ConferenceBench, permissions: Permissions): Effect[] {
  return bench.take({ kind: 'permissions-changed', permissions });
}

/** Everybody listens to everybody, where only the holder of the floor is heard. */
export function walkieTalkie<const Names extends readonly string[]>(...names: Names) {
  const { bench, clients } = callOfMany(...names);
  permit(bench, WALKIE_TALKIE);
  for (const viewer of clients) for (const other of clients) if (other !== viewer) bench.subscribe(viewer, other);
  bench.agree(...clients);
  return { bench, clients };
}

export function press(bench: ConferenceBench, client: BenchClient): Effect[] {
  return bench.say(client, { kind: 'floor_request' });
}

export function letGo(bench: ConferenceBench, client: BenchClient): Effect[] {
  return bench.say(client, { kind: 'floor_release' });
}

/** Whose voices flow to the viewer: what is not paused, of somebody whose media is open. */
export function hears(bench: ConferenceBench, viewer: BenchClient, others: readonly BenchClient[]): BenchClient[] {
  const { participants } = bench.conference;
  const offered = participants.get(viewer.call.key)?.offered;
  return others.filter(
    other => participants.has(other.call.key) && offered?.get(keyOfSubscription(audioOf(other)))?.paused === false,
  );
}

export function told(effects: readonly Effect[], client: BenchClient): FloorState[] {
  return newsIn(effects, client, 'floor').flatMap(news => (news.kind === 'floor' ? [news.message] : []));
}

export function errors(effects: readonly Effect[], client: BenchClient): unknown[] {
  return newsIn(effects, client, 'error').flatMap(news =>
    news.kind === 'error' ? [[news.error.code, news.inReplyTo]] : [],
  );
}

export function deviceOf({ session: { userId, deviceId } }: BenchClient) {
  return { userId, deviceId };
}

/** Ticks as the runner does; both keep their keys down where they are given. */
export function pass(bench: ConferenceBench, ms: number, ...pressing: BenchClient[]): Effect[] {
  const effects: Effect[] = [];
  for (let at = 500; at <= ms; at += 500) {
    effects.push(...bench.pass(500));
    if (at % 3_000 === 0) for (const client of pressing) effects.push(...press(bench, client));
  }
  return effects;
}
