import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReceivedChannel, RemoteStream } from '../kit/index.ts';
import { FakeDataChannel } from '../kit/testing/fake-peer-connection.ts';
import { type Position, World, type WorldCall } from './world.ts';

const TICK_MS = 50;

function channelOf(label: string): FakeDataChannel & RTCDataChannel {
  const fake: unknown = new FakeDataChannel(label);
  return fake as FakeDataChannel & RTCDataChannel;
}

function voiceOf(name: string): RemoteStream {
  return {
    userId: `@${name}:x`,
    deviceId: 'D',
    streamId: name,
    purpose: 'm.usermedia',
    audioMuted: false,
    videoMuted: false,
    audioTrackId: `${name}-a`,
    videoTrackId: undefined,
    width: undefined,
    height: undefined,
    audio: undefined,
    video: undefined,
    granted: undefined,
    undecodable: undefined,
    encryption: undefined,
    cannotDecrypt: undefined,
  };
}

/** A call with Bo in it, whose words are noted. */
class FakeCall implements WorldCall {
  readonly heard: [string, boolean][] = [];
  readonly labels: (readonly string[])[] = [];
  readonly published: FakeDataChannel[] = [];
  state: WorldCall['state'] = { kind: 'connected' };
  streams = [voiceOf('bo')];
  #listener: ((received: ReceivedChannel) => void) | undefined;
  readonly data: WorldCall['data'] = {
    publish: label => {
      const channel = channelOf(label);
      this.published.push(channel);
      return channel;
    },
    subscribe: labels => {
      this.labels.push(labels);
    },
    onChannel: listener => {
      this.#listener = listener;
      return () => {
        this.#listener = undefined;
        return true;
      };
    },
  };

  hear(streamId: string, _: string, isHeard: boolean): void {
    this.heard.push([streamId, isHeard]);
  }

  /** Bo's channel, as the focus opens it. */
  receive(label = 'positions'): FakeDataChannel {
    const channel = channelOf(label);
    this.#listener?.({ channel, publisher: { userId: '@bo:x', deviceId: 'D', channelId: 1 } });
    return channel;
  }
}

function at(count: number, x: number, z = 0): ArrayBuffer {
  const message = new DataView(new ArrayBuffer(20));
  message.setUint32(0, count);
  message.setFloat64(4, x);
  message.setFloat64(12, z);
  return message.buffer;
}

function say(channel: FakeDataChannel, data: unknown): void {
  channel.dispatchEvent(Object.assign(new Event('message'), { data }));
}

let call: FakeCall;
let world: World;
let placed: (Position | undefined)[];

beforeEach(() => {
  vi.useFakeTimers();
  call = new FakeCall();
  placed = [];
  world = new World(call, (_, from) => placed.push(from));
});

afterEach(() => {
  world.close();
  vi.useRealTimers();
});

describe('a world', () => {
  it('is shown in the documentation as it is', () => {
    const doc = readFileSync(new URL('../../docs/3d-world.md', import.meta.url), 'utf8');
    const source = readFileSync(new URL('./world.ts', import.meta.url), 'utf8');
    expect(doc).toContain(`\`\`\`ts\n${source}\`\`\``);
  });

  it('hears who is near, from where they are, and not who is far', () => {
    const bo = call.receive();
    say(bo, at(0, 100));
    vi.advanceTimersByTime(TICK_MS);
    expect(call.heard).toEqual([]);
    Object.assign(world.here, { x: 90, z: 1 });
    vi.advanceTimersByTime(TICK_MS);
    expect(call.heard).toEqual([['bo', true]]);
    expect(placed).toEqual([{ x: 10, z: -1 }]);
    // A step over the edge changes nothing yet.
    say(bo, at(1, 113));
    vi.advanceTimersByTime(TICK_MS);
    expect(call.heard).toHaveLength(1);
    say(bo, at(2, 200));
    vi.advanceTimersByTime(TICK_MS);
    expect(call.heard.at(-1)).toEqual(['bo', false]);
    expect(placed.at(-1)).toBeUndefined();
  });

  it('hears nobody of whom it does not know where they are', () => {
    const bo = call.receive();
    say(bo, at(0, 1));
    vi.advanceTimersByTime(TICK_MS);
    bo.close();
    vi.advanceTimersByTime(TICK_MS);
    expect(call.heard).toEqual([
      ['bo', true],
      ['bo', false],
    ]);
  });

  it('lets go of the voice of who leaves', () => {
    say(call.receive(), at(0, 1));
    vi.advanceTimersByTime(TICK_MS);
    call.streams = [];
    vi.advanceTimersByTime(TICK_MS);
    expect(placed).toEqual([{ x: 1, z: 0 }, undefined]);
  });

  it('takes no position that is late, and none that is none', () => {
    const bo = call.receive();
    say(bo, at(7, 1));
    for (const data of [at(6, 500), 'x', new ArrayBuffer(3), at(8, Number.NaN), at(9, Number.POSITIVE_INFINITY)])
      say(bo, data);
    say(call.receive('chat'), at(10, 500));
    vi.advanceTimersByTime(TICK_MS);
    expect(placed).toEqual([{ x: 1, z: 0 }]);
  });

  it('tells where we are 20 times a second, in each session', () => {
    expect(call.labels).toEqual([['positions']]);
    vi.advanceTimersByTime(TICK_MS);
    const [first] = call.published;
    first?.fakeOpen();
    Object.assign(world.here, { x: 3, z: -4 });
    vi.advanceTimersByTime(1_000);
    expect(first?.sent).toHaveLength(20);
    expect(first?.sent.at(-1)).toEqual(at(19, 3, -4));
    call.state = { kind: 'left' };
    first?.close();
    vi.advanceTimersByTime(TICK_MS);
    expect(call.published).toHaveLength(1);
    call.state = { kind: 'connected' };
    vi.advanceTimersByTime(TICK_MS);
    expect(call.published).toHaveLength(2);
  });
});
