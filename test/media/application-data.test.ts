/** Data channels beside the control channel, through the real worker, at clients of libdatachannel. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DataOutcome, Media } from '../../src/ports.ts';
import { DataPeer, type SeenChannel } from './data-peer.ts';
import { eventually, newConference, startMedia } from './harness.ts';

const LOSSY = { unordered: true, maxRetransmits: 0 };

let media: Media;
/** Messages by what became of them. */
const counted = new Map<DataOutcome, number>();
const open: DataPeer[] = [];

beforeAll(async () => {
  media = await startMedia({
    countData: (outcome, count) => counted.set(outcome, (counted.get(outcome) ?? 0) + count),
  });
});

afterEach(() => {
  counted.clear();
  for (const peer of open.splice(0)) peer.close();
});

afterAll(() => media.close());

async function call<const Names extends readonly string[]>(...names: Names): Promise<{ [K in keyof Names]: DataPeer }> {
  const conference = newConference();
  const peers = await Promise.all(names.map(name => DataPeer.start(media, conference, name, name === 'relayed')));
  open.push(...peers);
  return peers as { [K in keyof Names]: DataPeer };
}

function numbers(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

function sendAll({ channel }: SeenChannel, messages: readonly string[]): void {
  for (const message of messages) channel.sendMessage(message);
}

describe('a reliable, ordered channel', () => {
  it('brings everything, in order, to each subscriber', async () => {
    const [alice, bob, carol] = await call('alice', 'bob', 'carol');
    const channel = await alice.publish('events');
    expect(channel.published).toMatchObject({ label: 'events', protocol: '', ordered: true, reliable: true });
    const seen = await Promise.all([bob, carol].map(viewer => viewer.subscribe(alice, channel.published)));
    await opened(alice, channel, seen);
    const messages = numbers(0, 250);
    sendAll(channel, messages);
    for (const each of seen) {
      await eventually('all messages', () => each.messages.length >= messages.length);
      expect(each).toMatchObject({ label: 'events', protocol: `of ${channel.published.channelId}` });
      expect(each.messages).toEqual(messages);
    }
    expect(alice.received).toEqual([]);
    expect(counted.get('forwarded')).toBeGreaterThanOrEqual(messages.length);
    expect([...counted.keys()]).toEqual(['forwarded']);
  });

  it('brings text, bytes and nothing at all as what they are', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const channel = await alice.publish('mixed');
    const seen = await bob.subscribe(alice, channel.published);
    await opened(alice, channel, [seen]);
    channel.channel.sendMessage('grüß dich');
    channel.channel.sendMessageBinary(Buffer.from([0, 255, 1]));
    channel.channel.sendMessage('');
    channel.channel.sendMessageBinary(Buffer.alloc(0));
    channel.channel.sendMessage('end');
    await eventually('the last message', () => seen.messages.includes('end'));
    expect(seen.messages).toEqual(['grüß dich', Buffer.from([0, 255, 1]), '', Buffer.alloc(0), 'end']);
  });
});

describe('a lossy, unordered channel', () => {
  it('is one at its subscribers, too', async () => {
    const [alice, bob, carol] = await call('alice', 'bob', 'carol');
    const channel = await alice.publish('positions', LOSSY);
    expect(channel.published).toMatchObject({ ordered: false, reliable: false });
    const seen = await Promise.all([bob, carol].map(viewer => viewer.subscribe(alice, channel.published)));
    await opened(alice, channel, seen);
    const messages = numbers(0, 100);
    sendAll(channel, messages);
    for (const each of seen) {
      await eventually('the messages of a link that loses none', () => each.messages.length >= messages.length);
      expect(new Set(each.messages)).toEqual(new Set(messages));
    }
  });
});

describe('channels come and go', () => {
  it('reaches nobody who is not forwarded it', async () => {
    const [alice, bob, carol] = await call('alice', 'bob', 'carol');
    const channel = await alice.publish('private');
    const seen = await bob.subscribe(alice, channel.published);
    await opened(alice, channel, [seen]);
    expect(carol.received).toEqual([]);
    expect(carol.control).toEqual([]);
  });

  it('takes many at once, from a client that was expected to open them', async () => {
    const [alice] = await call('alice');
    alice.peer.data.expect();
    // Nobody is told when there is room; a message there and back is later.
    alice.sendControl('ping');
    await eventually('control message', () => alice.log.control.includes('ping'));
    const seen = Array.from({ length: 30 }, (_, index) => alice.open(`label ${index}`));
    await eventually('all are told of', () => alice.log.channels.size === 30);
    for (const channelId of alice.log.channels.keys()) alice.peer.data.accept(channelId);
    await eventually('all are open', () => seen.every(({ channel }) => channel.isOpen()));
  });

  it('takes a few at once from a client of which nothing was expected', async () => {
    const [alice] = await call('alice');
    const seen = Array.from({ length: 4 }, (_, index) => alice.open(`label ${index}`));
    await eventually('all are told of', () => alice.log.channels.size === 4);
    for (const channelId of alice.log.channels.keys()) alice.peer.data.accept(channelId);
    await eventually('all are open', () => seen.every(({ channel }) => channel.isOpen()));
  });

  it('ends at its subscribers when its publisher closes it, and comes again on the same stream', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const streams = new Set<number>();
    for (const text of ['first', 'second', 'third']) {
      const channel = await alice.publish('again');
      streams.add(channel.channel.getId());
      const seen = await bob.subscribe(alice, channel.published);
      await opened(alice, channel, [seen]);
      channel.channel.sendMessage(text);
      await eventually(text, () => seen.messages.includes(text));
      channel.channel.close();
      await eventually('the publisher is rid of it', () => channel.isClosed);
      await eventually('the focus knows', () => alice.log.channels.size === 0);
      await eventually('the subscriber is rid of it', () => seen.isClosed);
    }
    expect(streams.size).toBe(1);
    expect(alice.log.dataErrors).toEqual([]);
  });

  it('ends with its publisher', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const channel = await alice.publish('short');
    const seen = await bob.subscribe(alice, channel.published);
    await opened(alice, channel, [seen]);
    alice.close();
    await eventually('the subscriber is rid of it', () => seen.isClosed);
  });

  it('ends at a subscriber that is not to have it any more, and can be had again', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const channel = await alice.publish('on and off');
    const ref = { publisher: alice.session, channelId: channel.published.channelId };
    for (let turn = 0; turn < 3; turn += 1) {
      const seen = await bob.subscribe(alice, channel.published);
      await opened(alice, channel, [seen]);
      bob.peer.data.stop(ref);
      await eventually('it is closed', () => seen.isClosed);
    }
    expect(channel.isClosed).toBe(false);
  });

  it('says when a subscriber closed its channel itself', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const channel = await alice.publish('unloved');
    const seen = await bob.subscribe(alice, channel.published);
    await opened(alice, channel, [seen]);
    seen.channel.close();
    await eventually('the focus knows', () => bob.log.forwardsEnded.length === 1);
    expect(bob.log.forwardsEnded).toEqual([[channel.published.channelId, undefined]]);
  });

  it('closes a channel that is refused', async () => {
    const [alice] = await call('alice');
    const seen = alice.open('too much');
    const [channelId] = await eventually('OPEN', () =>
      alice.log.channels.size === 1 ? [...alice.log.channels.keys()] : undefined,
    );
    alice.peer.data.refuse(channelId ?? 0);
    await eventually('it is closed', () => seen.isClosed);
    await alice.publish('another');
  });
});

describe('what is too much', () => {
  it('closes a reliable channel with a message that is too large, and tells', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const channel = await alice.publish('large');
    const seen = await bob.subscribe(alice, channel.published);
    await opened(alice, channel, [seen]);
    channel.channel.sendMessageBinary(Buffer.alloc(65_536));
    channel.channel.sendMessageBinary(Buffer.alloc(65_537));
    await eventually('it is closed', () => channel.isClosed);
    expect(alice.log.dataErrors).toEqual(['WEIR_DATA_LIMIT']);
    await eventually('the subscriber is rid of it', () => seen.isClosed);
    expect(seen.messages.filter(message => message.length > 65_000)).toEqual([Buffer.alloc(65_536)]);
  });

  it('drops what is too large for a lossy channel, and tells', async () => {
    const [alice, bob] = await call('alice', 'bob');
    const channel = await alice.publish('large', LOSSY);
    const seen = await bob.subscribe(alice, channel.published);
    await opened(alice, channel, [seen]);
    channel.channel.sendMessageBinary(Buffer.alloc(65_537));
    await eventually('it is told', () => alice.log.dataErrors.includes('WEIR_DATA_LIMIT'));
    channel.channel.sendMessage('small');
    await eventually('the next one', () => seen.messages.includes('small'));
    expect(seen.messages.some(message => message.length > 65_000)).toBe(false);
    expect(counted.get('too_large')).toBe(1);
  });

  it('closes a reliable channel whose messages come too fast', async () => {
    const [alice] = await call('alice');
    const channel = await alice.publish('fast');
    sendAll(channel, numbers(0, 400));
    await eventually('it is closed', () => channel.isClosed);
    expect(alice.log.dataErrors).toContain('WEIR_DATA_LIMIT');
  });

  it('stops a flood, tells, and hardly delays the others', async () => {
    const [alice, bob, carol] = await call('alice', 'bob', 'carol');
    const flood = await alice.publish('flood', LOSSY);
    const flooded = await bob.subscribe(alice, flood.published);
    await opened(alice, flood, [flooded]);
    const steady = await carol.publish('steady');
    const seen = await bob.subscribe(carol, steady.published);
    await opened(carol, steady, [seen]);
    flooded.messages.length = 0;
    let marks = 0;
    /** ms from a message of Carol's to its arrival; the median of some. */
    const latency = async (count: number, meanwhile: () => void): Promise<number> => {
      const latencies: number[] = [];
      for (let index = 0; index < count; index += 1) {
        meanwhile();
        marks += 1;
        const mark = `steady ${marks}`;
        const at = performance.now();
        steady.channel.sendMessage(mark);
        await eventually('a message of another', () => seen.messages.includes(mark));
        latencies.push(performance.now() - at);
      }
      return latencies.sort((a, b) => a - b)[Math.floor(count / 2)] ?? 0;
    };
    let sent = 0;
    const calm = await latency(11, () => undefined);
    const flooding = await latency(41, () => {
      for (let burst = 0; burst < 400; burst += 1) if (flood.channel.sendMessage(`flood ${sent}`)) sent += 1;
    });
    expect(alice.log.dataErrors).toContain('WEIR_DATA_LIMIT');
    // It is paused for a second, then for two: hardly more than what may be sent in the first and after each pause goes through.
    expect(sent).toBeGreaterThan(5_000);
    expect(flooded.messages.length).toBeLessThan(sent / 4);
    expect(counted.get('too_fast')).toBeGreaterThan(0);
    expect(seen.messages.filter(message => String(message).startsWith('steady'))).toHaveLength(marks);
    expect(seen.isClosed).toBe(false);
    expect(flooding).toBeLessThan(calm * 5);
  });

  it('closes the reliable channel of a subscriber that does not take it, and hurts no other', async () => {
    const [alice, bob, slow] = await call('alice', 'bob', 'relayed');
    const channel = await alice.publish('firehose');
    const [seen, stalled] = [
      await bob.subscribe(alice, channel.published),
      await slow.subscribe(alice, channel.published),
    ];
    await opened(alice, channel, [seen, stalled]);
    seen.messages.length = 0;
    slow.stall(true);
    const sent: Buffer[] = [];
    while (slow.log.forwardsEnded.length === 0 && sent.length < 400) {
      const message = Buffer.alloc(20_000, sent.length % 251);
      channel.channel.sendMessageBinary(message);
      sent.push(message);
      await sleep(100);
    }
    expect(slow.log.forwardsEnded).toEqual([[channel.published.channelId, 'WEIR_DATA_OVERFLOW']]);
    await eventually('all of it at the other', () => seen.messages.length >= sent.length);
    expect(seen.messages).toEqual(sent);
    expect(slow.log.failed).toEqual([]);
    slow.stall(false);
    await eventually('it is closed there', () => stalled.isClosed);
    slow.peer.sendControl('still here');
    await eventually('control message', () => slow.control.includes('still here'));
  });

  it.each([
    ['unordered', LOSSY],
    ['ordered', { maxRetransmits: 0 }],
  ])(
    'keeps what is late from a subscriber of a lossy, %s channel, and goes on when it takes it again',
    async (_, options) => {
      const [alice, slow] = await call('alice', 'relayed');
      const channel = await alice.publish('firehose', options);
      const seen = await slow.subscribe(alice, channel.published);
      await opened(alice, channel, [seen]);
      slow.stall(true);
      const sent = 80;
      for (let count = 0; count < sent; count += 1) {
        channel.channel.sendMessageBinary(Buffer.alloc(20_000));
        await sleep(100);
      }
      slow.stall(false);
      await eventually('what is sent now', () => {
        channel.channel.sendMessage('now');
        return seen.messages.includes('now');
      });
      // 1.6 MB were sent, and the worker alone would have kept all of it.
      expect(seen.messages.filter(message => message.length === 20_000).length).toBeLessThan((sent * 3) / 4);
      expect(counted.get('slow_subscriber')).toBeGreaterThan(0);
      expect(seen.isClosed).toBe(false);
      expect(slow.log.forwardsEnded).toEqual([]);
      expect(alice.log.dataErrors).toEqual([]);
    },
  );
});

describe('the control channel', () => {
  it('is what it was, whatever else is opened', async () => {
    const [alice] = await call('alice');
    await alice.publish('datachannel');
    alice.sendControl('from the client');
    await eventually('message of the client', () => alice.log.control.includes('from the client'));
    expect(alice.peer.sendControl('from the focus')).toBe(true);
    await eventually('message of the focus', () => alice.control.includes('from the focus'));
  });
});

/** Nothing says when a subscriber's channel has been acknowledged: sends until something of it comes. */
async function opened(publisher: DataPeer, { channel }: SeenChannel, viewers: readonly SeenChannel[]): Promise<void> {
  await eventually(`a channel of ${publisher.session} is open at its subscribers`, () => {
    channel.sendMessage('probe');
    return viewers.every(({ messages }) => messages.length > 0);
  });
  const last = 'last probe';
  channel.sendMessage(last);
  await eventually('the last probe', () => viewers.every(({ messages }) => messages.includes(last)));
  for (const viewer of viewers) viewer.messages.length = 0;
}
