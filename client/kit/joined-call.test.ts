/** A stay in a call as an application has it: who is there, what is drawn, and what is left of it afterwards. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CallRoom } from './call-room.ts';
import { Capture } from './capture.ts';
import { JoinedCall } from './joined-call.ts';
import { BO, settle } from './testing/call-bench.ts';
import { FakeHomeserver } from './testing/fake-homeserver.ts';
import { FakeNetwork } from './testing/fake-network.ts';
import { FakeMediaStream, FakePeerConnection } from './testing/fake-peer-connection.ts';
import { FOCUS, SELF } from './testing/fake-room.ts';

/** Both observers of elements: they tell when a test lets them. */
class FakeObserver {
  static all: FakeObserver[] = [];
  readonly #tell: (entries: { isIntersecting: boolean }[]) => void;
  isOver = false;

  constructor(tell: (entries: { isIntersecting: boolean }[]) => void) {
    this.#tell = tell;
    FakeObserver.all.push(this);
  }

  observe(): void {}

  disconnect(): void {
    this.isOver = true;
  }

  static tellAll(isIntersecting: boolean): void {
    for (const observer of FakeObserver.all) observer.#tell([{ isIntersecting }]);
  }
}

class FakeVideo {
  clientWidth = 320;
  clientHeight = 180;
  autoplay = false;
  playsInline = false;
  srcObject: unknown = null;
}

const state = (type: string, stateKey: string, content: Record<string, unknown>) => ({
  type,
  stateKey,
  sender: '@host:a.example',
  content,
  sentAt: 1,
});

let homeserver: FakeHomeserver;
let capture: Capture;
let joined: JoinedCall;

beforeEach(async () => {
  vi.useFakeTimers();
  FakePeerConnection.made = [];
  FakeObserver.all = [];
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
  vi.stubGlobal('MediaStream', FakeMediaStream);
  vi.stubGlobal('ResizeObserver', FakeObserver);
  vi.stubGlobal('IntersectionObserver', FakeObserver);
  vi.stubGlobal('HTMLVideoElement', FakeVideo);
  vi.stubGlobal('window', { devicePixelRatio: 2 });
  vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
  homeserver = new FakeHomeserver(SELF, [
    state('m.room.power_levels', '', { events: { 'org.matrix.msc3401.call.member': 0 } }),
    state('org.matrix.msc3401.call', 'conf', { 'm.intent': 'm.room', 'm.type': 'm.video' }),
  ]);
  const room = await CallRoom.open({ homeserver, roomId: '!room:a.example', confId: undefined, focus: FOCUS });
  capture = new Capture();
  joined = new JoinedCall({
    room,
    capture,
    ownsCapture: true,
    network: new FakeNetwork(),
    guessSize: () => 'hidden',
    doorOf: () => undefined,
  });
  joined.call.join();
  await settle();
});
afterEach(() => {
  joined.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function connect(metadata: object = {}): Promise<FakePeerConnection> {
  homeserver.fakeMessage(FOCUS.userId, 'm.call.answer', {
    answer: { type: 'answer', sdp: 'v=0\r\n' },
    'org.matrix.msc3077.sdp_stream_metadata': metadata,
  });
  await settle();
  const connection = FakePeerConnection.latest;
  connection.channel.fakeOpen();
  connection.fakeState('connected');
  await settle();
  return connection;
}

/** An element as browsers have it; what of it is used is there. */
function fakeVideo(): HTMLVideoElement {
  return Object.assign(Object.create(FakeVideo.prototype) as HTMLVideoElement, new FakeVideo());
}

const wanted = ({ channel }: FakePeerConnection): unknown => {
  const said = channel.sent.map(text => JSON.parse(text) as { type: string; content: { subscribe: object[] } });
  return said.findLast(({ type }) => type === 'm.call.track_subscription')?.content.subscribe;
};

it('tells who is there, by the names of the room, and of each change', async () => {
  let changes = 0;
  joined.onChange(() => {
    changes += 1;
  });
  await connect({ ...BO, 'screen-bo': { ...BO['stream-bo'], purpose: 'm.screenshare', tracks: {} } });
  await settle();
  expect(joined.state.kind).toBe('connected');
  expect(joined.participants).toMatchObject([
    {
      userId: '@bo:b.example',
      deviceId: 'BODEV',
      name: 'bo',
      streams: [{ streamId: 'stream-bo' }, { streamId: 'screen-bo' }],
    },
  ]);
  await settle();
  expect(joined.participants[0]?.name).toBe('Name of @bo:b.example');
  expect(changes).toBeGreaterThan(0);
});

it('asks for a picture as large as its element is drawn, and for none while nobody sees it', async () => {
  const connection = await connect(BO);
  expect(wanted(connection)).toEqual([{ stream_id: 'stream-bo', track_id: 'a' }]);
  const video = fakeVideo();
  const detach = joined.attach({ streamId: 'stream-bo' }, video);
  expect(wanted(connection)).toContainEqual({ stream_id: 'stream-bo', track_id: 'v', width: 640, height: 360 });
  expect(video.srcObject).not.toBeNull();
  FakeObserver.tellAll(false);
  expect(wanted(connection)).toHaveLength(1);
  FakeObserver.tellAll(true);
  expect(wanted(connection)).toHaveLength(2);
  detach();
  expect(wanted(connection)).toHaveLength(1);
  expect(video.srcObject).toBeNull();
  expect(FakeObserver.all.every(({ isOver }) => isOver)).toBe(true);
});

it('leaves nothing behind', async () => {
  const connection = await connect(BO);
  joined.attach({ streamId: 'stream-bo' }, fakeVideo());
  const told: string[] = [];
  joined.onChange(() => told.push(joined.state.kind));
  joined.leave();
  await settle(10_000);
  expect(homeserver.sent.at(-1)?.type).toBe('m.call.hangup');
  expect(homeserver.isLeft).toBe(true);
  expect(connection.signalingState).toBe('closed');
  expect(FakeObserver.all.every(({ isOver }) => isOver)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  expect(told.at(-1)).toBe('left');
});
