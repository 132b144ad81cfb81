import { describe, expect, it } from 'vitest';
import { ApplicationData, type ReceivedChannel } from './application-data.ts';
import { FakeDataChannel } from './testing/fake-peer-connection.ts';
import type { ControlMessage, DataChannelInfo } from './wire.ts';

const PUBLISHER = { userId: '@bo:x', deviceId: 'B', channelId: 7 };
const WIRE = JSON.stringify({ user_id: '@bo:x', device_id: 'B', channel_id: 7 });
const INFO: DataChannelInfo = { ...PUBLISHER, label: 'positions', ordered: false, reliable: false };

/** A peer connection that opens what it is asked for. */
class FakeConnection extends EventTarget {
  readonly made: { label: string; options: RTCDataChannelInit | undefined }[] = [];

  createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
    this.made.push({ label, options });
    return channelOf(label, '');
  }

  /** The focus opens a channel. */
  fakeChannel(label: string, protocol: string): void {
    this.dispatchEvent(Object.assign(new Event('datachannel'), { channel: channelOf(label, protocol) }));
  }
}

function channelOf(label: string, protocol: string): RTCDataChannel {
  const fake: unknown = Object.assign(new FakeDataChannel(label), { protocol });
  return fake as RTCDataChannel;
}

function session() {
  const connection = new FakeConnection();
  const told: ControlMessage[] = [];
  const state = { isOpen: false };
  return {
    connection,
    told,
    state,
    tell: (message: ControlMessage) => {
      if (state.isOpen) told.push(message);
      return state.isOpen;
    },
  };
}

function opened(data: ApplicationData) {
  const made = session();
  data.begin(made);
  made.state.isOpen = true;
  data.opened(made.connection);
  return made;
}

describe('application data', () => {
  it('opens channels as they are wanted, within a session', () => {
    const data = new ApplicationData();
    expect(() => data.publish('positions')).toThrow('Not in a call');
    const { connection } = opened(data);
    data.publish('positions', { ordered: false, maxRetransmits: 0 });
    expect(connection.made).toEqual([{ label: 'positions', options: { ordered: false, maxRetransmits: 0 } }]);
    data.end(connection);
    expect(() => data.publish('positions')).toThrow('Not in a call');
  });

  it('says which labels it wants, at once, and anew to each session', () => {
    const data = new ApplicationData();
    const first = opened(data);
    expect(first.told).toEqual([]);
    data.subscribe(['positions', 'chat']);
    data.subscribe(['chat']);
    expect(first.told).toEqual([
      { kind: 'data_subscription', labels: ['positions', 'chat'] },
      { kind: 'data_subscription', labels: ['chat'] },
    ]);
    expect(opened(data).told).toEqual([{ kind: 'data_subscription', labels: ['chat'] }]);
  });

  it('says it when the control channel opens, where it did not before', () => {
    const data = new ApplicationData();
    const made = session();
    data.begin(made);
    data.subscribe(['chat']);
    expect(made.told).toEqual([]);
    made.state.isOpen = true;
    data.opened(made.connection);
    expect(made.told).toEqual([{ kind: 'data_subscription', labels: ['chat'] }]);
  });

  it('hands over channels with whose they are, and none that name nobody', () => {
    const data = new ApplicationData();
    const received: ReceivedChannel[] = [];
    const stop = data.onChannel(each => received.push(each));
    const { connection } = opened(data);
    connection.fakeChannel('positions', WIRE);
    for (const protocol of ['', 'nonsense', '{}', '{"user_id":1}']) connection.fakeChannel('positions', protocol);
    expect(received.map(({ channel, publisher }) => [channel.label, publisher])).toEqual([['positions', PUBLISHER]]);
    stop();
    connection.fakeChannel('positions', WIRE);
    expect(received).toHaveLength(1);
  });

  it('hears of its own session alone', () => {
    const data = new ApplicationData();
    const before = opened(data);
    const now = opened(data);
    const received: ReceivedChannel[] = [];
    data.onChannel(each => received.push(each));
    before.connection.fakeChannel('positions', WIRE);
    data.take(before.connection, [INFO]);
    data.end(before.connection);
    expect([received, data.channels]).toEqual([[], []]);
    data.take(now.connection, [INFO]);
    expect(data.channels).toEqual([INFO]);
    data.end(now.connection);
    expect(data.channels).toEqual([]);
  });
});
