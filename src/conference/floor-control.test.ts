/** The floor in a call: who is heard, who is told. */
import { describe, expect, it } from 'vitest';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  type BenchClient,
  benchClient,
  callOfMany,
  offersIn,
  toldIn,
} from '../testing/conference-bench.ts';
import { walkieTalkie, press, letGo, hears, told, deviceOf, pass } from '../testing/walkie-talkie.ts';

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
