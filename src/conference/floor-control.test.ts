/** The floor in a call: who is heard, who is told. */
import { describe, expect, it } from 'vitest';
import type { FloorState } from '../../signalling/wire/floor.ts';
import { OPEN_TO_ALL, type Permissions } from '../../signalling/wire/permissions.ts';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  type BenchClient,
  benchClient,
  callOfMany,
  type ConferenceBench,
  newsIn,
  offersIn,
  toldIn,
} from '../testing/conference-bench.ts';
import { CLAIMS_AT_ONCE, CLAIMS_PER_SECOND } from './claim-rate.ts';
import type { Effect } from './messages.ts';

const WALKIE_TALKIE: Permissions = {
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

function permit(bench: ConferenceBench, permissions: Permissions): Effect[] {
  return bench.take({ kind: 'permissions-changed', permissions });
}

/** Everybody listens to everybody, where only the holder of the floor is heard. */
function walkieTalkie<const Names extends readonly string[]>(...names: Names) {
  const { bench, clients } = callOfMany(...names);
  permit(bench, WALKIE_TALKIE);
  for (const viewer of clients) for (const other of clients) if (other !== viewer) bench.subscribe(viewer, other);
  bench.agree(...clients);
  return { bench, clients };
}

function press(bench: ConferenceBench, client: BenchClient): Effect[] {
  return bench.say(client, { kind: 'floor_request' });
}

function letGo(bench: ConferenceBench, client: BenchClient): Effect[] {
  return bench.say(client, { kind: 'floor_release' });
}

/** Whose voices flow to the viewer: what is not paused, of somebody whose media is open. */
function hears(bench: ConferenceBench, viewer: BenchClient, others: readonly BenchClient[]): BenchClient[] {
  const { participants } = bench.conference;
  const offered = participants.get(viewer.call.key)?.offered;
  return others.filter(
    other => participants.has(other.call.key) && offered?.get(keyOfSubscription(audioOf(other)))?.paused === false,
  );
}

function told(effects: readonly Effect[], client: BenchClient): FloorState[] {
  return newsIn(effects, client, 'floor').flatMap(news => (news.kind === 'floor' ? [news.message] : []));
}

function errors(effects: readonly Effect[], client: BenchClient): unknown[] {
  return newsIn(effects, client, 'error').flatMap(news =>
    news.kind === 'error' ? [[news.error.code, news.inReplyTo]] : [],
  );
}

function deviceOf({ session: { userId, deviceId } }: BenchClient) {
  return { userId, deviceId };
}

/** Ticks as the runner does; both keep their keys down where they are given. */
function pass(bench: ConferenceBench, ms: number, ...pressing: BenchClient[]): Effect[] {
  const effects: Effect[] = [];
  for (let at = 500; at <= ms; at += 500) {
    effects.push(...bench.pass(500));
    if (at % 3_000 === 0) for (const client of pressing) effects.push(...press(bench, client));
  }
  return effects;
}

describe('without the floor', () => {
  it('nobody is heard, and everybody is seen', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    expect(hears(bench, bo, [ana])).toEqual([]);
    expect(bench.served(bo, ana)).toMatchObject({ paused: false });
  });

  it('tracks are told of and agreed on, so that the floor needs no negotiation', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    expect(bench.lastMetadata(bo)?.[audioOf(ana).streamId]?.tracks).toHaveProperty(audioOf(ana).trackId);
    expect(offersIn(press(bench, ana))).toEqual([]);
    expect(hears(bench, bo, [ana])).toEqual([ana]);
  });

  it('nobody counts as a speaker; who gets it does', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    bench.want(bo, { tell: ['speakers'] });
    bench.effects.length = 0;
    bench.speak(ana);
    expect(toldIn(bench.effects, bo, 'speakers')).toEqual([]);
    expect(toldIn(press(bench, ana), bo, 'speakers')).toEqual([{ kind: 'speakers', latest: [audioOf(ana)] }]);
  });

  it('a voice costs its viewers nothing', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    const spentOnVoices = (): number | undefined =>
      bench.conference.participants.get(bo.call.key)?.viewing.allocation.audio;
    const before = spentOnVoices() ?? 0;
    press(bench, ana);
    expect(spentOnVoices()).toBeGreaterThan(before);
  });
});

describe('the floor', () => {
  it('makes its holder heard by all in the step in which it asks', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    press(bench, ana);
    expect([bo, cy].map(viewer => hears(bench, viewer, clients))).toEqual([[ana], [ana]]);
  });

  it('passes from one to the next in one step: the old voice is paused before the new one flows', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    // Whatever the order in which they are offered.
    for (const [from, to] of [
      [ana, bo],
      [bo, ana],
    ] as const) {
      press(bench, from);
      press(bench, to);
      const effects = letGo(bench, from).filter(effect => 'call' in effect && effect.call.callId === cy.call.callId);
      const voices: string[] = [from, to].map(client => keyOfSubscription(audioOf(client)));
      // Who speaks comes first with its picture, too.
      const adjusts = adjustsIn(effects).filter(({ track }) => voices.includes(track));
      expect(adjusts.map(({ track, paused }) => [track, paused])).toEqual([
        [voices[0], true],
        [voices[1], false],
      ]);
      letGo(bench, to);
    }
  });

  it('is told to everybody at each change, and to nobody where nothing changes for it', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    let effects = press(bench, ana);
    expect(told(effects, ana)).toEqual([{ kind: 'floor', holder: deviceOf(ana), you: 'holder' }]);
    expect(told(effects, cy)).toEqual([{ kind: 'floor', holder: deviceOf(ana), you: 'none' }]);
    const until = bench.now + 60_000;
    effects = press(bench, bo);
    expect(told(effects, ana)).toEqual([{ kind: 'floor', holder: deviceOf(ana), you: 'holder', until }]);
    expect(told(effects, bo)).toEqual([{ kind: 'floor', holder: deviceOf(ana), you: 'queued', position: 1, until }]);
    effects = press(bench, cy);
    expect(told(effects, cy)).toEqual([{ kind: 'floor', holder: deviceOf(ana), you: 'queued', position: 2, until }]);
    expect([...told(effects, ana), ...told(effects, bo)]).toEqual([]);
    expect(
      [ana, bo, cy].flatMap(client => told(press(bench, ana), client)),
      'asking again',
    ).toEqual([]);
    effects = letGo(bench, ana);
    expect(told(effects, cy)).toMatchObject([{ holder: deviceOf(bo), you: 'queued', position: 1 }]);
  });

  it('is told to who loses it before who gets it, whoever came first', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'mo');
    const [ana, bo, mo] = clients;
    for (const [from, to] of [
      [ana, bo],
      [bo, ana],
    ] as const) {
      press(bench, from);
      press(bench, to);
      const effects = bench.say(mo, { kind: 'floor_revoke' });
      const toldAt = (client: BenchClient): number =>
        effects.findIndex(
          effect => effect.kind === 'tell' && effect.news.kind === 'floor' && effect.call.callId === client.call.callId,
        );
      expect(toldAt(from)).toBeGreaterThanOrEqual(0);
      expect(toldAt(from)).toBeLessThan(toldAt(to));
      for (const client of [from, to]) letGo(bench, client);
    }
  });

  it('is told to who joins, once its channel is open', () => {
    const { bench, clients } = walkieTalkie('ana');
    press(bench, clients[0]);
    const bo = benchClient('bo');
    bench.join(bo);
    expect(told(bench.effects, bo)).toEqual([{ kind: 'floor', holder: deviceOf(clients[0]), you: 'none' }]);
  });

  it('is not spoken of in calls without one', () => {
    const { bench, clients } = callOfMany('ana', 'bo');
    for (const client of clients) expect(told(bench.effects, client)).toEqual([]);
  });
});

describe('a holder', () => {
  it('that hangs up loses it in the same step', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    press(bench, ana);
    press(bench, bo);
    const effects = bench.take({ kind: 'hung-up', call: ana.call });
    expect(hears(bench, cy, [ana, bo])).toEqual([bo]);
    const [closes, resumes] = [
      effects.findIndex(effect => effect.kind === 'close' && effect.call.callId === ana.call.callId),
      effects.findIndex(effect => effect.kind === 'adjust' && effect.track === keyOfSubscription(audioOf(bo))),
    ];
    expect(closes, 'her media ends before he is heard').toBeLessThan(resumes);
    expect(closes).toBeGreaterThanOrEqual(0);
  });

  it('that is silent on its path loses it in the same step', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    press(bench, ana);
    press(bench, bo);
    bench.take({ kind: 'path', call: ana.call, state: 'silent' });
    expect(hears(bench, cy, [ana, bo])).toEqual([bo]);
  });

  it('that no longer asks loses it in less than 10 s, and is told', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    press(bench, ana);
    const effects = pass(bench, 9_500, bo);
    expect(hears(bench, cy, [ana, bo])).toEqual([bo]);
    expect(told(effects, ana).at(-1)).toMatchObject({ holder: deviceOf(bo), you: 'none' });
  });

  it('that asks every 3 s keeps it', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    press(bench, ana);
    pass(bench, 120_000, ana);
    expect(hears(bench, bo, [ana])).toEqual([ana]);
  });

  it('goes on for a minute at most while somebody waits, then waits itself', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    press(bench, ana);
    press(bench, bo);
    pass(bench, 59_500, ana, bo);
    expect(hears(bench, cy, [ana, bo])).toEqual([ana]);
    const effects = pass(bench, 3_500, ana, bo);
    expect(hears(bench, cy, [ana, bo])).toEqual([bo]);
    expect(told(effects, ana).at(-1)).toMatchObject({ you: 'queued', position: 1 });
  });

  it('whose device joins again begins anew', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    press(bench, ana);
    const again = benchClient('ana', 's2');
    bench.join(again);
    bench.subscribe(bo, again);
    bench.agree(bo, again);
    expect(hears(bench, bo, [again])).toEqual([]);
    expect(told(bench.effects, bo).at(-1)).toMatchObject({ holder: undefined });
    press(bench, again);
    expect(hears(bench, bo, [again])).toEqual([again]);
  });

  it('cannot be spoken for by a late word of its earlier session', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    const again = benchClient('ana', 's2');
    bench.join(again);
    press(bench, ana);
    expect(told(bench.effects, bo).every(({ holder }) => holder === undefined)).toBe(true);
  });
});

describe('who may ask', () => {
  it('is nobody where everybody is heard anyway', () => {
    const { bench, clients } = callOfMany('ana');
    const [ana] = clients;
    expect(errors(press(bench, ana), ana)).toEqual([['WEIR_UNEXPECTED_MESSAGE', 'org.weir.floor_request']]);
    expect(errors(letGo(bench, ana), ana), 'a key that comes up late').toEqual([]);
  });

  it('is not who may not publish audio', () => {
    const { bench, clients } = walkieTalkie('ana', 'quiet');
    const [, quiet] = clients;
    permit(bench, { ...WALKIE_TALKIE, publish: { audio: 0 } });
    expect(errors(press(bench, quiet), quiet)).toEqual([['WEIR_MAY_NOT_PUBLISH', 'org.weir.floor_request']]);
  });

  it('nor who loses that permission while it holds the floor', () => {
    const { bench, clients } = walkieTalkie('ana', 'quiet');
    const [ana, quiet] = clients;
    press(bench, quiet);
    press(bench, ana);
    const effects = permit(bench, { ...WALKIE_TALKIE, publish: { audio: 0 } });
    expect(told(effects, ana)).toMatchObject([{ you: 'holder' }]);
    expect(hears(bench, ana, [quiet])).toEqual([]);
  });

  it('is told where the queue is full', () => {
    const names = Array.from({ length: 66 }, (_, index) => `user${index}`);
    const { bench, clients } = callOfMany(...names);
    permit(bench, WALKIE_TALKIE);
    const effects = clients.map(client => press(bench, client));
    const last = clients.at(-1);
    if (last === undefined) throw new Error('nobody');
    expect(errors(effects.flat(), last)).toEqual([['WEIR_OVERLOADED', 'org.weir.floor_request']]);
    expect(clients.slice(0, -1).flatMap(client => errors(effects.flat(), client))).toEqual([]);
  });
});

describe('a flood', () => {
  it('of requests while it waits moves nobody, and is told to nobody', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    press(bench, ana);
    press(bench, bo);
    press(bench, cy);
    const effects = Array.from({ length: 500 }, () => press(bench, cy)).flat();
    expect(clients.flatMap(client => [...told(effects, client), ...errors(effects, client)])).toEqual([]);
    letGo(bench, ana);
    expect(hears(bench, ana, [bo, cy])).toEqual([bo]);
  });

  it('of a key that is pressed and let go again and again is told to others a few times, and ends at it', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    const flutter = (): Effect[] =>
      Array.from({ length: 200 }, () => [...press(bench, ana), ...letGo(bench, ana)]).flat();
    let effects = flutter();
    expect(told(effects, bo)).toHaveLength(2 * CLAIMS_AT_ONCE);
    expect(new Set(errors(effects, ana).map(String))).toEqual(
      new Set(['WEIR_TOO_MANY_MESSAGES,org.weir.floor_request']),
    );
    bench.pass(1_000);
    effects = flutter();
    expect(told(effects, bo)).toHaveLength(2 * CLAIMS_PER_SECOND);
    expect(told(press(bench, bo), bo), 'others have the floor as ever').toMatchObject([{ you: 'holder' }]);
  });

  it('is over where the key is held: the next word of it counts', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    for (let count = 0; count < 50; count += 1) {
      press(bench, ana);
      letGo(bench, ana);
    }
    expect(told(press(bench, ana), ana)).toEqual([]);
    bench.pass(3_000);
    expect(told(press(bench, ana), ana)).toMatchObject([{ you: 'holder' }]);
    expect(hears(bench, bo, [ana])).toEqual([ana]);
  });
});

describe('a moderator', () => {
  it('takes the floor from its holder', () => {
    const { bench, clients } = walkieTalkie('mo', 'ana', 'bo');
    const [mo, ana, bo] = clients;
    press(bench, ana);
    press(bench, bo);
    bench.say(mo, { kind: 'floor_revoke' });
    expect(hears(bench, mo, [ana, bo])).toEqual([bo]);
    press(bench, ana);
    expect(told(press(bench, ana), ana), 'its key is still down').toEqual([]);
  });

  it('who means somebody that has lost it meanwhile takes it from nobody', () => {
    const { bench, clients } = walkieTalkie('mo', 'ana', 'bo');
    const [mo, ana, bo] = clients;
    press(bench, bo);
    bench.say(mo, { kind: 'floor_revoke', holder: deviceOf(ana) });
    expect(hears(bench, mo, [ana, bo])).toEqual([bo]);
    bench.say(mo, { kind: 'floor_revoke', holder: deviceOf(bo) });
    expect(hears(bench, mo, [ana, bo])).toEqual([]);
  });

  it('is nobody else', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    press(bench, ana);
    const effects = bench.say(bo, { kind: 'floor_revoke' });
    expect(errors(effects, bo)).toEqual([['WEIR_MAY_NOT_REVOKE', 'org.weir.floor_revoke']]);
    expect(hears(bench, bo, [ana])).toEqual([ana]);
  });
});

describe('a room that gives the floor up', () => {
  it('lets everybody be heard, and tells those who knew of it', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    press(bench, ana);
    const effects = permit(bench, OPEN_TO_ALL);
    expect([hears(bench, bo, [ana]), hears(bench, ana, [bo])]).toEqual([[ana], [bo]]);
    expect(told(effects, bo)).toEqual([{ kind: 'floor', holder: undefined, you: 'none' }]);
  });

  it('and takes it up again begins with a free one', () => {
    const { bench, clients } = walkieTalkie('ana', 'bo');
    const [ana, bo] = clients;
    press(bench, ana);
    permit(bench, OPEN_TO_ALL);
    permit(bench, { ...WALKIE_TALKIE });
    expect(hears(bench, bo, [ana])).toEqual([]);
  });
});

it('what only the focus may say is for the log', () => {
  const { bench, clients } = walkieTalkie('ana', 'bo');
  const [ana] = clients;
  const effects = bench.say(ana, { kind: 'floor', holder: deviceOf(ana), you: 'holder' });
  expect(effects.filter(effect => effect.kind === 'note').map(({ code }) => code)).toEqual(['WEIR_UNEXPECTED_MESSAGE']);
});
