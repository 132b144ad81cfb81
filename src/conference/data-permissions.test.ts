/** Application data in rooms that do not let everybody publish it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPEN_TO_ALL, type Permissions } from '../../signalling/wire/permissions.ts';
import { type BenchClient, callOfMany, type ConferenceBench, newsIn } from '../testing/conference-bench.ts';
import type { Effect } from './messages.ts';

let lastId = 0;

function open(bench: ConferenceBench, client: BenchClient): { channelId: number; effects: Effect[] } {
  lastId += 1;
  const channel = { channelId: lastId, label: 'chat', protocol: '', ordered: true, reliable: true };
  return { channelId: lastId, effects: bench.take({ kind: 'data-opened', call: client.call, channel }) };
}

/** Those of these power levels may publish data from level 50 on; all may publish everything else. */
function permit(bench: ConferenceBench, levels: Record<string, number>): Effect[] {
  const users = new Map(Object.entries(levels).map(([name, level]) => [`@${name}:example.org`, level]));
  const power = { levels: { users, usersDefault: 0 }, creation: undefined };
  const permissions: Permissions = { publish: { data: 50 }, floor: undefined, power };
  return bench.take({ kind: 'permissions-changed', permissions });
}

/** What the media engine is asked about the data of a participant: `refuse-data 3`. */
function asked(effects: readonly Effect[], client: BenchClient): string[] {
  return effects.flatMap(effect => {
    if (!('call' in effect) || effect.call.callId !== client.call.callId) return [];
    if (effect.kind === 'accept-data' || effect.kind === 'refuse-data') return `${effect.kind} ${effect.channelId}`;
    if (effect.kind === 'forward-data' || effect.kind === 'stop-data')
      return `${effect.kind} ${effect.channel.channelId}`;
    return [];
  });
}

function codesFor(effects: readonly Effect[], client: BenchClient): string[] {
  return newsIn(effects, client, 'error').flatMap(news => (news.kind === 'error' ? news.error.code : []));
}

/** Bo subscribes to what Ana publishes. */
function subscribedCall() {
  const { bench, clients } = callOfMany('ana', 'bo');
  const [ana, bo] = clients;
  bench.say(bo, { kind: 'data_subscription', labels: ['chat'] });
  return { bench, ana, bo };
}

describe('a channel of who may not publish data', () => {
  it('is closed, and forwarded to nobody; its publisher is told why', () => {
    const { bench, ana, bo } = subscribedCall();
    permit(bench, { bo: 50 });
    const { channelId, effects } = open(bench, ana);
    expect(asked(effects, ana)).toEqual([`refuse-data ${channelId}`]);
    expect(asked(effects, bo)).toEqual([]);
    expect(codesFor(effects, ana)).toEqual(['WEIR_MAY_NOT_PUBLISH']);
  });

  it('is one of many: its publisher is told once a second', () => {
    const { bench, ana } = subscribedCall();
    permit(bench, {});
    expect(Array.from({ length: 50 }, () => codesFor(open(bench, ana).effects, ana)).flat()).toHaveLength(1);
    bench.pass(1_000);
    expect(codesFor(open(bench, ana).effects, ana)).toEqual(['WEIR_MAY_NOT_PUBLISH']);
  });

  it('leaves those alone who may, and who only listen', () => {
    const { bench, ana, bo } = subscribedCall();
    permit(bench, { ana: 50 });
    const { channelId, effects } = open(bench, ana);
    expect([asked(effects, ana), asked(effects, bo)]).toEqual([
      [`accept-data ${channelId}`],
      [`forward-data ${channelId}`],
    ]);
    expect(codesFor(bench.effects, bo)).toEqual([]);
  });
});

describe('power levels that change under an open channel', () => {
  it('close it in the same step, at its publisher and at who is forwarded it', () => {
    const { bench, ana, bo } = subscribedCall();
    const { channelId } = open(bench, ana);
    const effects = permit(bench, { bo: 50 });
    expect(asked(effects, ana)).toEqual([`refuse-data ${channelId}`]);
    expect(asked(effects, bo)).toEqual([`stop-data ${channelId}`]);
    expect(codesFor(effects, ana)).toEqual(['WEIR_MAY_NOT_PUBLISH']);
    expect(codesFor(effects, bo)).toEqual([]);
  });

  it('close it once', () => {
    const { bench, ana } = subscribedCall();
    open(bench, ana);
    permit(bench, {});
    const after = [...permit(bench, {}), ...bench.pass(5_000)];
    expect([asked(after, ana), codesFor(after, ana)]).toEqual([[], []]);
  });

  it('let her open another one as soon as she may again', () => {
    const { bench, ana, bo } = subscribedCall();
    open(bench, ana);
    permit(bench, {});
    bench.take({ kind: 'permissions-changed', permissions: OPEN_TO_ALL });
    const { channelId, effects } = open(bench, ana);
    expect(asked(effects, ana)).toEqual([`accept-data ${channelId}`]);
    expect(asked(effects, bo)).toEqual([`forward-data ${channelId}`]);
  });

  it('close what was opened in the very step in which they changed', () => {
    const { bench, ana, bo } = subscribedCall();
    const channel = { channelId: 4_711, label: 'chat', protocol: '', ordered: true, reliable: true };
    const permissions: Permissions = { ...OPEN_TO_ALL, publish: { data: 50 } };
    const effects = bench.take(
      { kind: 'data-opened', call: ana.call, channel },
      { kind: 'permissions-changed', permissions },
    );
    expect(asked(effects, ana).at(-1)).toBe('refuse-data 4711');
    expect(asked(effects, bo)).toEqual([]);
  });

  it('however they change, nobody is forwarded what its publisher may not publish, and all that it may', () => {
    const move = fc.record({ what: fc.constantFrom('open', 'permit', 'forbid', 'close'), who: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), moves => {
        const { bench, ana, bo } = subscribedCall();
        bench.say(ana, { kind: 'data_subscription', labels: ['chat'] });
        const clients = [ana, bo] as const;
        const mayPublish = [true, true];
        const openOf: number[][] = [[], []];
        for (const { what, who } of moves) {
          const client = who === 0 ? ana : bo;
          const from = bench.effects.length;
          if (what === 'open') openOf[who]?.push(open(bench, client).channelId);
          else if (what === 'close') {
            const channelId = openOf[who]?.pop();
            if (channelId !== undefined)
              bench.take({ kind: 'data-closed', call: client.call, channelId, error: undefined });
          } else {
            mayPublish[who] = what === 'permit';
            permit(bench, { ana: mayPublish[0] === true ? 50 : 0, bo: mayPublish[1] === true ? 50 : 0 });
          }
          for (const [index, publisher] of clients.entries()) {
            const refused = asked(bench.effects.slice(from), publisher).filter(text => text.startsWith('refuse'));
            openOf[index] = openOf[index]?.filter(id => !refused.includes(`refuse-data ${id}`)) ?? [];
            if (mayPublish[index] !== true) expect(openOf[index]).toEqual([]);
            const viewer = clients[1 - index];
            const forwards = viewer && bench.conference.participants.get(viewer.call.key)?.data.forwards.values();
            expect([...(forwards ?? [])].map(({ channelId }) => channelId)).toEqual(openOf[index]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
