/** Application data: whose channels are forwarded to whom. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataMessage } from '../../signalling/wire/data.ts';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { OpenedData } from '../ports.ts';
import {
  type BenchClient,
  benchClient,
  callOfMany,
  type ConferenceBench,
  newsIn,
} from '../testing/conference-bench.ts';
import type { Effect } from './messages.ts';

let lastId = 0;

function opens(bench: ConferenceBench, client: BenchClient, label: string, more: Partial<OpenedData> = {}) {
  lastId += 1;
  const channel = { channelId: lastId, label, protocol: '', ordered: true, reliable: true, ...more };
  return { channel, effects: bench.take({ kind: 'data-opened', call: client.call, channel }) };
}

function wants(bench: ConferenceBench, client: BenchClient, ...labels: string[]): Effect[] {
  return bench.say(client, { kind: 'data_subscription', labels });
}

/** `alice forward 3` for each thing that the media engine is asked about data, in order. */
function asked(effects: readonly Effect[]): string[] {
  return effects.flatMap(effect => {
    const who = 'call' in effect ? /@(\w+)/.exec(effect.call.key)?.[1] : undefined;
    switch (effect.kind) {
      case 'expect-data':
        return `${who} expect`;
      case 'accept-data':
      case 'refuse-data':
        return `${who} ${effect.kind.slice(0, 6)} ${effect.channelId}`;
      case 'forward-data':
        return `${who} forward ${effect.channel.channelId}`;
      case 'stop-data':
        return `${who} stop ${effect.channel.channelId}`;
      default:
        return [];
    }
  });
}

function codesFor(effects: readonly Effect[], client: BenchClient): string[] {
  return newsIn(effects, client, 'error').flatMap(news => (news.kind === 'error' ? news.error.code : []));
}

function listsFor(effects: readonly Effect[], client: BenchClient): Extract<DataMessage, { kind: 'data_channels' }>[] {
  return newsIn(effects, client, 'data').flatMap(news =>
    news.kind === 'data' && news.message.kind === 'data_channels' ? news.message : [],
  );
}

describe('a channel', () => {
  it('is forwarded to those who subscribe to its label, and not to its publisher', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    wants(bench, alice, 'positions');
    wants(bench, bob, 'positions', 'other');
    wants(bench, carol, 'chat');
    const { channel, effects } = opens(bench, alice, 'positions', { protocol: 'v1', ordered: false, reliable: false });
    expect(asked(effects)).toEqual([`alice accept ${channel.channelId}`, `bob forward ${channel.channelId}`]);
    expect(effects.find(({ kind }) => kind === 'forward-data')).toMatchObject({
      channel: {
        publisher: alice.call.key,
        label: 'positions',
        ordered: false,
        reliable: false,
        protocol: JSON.stringify({
          user_id: '@alice:example.org',
          device_id: 'ALICEDEV',
          channel_id: channel.channelId,
          protocol: 'v1',
        }),
      },
    });
  });

  it('is forwarded to who subscribes later, until it subscribes to others', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    const { channelId } = opens(bench, alice, 'positions').channel;
    expect(asked(wants(bench, bob, 'positions'))).toEqual(['bob expect', `bob forward ${channelId}`]);
    expect(asked(wants(bench, bob, 'positions', 'chat'))).toEqual([]);
    expect(asked(wants(bench, bob, 'chat'))).toEqual([`bob stop ${channelId}`]);
  });

  it('ends at its subscribers when it is closed, or its publisher is silent or leaves', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    wants(bench, carol, 'a', 'b');
    const [a, b, ofBob] = [opens(bench, alice, 'a'), opens(bench, alice, 'b'), opens(bench, bob, 'b')];
    const closed = { kind: 'data-closed' as const, call: alice.call, channelId: a.channel.channelId, error: undefined };
    expect(asked(bench.take(closed))).toEqual([`carol stop ${a.channel.channelId}`]);
    const silent = bench.take({ kind: 'path', call: alice.call, state: 'silent' });
    expect(asked(silent)).toEqual([`carol stop ${b.channel.channelId}`]);
    const back = bench.take({ kind: 'path', call: alice.call, state: 'heard' });
    expect(asked(back)).toEqual([`carol forward ${b.channel.channelId}`]);
    const left = bench.take({ kind: 'hung-up', call: bob.call });
    expect(asked(left)).toEqual([`carol stop ${ofBob.channel.channelId}`]);
  });

  it('is not forwarded to who is silent, and again when it is back', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    wants(bench, bob, 'a');
    const { channelId } = opens(bench, alice, 'a').channel;
    const silent = bench.take({ kind: 'path', call: bob.call, state: 'silent' });
    expect(asked(silent)).toEqual([`bob stop ${channelId}`]);
    const back = bench.take({ kind: 'path', call: bob.call, state: 'heard' });
    expect(asked(back)).toEqual([`bob forward ${channelId}`]);
  });

  it('is forwarded to who asked by WebSocket once its data channels are up', () => {
    const { bench, clients } = callOfMany('alice');
    const [alice] = clients;
    const { channelId } = opens(bench, alice, 'a').channel;
    const bob = benchClient('bob');
    bench.invite(bob);
    bench.finishAll();
    bench.take({ kind: 'line', call: bob.call, state: 'opened' });
    wants(bench, bob, 'a');
    bench.take({ kind: 'path', call: bob.call, state: 'heard' });
    expect(asked(bench.effects)).not.toContain(`bob forward ${channelId}`);
    expect(asked(bench.take({ kind: 'control-open', call: bob.call }))).toEqual([`bob forward ${channelId}`]);
    // The WebSocket comes and goes: they stay.
    bench.take({ kind: 'line', call: bob.call, state: 'closed' });
    expect(asked(bench.take({ kind: 'line', call: bob.call, state: 'opened' }))).toEqual([]);
  });

  it('that ended at a subscriber is not opened again before it asks', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    wants(bench, bob, 'a');
    const { channelId } = opens(bench, alice, 'a').channel;
    const error = new WeirError('WEIR_DATA_OVERFLOW', 'too slow');
    const channel = { publisher: alice.call.key, channelId };
    const ended = bench.take({ kind: 'forward-ended', call: bob.call, channel, error });
    expect(codesFor(ended, bob)).toEqual(['WEIR_DATA_OVERFLOW']);
    const other = opens(bench, alice, 'a');
    expect(asked(other.effects)).not.toContain(`bob forward ${channelId}`);
    expect(asked(wants(bench, bob, 'a'))).toEqual([`bob forward ${channelId}`]);
  });
});

describe('who asked', () => {
  it('is told of the channels of all others, with or without labels of its own, and of changes', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    expect(listsFor(wants(bench, bob), bob)).toEqual([{ kind: 'data_channels', channels: [] }]);
    bench.pass(1_000);
    const { channel, effects } = opens(bench, alice, 'positions', { ordered: false });
    expect(listsFor(effects, bob)).toEqual([
      {
        kind: 'data_channels',
        channels: [
          {
            label: 'positions',
            userId: '@alice:example.org',
            deviceId: 'ALICEDEV',
            channelId: channel.channelId,
            ordered: false,
            reliable: true,
          },
        ],
      },
    ]);
    expect(listsFor(bench.effects, carol)).toEqual([]);
    expect(listsFor(bench.effects, alice)).toEqual([]);
  });

  it('is told again by another way, as what was said by the one before may be lost', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    wants(bench, bob, 'a');
    opens(bench, alice, 'a');
    for (const state of ['opened', 'closed'] as const) {
      bench.pass(1_000);
      bench.effects.length = 0;
      bench.take({ kind: 'line', call: bob.call, state });
      bench.pass(500);
      expect(listsFor(bench.effects, bob)).toHaveLength(1);
    }
  });

  it('is told of its labels first', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    for (const label of ['a', 'b', 'c']) opens(bench, alice, label);
    const [list] = listsFor(wants(bench, bob, 'c'), bob);
    expect(list?.channels.map(({ label }) => label)).toEqual(['c', 'a', 'b']);
  });

  it('is told of many changes at once', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    wants(bench, bob, 'a');
    bench.effects.length = 0;
    for (let count = 0; count < 10; count += 1) opens(bench, alice, 'a');
    expect(listsFor(bench.effects, bob)).toEqual([]);
    expect(listsFor(bench.pass(500), bob).map(({ channels }) => channels.length)).toEqual([10]);
  });

  it('is never told more than fits a message, however long the labels of others are', () => {
    const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
    const { bench, clients } = callOfMany('bob', ...names);
    const [bob, ...others] = clients;
    for (const other of others) {
      for (let count = 0; count < 16; count += 1)
        opens(bench, other, '\u0001'.repeat(128), { protocol: '\u0001'.repeat(128) });
    }
    const [list] = listsFor(wants(bench, bob), bob);
    expect(list?.channels.length).toBeGreaterThan(10);
    expect(JSON.stringify(list).length).toBeLessThan(100_000);
  });
});

describe('too much', () => {
  it('of channels is refused, and told once a second', () => {
    const { bench, clients } = callOfMany('alice');
    const [alice] = clients;
    for (let count = 0; count < 16; count += 1) expect(asked(opens(bench, alice, 'a').effects)[0]).toContain('accept');
    const refused = [opens(bench, alice, 'a'), opens(bench, alice, 'a')];
    for (const { channel, effects } of refused) expect(asked(effects)).toEqual([`alice refuse ${channel.channelId}`]);
    expect(refused.flatMap(({ effects }) => codesFor(effects, alice))).toEqual(['WEIR_DATA_LIMIT']);
    bench.pass(1_000);
    expect(codesFor(opens(bench, alice, 'a').effects, alice)).toEqual(['WEIR_DATA_LIMIT']);
  });

  it('of opening and closing is refused, until it calms down', () => {
    const { bench, clients } = callOfMany('alice');
    const [alice] = clients;
    const churn = (): string[] => {
      const { channel, effects } = opens(bench, alice, 'a');
      const { channelId } = channel;
      bench.take({ kind: 'data-closed', call: alice.call, channelId, error: undefined });
      return asked(effects).map(text => text.split(' ')[1] ?? '');
    };
    const verdicts = Array.from({ length: 100 }, churn).flat();
    expect(verdicts.filter(verdict => verdict === 'accept')).toHaveLength(32);
    bench.pass(1_000);
    const later = Array.from({ length: 100 }, churn).flat();
    expect(later.filter(verdict => verdict === 'accept')).toHaveLength(4);
  });

  it('of a label or a protocol is refused', () => {
    const { bench, clients } = callOfMany('alice');
    const [alice] = clients;
    for (const [label, protocol] of [
      ['ü'.repeat(65), ''],
      ['a', 'x'.repeat(129)],
    ] as const) {
      bench.pass(1_000);
      const { effects } = opens(bench, alice, label, { protocol });
      expect(asked(effects)[0]).toContain('refuse');
      expect(codesFor(effects, alice)).toEqual(['WEIR_DATA_LIMIT']);
    }
    expect(asked(opens(bench, alice, 'ü'.repeat(64)).effects)[0]).toContain('accept');
  });

  it('of labels is refused, and what was subscribed before stays', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    wants(bench, bob, 'a');
    const many = Array.from({ length: 33 }, (_, index) => `label ${index}`);
    expect(codesFor(wants(bench, bob, ...many), bob)).toEqual(['WEIR_DATA_LIMIT']);
    expect(codesFor(wants(bench, bob, 'x'.repeat(129)), bob)).toEqual(['WEIR_DATA_LIMIT']);
    expect(asked(opens(bench, alice, 'a').effects)).toHaveLength(2);
    expect(codesFor(wants(bench, bob, ...many.slice(1)), bob)).toEqual([]);
  });

  it('of channels of others is not forwarded, and told once', () => {
    const names = Array.from({ length: 9 }, (_, index) => `p${index}`);
    const { bench, clients } = callOfMany('bob', ...names);
    const [bob, ...others] = clients;
    for (const other of others) for (let count = 0; count < 16; count += 1) opens(bench, other, 'a');
    const effects = wants(bench, bob, 'a');
    expect(asked(effects).filter(text => text.includes('forward'))).toHaveLength(128);
    expect(codesFor(effects, bob)).toEqual(['WEIR_DATA_LIMIT']);
    bench.effects.length = 0;
    const [first] = others;
    if (first === undefined) throw new Error('nobody else');
    const left = bench.take({ kind: 'hung-up', call: first.call });
    expect(asked(left).filter(text => text.includes('forward'))).toHaveLength(16);
    expect(codesFor(left, bob)).toEqual([]);
  });
});

describe('whatever happens', () => {
  const NAMES = ['alice', 'bob', 'carol'] as const;
  const LABELS = ['a', 'b', 'c'] as const;
  const who = fc.nat(NAMES.length - 1);
  const move = fc.oneof(
    fc.record({ kind: fc.constant('open' as const), who, label: fc.constantFrom(...LABELS) }),
    fc.record({ kind: fc.constant('close' as const), who, which: fc.nat(20) }),
    fc.record({ kind: fc.constant('want' as const), who, labels: fc.subarray([...LABELS]) }),
    fc.record({ kind: fc.constantFrom('silent' as const, 'heard' as const, 'leave' as const, 'join' as const), who }),
    fc.record({ kind: fc.constant('wait' as const), who, ms: fc.constantFrom(100, 400) }),
  );

  it('the media engine forwards what is wanted of those who are there, each once, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), moves => {
        const { bench } = callOfMany();
        const present: (BenchClient | undefined)[] = NAMES.map(() => undefined);
        const heard = new Set<number>();
        const wanted = new Map<number, readonly string[]>();
        const channels = new Map<number, { owner: number; label: string }>();
        /** What the effects told the media engine to forward: `viewer channel`. */
        const forwarded = new Set<string>();
        let sessions = 0;
        const follow = (effects: readonly Effect[]): void => {
          for (const text of asked(effects)) {
            const [name, what, id] = text.split(' ');
            const key = `${name} ${id}`;
            if (what === 'forward' && forwarded.has(key)) throw new Error(`forwarded twice: ${key}`);
            if (what === 'stop' && !forwarded.has(key)) throw new Error(`stopped, but was not forwarded: ${key}`);
            if (what === 'forward') forwarded.add(key);
            if (what === 'stop') forwarded.delete(key);
            if (what === 'refuse') channels.delete(Number(id));
          }
        };
        const forget = (index: number): void => {
          wanted.delete(index);
          heard.delete(index);
          for (const [id, { owner }] of channels) if (owner === index) channels.delete(id);
          for (const key of forwarded) if (key.startsWith(`${NAMES[index]} `)) forwarded.delete(key);
        };
        const everybodyJoins = NAMES.map((_, index) => ({ kind: 'join' as const, who: index }));
        for (const one of [...everybodyJoins, ...moves]) {
          const client = present[one.who];
          const from = bench.effects.length;
          if (one.kind === 'join') {
            forget(one.who);
            sessions += 1;
            const fresh = benchClient(NAMES[one.who] ?? '', `s${sessions}`);
            present[one.who] = fresh;
            bench.join(fresh);
            heard.add(one.who);
          } else if (one.kind === 'wait') bench.pass(one.ms);
          else if (client !== undefined) {
            switch (one.kind) {
              case 'open': {
                lastId += 1;
                channels.set(lastId, { owner: one.who, label: one.label });
                const channel = { channelId: lastId, label: one.label, protocol: '', ordered: true, reliable: true };
                bench.take({ kind: 'data-opened', call: client.call, channel });
                break;
              }
              case 'close': {
                const [id] = [...channels].filter(([, { owner }]) => owner === one.who)[one.which] ?? [];
                if (id === undefined) break;
                channels.delete(id);
                bench.take({ kind: 'data-closed', call: client.call, channelId: id, error: undefined });
                break;
              }
              case 'want':
                wanted.set(one.who, one.labels);
                wants(bench, client, ...one.labels);
                break;
              case 'silent':
              case 'heard':
                bench.take({ kind: 'path', call: client.call, state: one.kind });
                if (one.kind === 'heard') heard.add(one.who);
                else heard.delete(one.who);
                break;
              case 'leave':
                bench.take({ kind: 'hung-up', call: client.call });
                present[one.who] = undefined;
                forget(one.who);
                break;
            }
          }
          follow(bench.effects.slice(from));
          const due = new Set<string>();
          for (const viewer of heard) {
            for (const [id, { owner, label }] of channels) {
              if (owner !== viewer && heard.has(owner) && wanted.get(viewer)?.includes(label) === true)
                due.add(`${NAMES[viewer]} ${id}`);
            }
          }
          expect(forwarded).toEqual(due);
        }
      }),
      { numRuns: 300 },
    );
  });
});
