/** Application data between two foci: what is asked for crosses, of whom the room says that they are there and may send. */
import { describe, expect, it } from 'vitest';
import type { ControlMessage } from '../../../signalling/wire/control.ts';
import type { DataChannelInfo } from '../../../signalling/wire/data.ts';
import { WeirError } from '../../../signalling/wire/errors.ts';
import type { Permissions } from '../../../signalling/wire/permissions.ts';
import type { OpenedData } from '../../ports.ts';
import { type BenchClient, benchClient, newsIn } from '../../testing/conference-bench.ts';
import { missedIn } from '../../testing/from-scratch.ts';
import { type Site, TwoSites } from '../../testing/two-sites.ts';
import type { Effect } from '../messages.ts';

/** Ann is on the eastern focus, Wim and Will on the western one. */
function call() {
  const sites = new TwoSites();
  const [ann, wim, will] = [benchClient('ann'), benchClient('wim'), benchClient('will')];
  sites.east.bench.join(ann);
  sites.west.bench.join(wim);
  sites.west.bench.join(will);
  sites.open({ east: [ann], west: [wim, will] });
  return { sites, ann, wim, will, east: sites.east, west: sites.west };
}

type Call = ReturnType<typeof call>;

let lastId = 100;

function opens({ sites }: Call, site: Site, client: BenchClient, label: string, more: Partial<OpenedData> = {}) {
  lastId += 1;
  const channel = { channelId: lastId, label, protocol: '', ordered: true, reliable: true, ...more };
  site.bench.take({ kind: 'data-opened', call: client.call, channel });
  sites.pass(1_000);
  return channel.channelId;
}

function wants({ sites }: Call, site: Site, client: BenchClient, ...labels: string[]): void {
  site.bench.say(client, { kind: 'data_subscription', labels });
  sites.pass(1_000);
}

/** What the media engine of a site was asked about the data of the trunk since: `forward 3`. */
function askedOfTrunk({ bench, far }: Site, since = 0): string[] {
  return bench.effects.slice(since).flatMap(effect => {
    if (!('call' in effect) || effect.call.callId !== far.call.callId) return [];
    switch (effect.kind) {
      case 'forward-data':
        return `forward ${effect.channel.channelId}`;
      case 'stop-data':
        return `stop ${effect.channel.channelId}`;
      case 'receive-data':
        return `receive ${effect.channel.channelId}`;
      case 'end-received-data':
        return `end ${effect.channelId}`;
      default:
        return [];
    }
  });
}

/** Channels that a client was forwarded (`+ 3`), and not any more (`- 3`). */
function forwardsTo(client: BenchClient, effects: readonly Effect[]): string[] {
  return effects.flatMap(effect => {
    if (!('call' in effect) || effect.call.callId !== client.call.callId) return [];
    if (effect.kind === 'forward-data') return `+ ${effect.channel.channelId}`;
    return effect.kind === 'stop-data' ? `- ${effect.channel.channelId}` : [];
  });
}

function codesTo(client: Pick<BenchClient, 'call'>, effects: readonly Effect[]): string[] {
  return effects.flatMap(effect =>
    effect.kind === 'tell' && effect.call.callId === client.call.callId && effect.news.kind === 'error'
      ? effect.news.error.code
      : [],
  );
}

/** How often a site told the other one of a kind of data message. */
function saidAcross({ bench, far }: Site, kind: string): ControlMessage[] {
  return bench.effects.flatMap(effect =>
    effect.kind === 'tell' &&
    effect.call.callId === far.call.callId &&
    effect.news.kind === 'data' &&
    effect.news.message.kind === kind
      ? effect.news.message
      : [],
  );
}

/** What the eastern focus tells the western one, true or not. */
function eastSays({ sites, west }: Call, message: ControlMessage): void {
  west.bench.take({ kind: 'said', call: west.far.call, message, replyBy: 'control' });
  sites.pass(1_000);
}

function channelOf({ session }: BenchClient, more: Partial<DataChannelInfo> = {}): DataChannelInfo {
  const { userId, deviceId } = session;
  return { userId, deviceId, channelId: 7, label: 'chat', ordered: true, reliable: true, ...more };
}

describe('a channel', () => {
  it('crosses once, however many want it there, under the name of who sends', () => {
    const it = call();
    const channelId = opens(it, it.east, it.ann, 'positions', { protocol: 'v1', ordered: false, reliable: false });
    wants(it, it.west, it.wim, 'positions');
    wants(it, it.west, it.will, 'positions');
    expect(askedOfTrunk(it.east)).toEqual([`forward ${channelId}`]);
    expect(askedOfTrunk(it.west)).toEqual([`receive ${channelId}`]);
    for (const viewer of [it.wim, it.will])
      expect(forwardsTo(viewer, it.west.bench.effects)).toEqual([`+ ${channelId}`]);
    const forwarded = it.west.bench.effects.find(({ kind }) => kind === 'forward-data');
    expect(forwarded).toMatchObject({
      channel: {
        publisher: it.west.far.call.key,
        label: 'positions',
        ordered: false,
        reliable: false,
        protocol: JSON.stringify({
          user_id: '@ann:example.org',
          device_id: 'ANNDEV',
          channel_id: channelId,
          protocol: 'v1',
        }),
      },
    });
  });

  it('does not cross while nobody there wants it, and no more when the last one does not', () => {
    const it = call();
    const channelId = opens(it, it.east, it.ann, 'positions');
    wants(it, it.west, it.wim, 'chat');
    expect(askedOfTrunk(it.east)).toEqual([]);
    wants(it, it.west, it.wim, 'positions');
    wants(it, it.west, it.will, 'positions');
    wants(it, it.west, it.wim);
    expect(askedOfTrunk(it.east)).toEqual([`forward ${channelId}`]);
    it.west.bench.take({ kind: 'hung-up', call: it.will.call });
    it.sites.pass(1_000);
    expect(askedOfTrunk(it.east)).toEqual([`forward ${channelId}`, `stop ${channelId}`]);
  });

  it('is one of those that clients of both foci are told of', () => {
    const it = call();
    wants(it, it.west, it.wim, 'chat');
    opens(it, it.east, it.ann, 'positions');
    opens(it, it.west, it.will, 'chat');
    const lists = newsIn(it.west.bench.effects, it.wim, 'data').flatMap(news =>
      news.kind === 'data' && news.message.kind === 'data_channels' ? [news.message.channels] : [],
    );
    expect(lists.at(-1)).toMatchObject([
      { label: 'chat', userId: '@will:example.org' },
      { label: 'positions', userId: '@ann:example.org' },
    ]);
  });

  it('ends there when it is closed, or its publisher goes, or the trunk ends', () => {
    const it = call();
    wants(it, it.west, it.wim, 'a', 'b', 'c');
    const [a, b, c] = ['a', 'b', 'c'].map(label => opens(it, it.east, it.ann, label));
    expect(forwardsTo(it.wim, it.west.bench.effects)).toEqual([`+ ${a}`, `+ ${b}`, `+ ${c}`]);
    it.east.bench.take({ kind: 'data-closed', call: it.ann.call, channelId: Number(a), error: undefined });
    it.sites.pass(1_000);
    expect(askedOfTrunk(it.west).at(-1)).toBe(`end ${a}`);
    it.east.bench.take({ kind: 'path', call: it.ann.call, state: 'silent' });
    it.sites.pass(1_000);
    expect(forwardsTo(it.wim, it.west.bench.effects).slice(3)).toEqual([`- ${a}`, `- ${b}`, `- ${c}`]);
    it.east.bench.take({ kind: 'path', call: it.ann.call, state: 'heard' });
    it.sites.pass(1_000);
    const before = it.west.bench.effects.length;
    const error = new WeirError('WEIR_TRUNK_CLOSED', 'as the test asked');
    it.west.bench.take({ kind: 'trunk-closed', call: it.west.far.call, error });
    expect(forwardsTo(it.wim, it.west.bench.effects.slice(before))).toEqual([`- ${b}`, `- ${c}`]);
  });

  it('that came by a trunk leaves by none', () => {
    const it = call();
    const channelId = opens(it, it.east, it.ann, 'chat');
    wants(it, it.west, it.wim, 'chat');
    wants(it, it.east, it.ann, 'chat');
    expect(askedOfTrunk(it.west)).toEqual([`receive ${channelId}`]);
    expect(saidAcross(it.west, 'data_channels')).toEqual([]);
  });

  it('waits for the media of the trunk', () => {
    const sites = new TwoSites();
    const [ann, wim] = [benchClient('ann'), benchClient('wim')];
    sites.west.bench.join(wim);
    sites.east.bench.join(ann);
    const { east } = sites;
    const { session, call: trunk } = east.far;
    east.bench.take({ kind: 'trunk-opened', session, callId: trunk.callId, speaksFor: [wim.session] });
    const said = { kind: 'said' as const, call: trunk, replyBy: 'control' as const };
    east.bench.take({ ...said, message: { kind: 'data_subscription', labels: ['chat'] } });
    east.bench.take({ ...said, message: { kind: 'data_channels', channels: [channelOf(wim)] } });
    const channel = { channelId: 1, label: 'chat', protocol: '', ordered: true, reliable: true };
    east.bench.take({ kind: 'data-opened', call: ann.call, channel });
    east.bench.pass(1_000);
    expect(askedOfTrunk(east)).toEqual([]);
    east.bench.take({ kind: 'path', call: trunk, state: 'heard' });
    expect(askedOfTrunk(east)).toEqual(['receive 7', 'forward 1']);
  });
});

describe('what the room says', () => {
  /** Those of these power levels may publish data from level 50 on. */
  function permit(it: Call, site: Site, ...names: string[]): void {
    const users = new Map(names.map(name => [`@${name}:example.org`, 50]));
    const power = { levels: { users, usersDefault: 0 }, creation: undefined };
    const permissions: Permissions = { publish: { data: 50 }, floor: undefined, power };
    site.bench.take({ kind: 'permissions-changed', permissions });
    it.sites.pass(1_000);
  }

  it('holds at both foci: what one lets through the other does not', () => {
    const it = call();
    wants(it, it.west, it.wim, 'chat');
    permit(it, it.west, 'wim');
    const channelId = opens(it, it.east, it.ann, 'chat');
    expect(askedOfTrunk(it.west)).toEqual([]);
    expect(codesTo(it.west.far, it.west.bench.effects)).toEqual(['WEIR_MAY_NOT_PUBLISH']);
    permit(it, it.west, 'wim', 'ann');
    expect(forwardsTo(it.wim, it.west.bench.effects)).toEqual([`+ ${channelId}`]);
    permit(it, it.west, 'wim');
    expect(askedOfTrunk(it.west)).toEqual([`receive ${channelId}`, `end ${channelId}`]);
  });
});

describe('another focus is not believed', () => {
  it.each([
    ['of somebody whom the room does not put on it', 'WEIR_TRUNK_STREAM', channelOf(benchClient('eve'))],
    ['of somebody who is here', 'WEIR_TRUNK_STREAM', channelOf(benchClient('wim'))],
    ['with a name that is too long', 'WEIR_DATA_LIMIT', channelOf(benchClient('ann'), { label: 'ü'.repeat(100) })],
  ])('a channel %s', (_, code, channel) => {
    const it = call();
    wants(it, it.west, it.wim, 'chat');
    eastSays(it, { kind: 'data_channels', channels: [channel, channelOf(it.ann, { channelId: 8 })] });
    expect(askedOfTrunk(it.west)).toEqual(['receive 8']);
    // The room's state may be late: that is not complained of at once.
    it.sites.pass(11_000);
    expect(codesTo(it.west.far, it.west.bench.effects)).toEqual([code]);
    // Said once, however often the same is announced.
    eastSays(it, { kind: 'data_channels', channels: [channel, channelOf(it.ann, { channelId: 8 })] });
    expect(codesTo(it.west.far, it.west.bench.effects)).toEqual([code]);
    expect(codesTo(it.wim, it.west.bench.effects)).toEqual([]);
  });

  it('a channel that is now one thing and now another', () => {
    const it = call();
    wants(it, it.west, it.wim, 'chat', 'orders');
    eastSays(it, { kind: 'data_channels', channels: [channelOf(it.ann)] });
    eastSays(it, { kind: 'data_channels', channels: [channelOf(it.ann, { label: 'orders' })] });
    expect(askedOfTrunk(it.west)).toEqual(['receive 7', 'end 7']);
    expect(forwardsTo(it.wim, it.west.bench.effects)).toEqual(['+ 7', '- 7']);
    expect(missedIn(it.west.bench.conference, it.west.bench.now), 'not even later').toEqual([]);
    eastSays(it, {
      kind: 'data_channels',
      channels: [channelOf(it.ann, { channelId: 8 }), channelOf(it.ann, { channelId: 8, label: 'orders' })],
    });
    expect(askedOfTrunk(it.west)).toEqual(['receive 7', 'end 7']);
    expect(codesTo(it.west.far, it.west.bench.effects)).toEqual(['WEIR_TRUNK_STREAM', 'WEIR_TRUNK_STREAM']);
  });

  it('more channels, or labels, than cross', () => {
    const it = call();
    const channels = Array.from({ length: 300 }, (_, channelId) => channelOf(it.ann, { channelId }));
    eastSays(it, { kind: 'data_channels', channels });
    expect(askedOfTrunk(it.west)).toHaveLength(256);
    eastSays(it, { kind: 'data_subscription', labels: Array.from({ length: 257 }, (_, index) => `label ${index}`) });
    expect(codesTo(it.west.far, it.west.bench.effects)).toEqual(['WEIR_DATA_LIMIT', 'WEIR_DATA_LIMIT']);
  });

  it('a channel that had to be ended here, as long as it is announced', () => {
    const it = call();
    wants(it, it.west, it.wim, 'chat');
    eastSays(it, { kind: 'data_channels', channels: [channelOf(it.ann)] });
    const error = new WeirError('WEIR_DATA_LIMIT', 'as the test asked');
    it.west.bench.take({ kind: 'data-closed', call: it.west.far.call, channelId: 7, error });
    expect(codesTo(it.west.far, it.west.bench.effects)).toEqual(['WEIR_DATA_LIMIT']);
    expect(forwardsTo(it.wim, it.west.bench.effects)).toEqual(['+ 7', '- 7']);
    eastSays(it, { kind: 'data_channels', channels: [channelOf(it.ann)] });
    wants(it, it.west, it.wim, 'chat');
    expect(askedOfTrunk(it.west)).toEqual(['receive 7']);
    eastSays(it, { kind: 'data_channels', channels: [] });
    eastSays(it, { kind: 'data_channels', channels: [channelOf(it.ann)] });
    expect(askedOfTrunk(it.west)).toEqual(['receive 7', 'receive 7']);
  });
});

it('takes a channel as soon as the room puts its owner on the other focus, and complains of nothing', () => {
  const it = call();
  const zoe = benchClient('zoe');
  wants(it, it.west, it.wim, 'chat');
  eastSays(it, { kind: 'data_channels', channels: [channelOf(zoe)] });
  expect(askedOfTrunk(it.west)).toEqual([]);
  it.west.bench.take({ kind: 'speaks-for', call: it.west.far.call, devices: [it.ann.session, zoe.session] });
  it.sites.pass(20_000);
  expect(forwardsTo(it.wim, it.west.bench.effects)).toEqual(['+ 7']);
  expect(codesTo(it.west.far, it.west.bench.effects)).toEqual([]);
});

describe('a reliable channel that does not cross as fast as it comes', () => {
  it('ends, and who had it is told why; it crosses again when somebody asks again', () => {
    const it = call();
    wants(it, it.west, it.wim, 'chat');
    const channelId = opens(it, it.east, it.ann, 'chat');
    const error = new WeirError('WEIR_DATA_OVERFLOW', 'as the test asked');
    const channel = { publisher: it.ann.call.key, channelId };
    it.east.bench.take({ kind: 'forward-ended', call: it.east.far.call, channel, error });
    it.sites.pass(1_000);
    expect(forwardsTo(it.wim, it.west.bench.effects)).toEqual([`+ ${channelId}`, `- ${channelId}`]);
    expect(codesTo(it.wim, it.west.bench.effects)).toEqual(['WEIR_DATA_OVERFLOW']);
    expect(codesTo(it.ann, it.east.bench.effects)).toEqual([]);
    it.sites.pass(5_000);
    expect(askedOfTrunk(it.east)).toEqual([`forward ${channelId}`]);
    wants(it, it.west, it.wim, 'chat');
    expect(askedOfTrunk(it.east)).toEqual([`forward ${channelId}`, `forward ${channelId}`]);
    expect(forwardsTo(it.wim, it.west.bench.effects).at(-1)).toBe(`+ ${channelId}`);
  });

  it('is no other one, and no other reason, than the focus may name', () => {
    const it = call();
    wants(it, it.west, it.wim, 'chat');
    opens(it, it.east, it.ann, 'chat');
    eastSays(it, { kind: 'data_ended', channelId: 12_345, code: 'WEIR_DATA_OVERFLOW' });
    expect(codesTo(it.wim, it.west.bench.effects)).toEqual([]);
    eastSays(it, { kind: 'data_ended', channelId: lastId, code: 'WEIR_WORKER_DIED' });
    expect(codesTo(it.wim, it.west.bench.effects)).toEqual(['WEIR_DATA_OVERFLOW']);
  });
});

it('asks for one label of each client in turn, where there are more than cross', () => {
  const sites = new TwoSites();
  const greedy = Array.from({ length: 9 }, (_, index) => benchClient(`g${index}`));
  const modest = benchClient('modest');
  const ann = benchClient('ann');
  sites.east.bench.join(ann);
  for (const client of [...greedy, modest]) sites.west.bench.join(client);
  for (const [index, client] of greedy.entries()) {
    const labels = Array.from({ length: 32 }, (__, label) => `a ${index} ${label}`);
    sites.west.bench.say(client, { kind: 'data_subscription', labels });
  }
  sites.west.bench.say(modest, { kind: 'data_subscription', labels: ['z'] });
  sites.open({ east: [ann], west: [...greedy, modest] });
  sites.pass(1_000);
  const labels = saidAcross(sites.west, 'data_subscription').flatMap(message =>
    message.kind === 'data_subscription' ? message.labels : [],
  );
  expect(labels).toHaveLength(256);
  expect(labels).toContain('z');
});

it('tells the other focus of labels as seldom as once in 400 ms, and of nothing where there is none', () => {
  const it = call();
  expect(saidAcross(it.west, 'data_subscription')).toEqual([]);
  for (let index = 0; index < 50; index++) {
    it.west.bench.say(it.wim, { kind: 'data_subscription', labels: [`label ${index}`] });
    it.sites.pass(20);
  }
  it.sites.pass(1_000);
  const said = saidAcross(it.west, 'data_subscription');
  expect(said.length).toBeLessThanOrEqual(4);
  expect(said.at(-1)).toEqual({ kind: 'data_subscription', labels: ['label 49'] });
});
