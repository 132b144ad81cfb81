/** Data channels of clients on two foci, each with a worker of its own. The WebSocket between them is a function call. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { DEFAULT_SPREAD } from '../../src/media/routers/placement.ts';
import type { CarriedData, DataOutcome, Media, OpenedData, TrunkPeer } from '../../src/ports.ts';
import type { ConferenceKey } from '../../src/session.ts';
import { DataPeer, type SeenChannel } from './data-peer.ts';
import { eventually, newConference, openTrunk, type PeerLog, startMedia } from './harness.ts';
import type { TrunkSide } from './trunk-pair.ts';

const LOSSY = { unordered: true, maxRetransmits: 0 };

const open: { close(): void }[] = [];
/** Messages by what became of them, on either side. */
const countedNear = new Map<DataOutcome, number>();
const counted = new Map<DataOutcome, number>();
let near: Media;
let far: Media;
let conference: ConferenceKey;
let trunk: { near: TrunkSide; far: TrunkSide };
/** What crossed, in order. */
let crossed: CarriedData[];
/** The near focus has room for data. */
let hasRoom: boolean;

beforeEach(async () => {
  for (const counts of [countedNear, counted]) counts.clear();
  [crossed, hasRoom] = [[], true];
  [near, far] = await Promise.all([
    startMedia({ countData: countingIn(countedNear) }),
    startMedia({ workers: 2, spread: { ...DEFAULT_SPREAD, load: 0 }, countData: countingIn(counted) }),
  ]);
  conference = newConference();
  const farSide = await openTrunk(far, conference, 'near-focus');
  const nearSide = await openTrunk(near, conference, 'far-focus', message => {
    if (!hasRoom) return 'full';
    crossed.push(message);
    farSide.peer.data.take([{ ...message, payload: Buffer.from(message.payload) }]);
    return 'taken';
  });
  trunk = { near: nearSide, far: farSide };
  open.push(nearSide.peer, farSide.peer);
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) each.close();
  await Promise.all([near.close(), far.close()]);
});

function countingIn(counts: Map<DataOutcome, number>): (outcome: DataOutcome, count: number) => void {
  return (outcome, count) => void counts.set(outcome, (counts.get(outcome) ?? 0) + count);
}

async function join(media: Media, name: string): Promise<DataPeer> {
  const peer = await DataPeer.start(media, conference, name);
  open.push(peer);
  return peer;
}

type Published = SeenChannel & { published: OpenedData };

/** The far focus takes the channel, the near one forwards it. */
function carry(publisher: DataPeer, { published: { channelId, label, ordered, reliable } }: Published): void {
  const owner = { userId: '@alice:test', deviceId: 'DEV' };
  trunk.far.peer.data.receive({ channelId, label, ordered, reliable, owner });
  trunk.near.peer.data.forward({ publisher: publisher.session, channelId, label, ordered, reliable, protocol: '' });
}

/** A client of the far focus is forwarded the channel. */
async function subscribe(viewer: DataPeer, { published }: Published): Promise<SeenChannel> {
  const { session } = trunk.far;
  const count = viewer.received.length;
  viewer.peer.data.forward({ publisher: session, ...published, protocol: 'of the trunk' });
  return eventually(`${published.label} at a subscriber`, () => viewer.received[count]);
}

/** Sends until all of them have got something; what came until then is forgotten. */
async function warm({ channel }: SeenChannel, seen: readonly SeenChannel[]): Promise<void> {
  await eventually('something at each', () => {
    channel.sendMessage('probe');
    return seen.every(({ messages }) => messages.length > 0);
  });
  channel.sendMessage('last probe');
  await eventually('the last probe', () => seen.every(({ messages }) => messages.includes('last probe')));
  for (const { messages } of seen) messages.length = 0;
}

function errorsOf({ dataErrors }: PeerLog): string[] {
  return dataErrors;
}

describe('a reliable channel', () => {
  it('crosses whole and in order, each message once, to those who are forwarded it on whatever worker', async () => {
    const alice = await join(near, 'alice');
    const viewers = [await join(far, 'bob'), await join(far, 'carol')];
    const channel = await alice.publish('events');
    carry(alice, channel);
    const seen = await Promise.all(viewers.map(viewer => subscribe(viewer, channel)));
    await warm(channel, seen);
    const before = crossed.length;
    const messages = Array.from({ length: 250 }, (_, index) => `message ${index}`);
    for (const message of messages) channel.channel.sendMessage(message);
    for (const each of seen) {
      await eventually('all messages', () => each.messages.length >= messages.length);
      expect(each.messages).toEqual(messages);
    }
    expect(crossed.length - before).toBe(messages.length);
    expect([...counted.keys()]).toEqual(['forwarded']);
  });

  it('brings text, bytes and nothing at all as what they are', async () => {
    const [alice, bob] = [await join(near, 'alice'), await join(far, 'bob')];
    const channel = await alice.publish('mixed');
    carry(alice, channel);
    const seen = await subscribe(bob, channel);
    await warm(channel, [seen]);
    channel.channel.sendMessage('grüß dich');
    channel.channel.sendMessageBinary(Buffer.from([0, 255, 1]));
    channel.channel.sendMessage('');
    channel.channel.sendMessageBinary(Buffer.alloc(0));
    channel.channel.sendMessage('end');
    await eventually('the last message', () => seen.messages.includes('end'));
    expect(seen.messages).toEqual(['grüß dich', Buffer.from([0, 255, 1]), '', Buffer.alloc(0), 'end']);
  });

  it('ends rather than have a gap, where there is no room for it', async () => {
    const alice = await join(near, 'alice');
    const channel = await alice.publish('events');
    carry(alice, channel);
    await eventually('something crosses', () => {
      channel.channel.sendMessage('probe');
      return crossed.length > 0;
    });
    hasRoom = false;
    channel.channel.sendMessage('too much');
    const { channelId } = channel.published;
    await eventually('its end', () => trunk.near.log.forwardsEnded.length > 0);
    expect(trunk.near.log.forwardsEnded).toEqual([[channelId, 'WEIR_DATA_OVERFLOW']]);
    hasRoom = true;
    const before = crossed.length;
    channel.channel.sendMessage('into nothing');
    expect(alice.log.dataErrors).toEqual([]);
    carry(alice, channel);
    await eventually('it crosses again', () => {
      channel.channel.sendMessage('again');
      return crossed.length > before;
    });
  });

  it('ends at those who have it when it ends there, and leaves nothing behind', async () => {
    const [alice, bob] = [await join(near, 'alice'), await join(far, 'bob')];
    const channel = await alice.publish('events');
    const { channelId } = channel.published;
    /** Data producers and consumers that are left of it. */
    const once = async (): Promise<number> => {
      carry(alice, channel);
      const seen = await subscribe(bob, channel);
      await warm(channel, [seen]);
      trunk.far.peer.data.endReceived(channelId);
      await eventually('its end', () => seen.isClosed);
      bob.peer.data.stop({ publisher: trunk.far.session, channelId });
      const { data_producer: producers, data_consumer: consumers } = far.handles();
      return producers + consumers;
    };
    const left = await once();
    expect(await once()).toBe(left);
    expect(errorsOf(bob.log)).toEqual([]);
  });
});

describe('a lossy channel', () => {
  it('is one there, too, and goes on after there was no room for it', async () => {
    const [alice, bob] = [await join(near, 'alice'), await join(far, 'bob')];
    const channel = await alice.publish('positions', LOSSY);
    carry(alice, channel);
    const seen = await subscribe(bob, channel);
    await warm(channel, [seen]);
    hasRoom = false;
    channel.channel.sendMessage('lost');
    channel.channel.sendMessage('lost, too');
    await eventually('both were dropped', () => countedNear.get('slow_subscriber') === 2);
    hasRoom = true;
    await eventually('another one', () => {
      channel.channel.sendMessage('after');
      return seen.messages.includes('after');
    });
    expect(trunk.near.log.forwardsEnded).toEqual([]);
  });
});

describe('a focus that sends what it may not', () => {
  const owner = { userId: '@alice:test', deviceId: 'DEV' };

  it('is not heard on channels that are not taken', async () => {
    trunk.far.peer.data.take([{ channelId: 12_345, ppid: 51, payload: Buffer.from('hi') }]);
    expect([...counted]).toEqual([['no_channel', 1]]);
  });

  it('is held to what one may send: lossy messages are dropped, a reliable channel ends; others do not notice', async () => {
    const { data } = trunk.far.peer;
    const channel = { label: 'x', ordered: true, owner };
    data.receive({ ...channel, channelId: 1, reliable: true });
    data.receive({ ...channel, channelId: 2, reliable: false, owner: { userId: '@eve:test', deviceId: 'DEV' } });
    data.receive({ ...channel, channelId: 3, reliable: true, owner: { userId: '@abe:test', deviceId: 'DEV' } });
    const flood = (channelId: number): void =>
      data.take(Array.from({ length: 4_000 }, () => ({ channelId, ppid: 51, payload: Buffer.from('x') })));
    flood(1);
    expect(errorsOf(trunk.far.log)).toEqual(['WEIR_DATA_LIMIT']);
    flood(2);
    expect(errorsOf(trunk.far.log)).toEqual(['WEIR_DATA_LIMIT', 'WEIR_DATA_LIMIT']);
    data.take([{ channelId: 3, ppid: 53, payload: Buffer.alloc(65_537) }]);
    expect(errorsOf(trunk.far.log)).toHaveLength(3);
    expect(counted.get('too_fast')).toBeGreaterThan(1_000);
    expect(counted.get('too_large')).toBe(1);
    data.receive({ ...channel, channelId: 4, reliable: true, owner: { userId: '@ada:test', deviceId: 'DEV' } });
    data.take([{ channelId: 4, ppid: 51, payload: Buffer.from('x') }]);
    expect(errorsOf(trunk.far.log)).toHaveLength(3);
  });
});

it('holds nothing after the trunk has closed', async () => {
  const alice = await join(near, 'alice');
  const channel = await alice.publish('events');
  carry(alice, channel);
  await eventually('something crosses', () => {
    channel.channel.sendMessage('probe');
    return crossed.length > 0;
  });
  const peers: TrunkPeer[] = [trunk.near.peer, trunk.far.peer];
  for (const peer of peers) peer.close();
  const [before, came] = [crossed.length, countedNear.get('forwarded') ?? 0];
  await eventually('more comes to the focus', () => {
    channel.channel.sendMessage('into nothing');
    return (countedNear.get('forwarded') ?? 0) > came + 3;
  });
  expect(crossed).toHaveLength(before);
});
