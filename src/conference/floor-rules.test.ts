/** The floor in a call: who may ask for it, who may take it, and what a flood does. */
import { describe, expect, it } from 'vitest';
import { OPEN_TO_ALL } from '../../signalling/wire/permissions.ts';
import { callOfMany } from '../testing/conference-bench.ts';
import {
  WALKIE_TALKIE,
  permit,
  walkieTalkie,
  press,
  letGo,
  hears,
  told,
  errors,
  deviceOf,
} from '../testing/walkie-talkie.ts';
import { CLAIMS_AT_ONCE, CLAIMS_PER_SECOND } from './claim-rate.ts';
import type { Effect } from './messages.ts';

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
