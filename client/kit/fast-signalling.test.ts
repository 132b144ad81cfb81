/** Calls over the line of fast signalling, the data channel and to-device messages: one session, whatever is open. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call } from './call.ts';
import { Capture } from './capture.ts';
import { problem, type Problem, ProblemError } from './problems.ts';
import { FakeNetwork } from './testing/fake-network.ts';
import { FakeMediaStream, FakePeerConnection } from './testing/fake-peer-connection.ts';
import { FakeRoom } from './testing/fake-room.ts';
import { FakeWebSocket } from './testing/fake-web-socket.ts';

const DOOR = { tokenUrl: 'https://focus.example/v1/token', socketUrl: 'wss://focus.example/v1/signal' };
const BO = {
  'stream-bo': {
    user_id: '@bo:b.example',
    device_id: 'BODEV',
    purpose: 'm.usermedia',
    tracks: { a: { kind: 'audio' }, v: { kind: 'video', width: 640, height: 360 } },
  },
};
const OFFER = 'v=0\r\nm=video 9 X 1\r\na=mid:s1\r\na=sendonly\r\na=msid:stream-bo v\r\n';

let room: FakeRoom;
let network: FakeNetwork;
let notices: Problem[];
let call: Call;
let tokenStatus: number;
let tokenDelayMs: number;

const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** What the focus says about the call that was invited over a socket. */
function say(socket: FakeWebSocket, type: string, content: object, invitedOver = socket): void {
  const { call_id, sender_session_id } = invitedOver.content('m.call.invite');
  socket.fakeFrame(type, { call_id, dest_session_id: sender_session_id, ...content });
}

const answer = (metadata: object = {}, more: object = {}): object => ({
  answer: { type: 'answer', sdp: 'v=0\r\n' },
  'org.matrix.msc3077.sdp_stream_metadata': metadata,
  ...more,
});

async function openLine(resumed = false): Promise<FakeWebSocket> {
  await settle();
  FakeWebSocket.latest.fakeWelcome(resumed);
  await settle();
  return FakeWebSocket.latest;
}

async function prepare(): Promise<FakeWebSocket> {
  call.prepare();
  return openLine();
}

/** Joins over the line; media flows. */
async function connect(metadata: object = BO): Promise<FakeWebSocket> {
  const socket = await prepare();
  call.join();
  await settle();
  say(socket, 'm.call.answer', answer(metadata));
  await settle();
  FakePeerConnection.latest.channel.fakeOpen();
  FakePeerConnection.latest.fakeState('connected');
  await settle();
  return socket;
}

const toDevice = (type: string): Record<string, unknown>[] =>
  room.sent.filter(sent => sent.type === type).map(({ content }) => content);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
  vi.stubGlobal('MediaStream', FakeMediaStream);
  vi.stubGlobal('WebSocket', FakeWebSocket);
  [tokenStatus, tokenDelayMs] = [200, 0];
  vi.stubGlobal('fetch', async () => {
    await new Promise(resolve => setTimeout(resolve, tokenDelayMs));
    return Response.json({ token: 'jwt', expires_in: 300 }, { status: tokenStatus });
  });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  FakePeerConnection.made = [];
  FakeWebSocket.made = [];
  room = new FakeRoom();
  network = new FakeNetwork();
  notices = [];
  call = new Call({
    room,
    capture: new Capture(),
    guessSize: () => ({ width: 320, height: 180 }),
    network,
    doorOf: () => DOOR,
    changed: () => undefined,
    notice: reason => notices.push(reason),
  });
});

afterEach(() => {
  call.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('joining over the line', () => {
  it('opens it in advance, once, so that a click has only to send the invite', async () => {
    const socket = await prepare();
    call.prepare();
    await settle();
    expect(FakeWebSocket.made).toHaveLength(1);
    expect(call.signalling).toBe('open');
    call.join();
    await settle();
    expect(socket.types).toEqual(['org.weir.hello', 'm.call.invite']);
    expect(room.sent).toEqual([]);
    expect(call.marks.way).toBe('ws');
    expect(call.marks.signalOpenAt).toBeLessThanOrEqual(call.marks.inviteSentAt ?? 0);
  });

  it('asks for tracks and publishes as soon as it is answered, before any channel is open', async () => {
    const socket = await prepare();
    call.join();
    await settle();
    say(socket, 'm.call.answer', answer(BO, { 'org.weir.early_offer': { type: 'offer', sdp: OFFER } }));
    await settle();
    expect(FakePeerConnection.latest.channel.readyState).toBe('connecting');
    expect(socket.content('m.call.track_subscription')['subscribe']).toHaveLength(2);
    expect(socket.content('m.call.negotiate')['description']).toMatchObject({ type: 'answer' });
    expect(socket.types).toContain('m.call.select_answer');
    expect(FakePeerConnection.latest.channel.sent).toEqual([]);
    expect(room.sent).toEqual([]);
  });

  it('keeps all on the line while that is open', async () => {
    const socket = await connect();
    const said = socket.sent.length;
    call.show('stream-bo', 'v', 'hidden');
    expect(socket.types.slice(said)).toEqual(['m.call.track_subscription']);
    socket.fakeFrame('m.call.ping', {});
    expect(socket.types.at(-1)).toBe('m.call.pong');
    FakePeerConnection.latest.channel.fakeMessage('m.call.ping', {});
    expect(FakePeerConnection.latest.channel.types.at(-1)).toBe('m.call.pong');
    expect(room.sent).toEqual([]);
  });

  it('takes what the focus says over the line, in order', async () => {
    const socket = await connect();
    const connection = FakePeerConnection.latest;
    socket.fakeFrame('m.call.negotiate', { description: { type: 'offer', sdp: OFFER } });
    await settle();
    say(socket, 'm.call.negotiate', { description: { type: 'offer', sdp: `${OFFER}a=x\r\n` } });
    await settle();
    expect(connection.remotes.slice(-2)).toEqual([OFFER, `${OFFER}a=x\r\n`]);
    socket.fakeFrame('m.call.sdp_stream_metadata_changed', { sdp_stream_metadata: {} });
    expect(call.streams).toEqual([]);
    say(socket, 'm.call.hangup', { reason: 'user_hangup' });
    expect(call.state.kind).toBe('ended');
  });

  it('hangs up over it, and to-device as well where the page goes away', async () => {
    const socket = await connect();
    call.leave({ keepAlive: true });
    await settle();
    expect(socket.types.at(-1)).toBe('m.call.hangup');
    expect(room.sent.at(-1)).toMatchObject({ type: 'm.call.hangup', keepAlive: true });
  });

  it('joins the next time over the same line', async () => {
    const socket = await connect();
    call.leave();
    call.prepare();
    call.join();
    await settle();
    expect(FakeWebSocket.made).toHaveLength(1);
    expect(socket.types.filter(type => type === 'm.call.invite')).toHaveLength(2);
    expect(toDevice('m.call.invite')).toEqual([]);
  });
});

describe('without a line', () => {
  it('joins to-device where the focus refuses the token', async () => {
    tokenStatus = 403;
    call.prepare();
    await settle(1_000);
    call.join();
    await settle();
    expect(room.invites).toHaveLength(1);
    expect(FakeWebSocket.made).toEqual([]);
    expect([call.marks.way, call.signalling]).toEqual(['to-device', 'none']);
    expect(notices).toEqual([]);
  });

  it('joins to-device where the homeserver gives no OpenID token', async () => {
    room.openIdFails = new ProblemError(problem('HOMESERVER_ERROR'));
    call.prepare();
    await settle(1_000);
    call.join();
    await settle();
    expect(room.invites).toHaveLength(1);
    expect(notices).toEqual([]);
  });

  it('does not wait for a token that is slow, and takes the session up when it has come', async () => {
    tokenDelayMs = 2_000;
    call.prepare();
    call.join();
    await settle(100);
    expect(room.invites).toHaveLength(1);
    room.fakeAnswer(BO);
    await settle(2_000);
    const socket = await openLine(true);
    const [invite] = room.invites;
    expect(socket.content('org.weir.hello')['resume']).toEqual({
      call_id: invite?.content['call_id'],
      sender_session_id: invite?.content['sender_session_id'],
    });
    expect(socket.types).toContain('m.call.track_subscription');
    expect(room.invites).toHaveLength(1);
  });

  it('sends the same invite to-device where the line does not answer', async () => {
    const socket = await prepare();
    call.join();
    await settle(1_100);
    expect(room.invites.map(({ content }) => content)).toEqual([socket.content('m.call.invite')]);
    room.fakeAnswer(BO);
    await settle();
    expect(call.state.kind).toBe('joining');
    expect(FakePeerConnection.made).toHaveLength(1);
    await settle(1_500);
    await openLine(true);
    FakePeerConnection.latest.fakeState('connected');
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('sends the same invite to-device where the line is cut before the answer', async () => {
    const socket = await prepare();
    call.join();
    await settle();
    socket.fakeClose();
    await settle();
    expect(room.invites.map(({ content }) => content)).toEqual([socket.content('m.call.invite')]);
  });

  it('goes to-device for good where the focus takes no invite over the line', async () => {
    const socket = await prepare();
    call.join();
    await settle();
    socket.fakeFrame('org.weir.error', {
      code: 'WEIR_NOT_ALLOWED',
      message: 'another conference',
      in_reply_to: 'm.call.invite',
    });
    await settle();
    expect(room.invites).toHaveLength(1);
    room.fakeAnswer(BO);
    await settle(60_000);
    expect(FakeWebSocket.made).toHaveLength(1);
    expect(notices).toEqual([]);
  });
});

describe('what both ways deliver', () => {
  it('an answer counts once', async () => {
    const socket = await prepare();
    call.join();
    await settle(1_100);
    say(socket, 'm.call.answer', answer(BO));
    room.fakeAnswer(BO);
    await settle();
    expect(FakePeerConnection.latest.remotes).toHaveLength(1);
    expect(socket.types.filter(type => type === 'm.call.select_answer')).toHaveLength(1);
  });

  it('an offer that comes late to-device counts once; one that comes again over the line is answered again', async () => {
    const socket = await connect();
    const answers = (): number => socket.types.filter(type => type === 'm.call.negotiate').length;
    const before = answers();
    say(socket, 'm.call.negotiate', { description: { type: 'offer', sdp: OFFER } });
    await settle();
    const { call_id, sender_session_id } = socket.content('m.call.invite');
    room.fakeToDevice('m.call.negotiate', {
      call_id,
      dest_session_id: sender_session_id,
      description: { type: 'offer', sdp: OFFER },
    });
    await settle();
    expect(answers()).toBe(before + 1);
    say(socket, 'm.call.negotiate', { description: { type: 'offer', sdp: OFFER } });
    await settle();
    expect(answers()).toBe(before + 2);
  });

  it('what was said twice in doubt is no news to anybody', async () => {
    const socket = await connect();
    socket.fakeFrame('org.weir.error', { code: 'WEIR_UNEXPECTED_MESSAGE', message: 'an answer without an offer' });
    expect(notices).toEqual([]);
    expect(call.state.kind).toBe('connected');
  });
});

describe('a cut line', () => {
  it('is opened again with the session, which goes on meanwhile by the channel', async () => {
    const first = await connect();
    const connection = FakePeerConnection.latest;
    await settle(10_000);
    call.cutSignalling();
    expect([call.signalling, call.state.kind]).toEqual(['cut', 'connected']);
    expect(connection.channel.types).toContain('m.call.track_subscription');
    call.show('stream-bo', 'v', 'hidden');
    expect(connection.channel.types.at(-1)).toBe('m.call.track_subscription');
    const second = await openLine(true);
    const { call_id, sender_session_id } = first.content('m.call.invite');
    expect(second.content('org.weir.hello')['resume']).toEqual({ call_id, sender_session_id });
    expect(second.content('m.call.track_subscription')['unsubscribe']).toHaveLength(1);
    expect([call.signalling, call.state.kind]).toEqual(['open', 'connected']);
    await settle(20_000);
    expect(FakePeerConnection.made).toHaveLength(1);
    expect(connection.iceRestarts).toBe(0);
  });

  it('has the labels of application data said again by the channel, and by the next line', async () => {
    const first = await connect();
    const { channel } = FakePeerConnection.latest;
    call.data.subscribe(['positions']);
    expect(first.content('org.weir.data_subscription')).toEqual({ labels: ['positions'] });
    call.cutSignalling();
    expect(channel.types).toContain('org.weir.data_subscription');
    const second = await openLine(true);
    expect(second.content('org.weir.data_subscription')).toEqual({ labels: ['positions'] });
  });

  it('says an offer again that may be lost with it, and no answer counts twice', async () => {
    const first = await connect();
    await settle(10_000);
    const connection = FakePeerConnection.latest;
    connection.isDeaf = true;
    connection.fakeState('failed');
    await settle();
    expect(first.types.at(-1)).toBe('m.call.negotiate');
    first.fakeClose();
    const second = await openLine(true);
    await settle(600);
    expect(second.types).toContain('m.call.negotiate');
    say(second, 'm.call.negotiate', { description: { type: 'answer', sdp: 'v=0\r\na=ice-ufrag:new' } }, first);
    say(second, 'm.call.negotiate', { description: { type: 'answer', sdp: 'v=0\r\na=ice-ufrag:new' } }, first);
    await settle();
    expect(connection.remotes.filter(sdp => sdp.endsWith('new'))).toHaveLength(1);
    connection.isDeaf = false;
    connection.fakeState('connected');
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('is followed by a new session at once where the focus does not know the old one', async () => {
    const first = await connect();
    await settle(10_000);
    first.fakeClose();
    const second = await openLine(false);
    second.fakeFrame('org.weir.error', { code: 'WEIR_NO_SESSION', message: 'no such session' });
    await settle();
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'session' });
    expect(second.types).toContain('m.call.invite');
    expect(second.content('m.call.invite')['call_id']).not.toBe(first.content('m.call.invite')['call_id']);
    say(second, 'm.call.answer', answer(BO));
    await settle();
    FakePeerConnection.latest.fakeState('connected');
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(2);
    expect(room.sent).toEqual([]);
  });

  it('is opened again when the network is another, and the path is looked after', async () => {
    const first = await connect();
    await settle(10_000);
    const connection = FakePeerConnection.latest;
    connection.isDeaf = true;
    network.fakeHint('gone');
    await settle(1_500);
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'path', networkGone: true });
    const said = first.types.filter(type => type === 'm.call.negotiate').length;
    network.fakeHint('back');
    await settle(600);
    expect(connection.iceRestarts).toBe(1);
    expect(first.types.filter(type => type === 'm.call.negotiate').length).toBeGreaterThan(said);
    expect(call.state).toMatchObject({ kind: 'reconnecting', networkGone: false });
    await settle(2_000);
    expect(first.readyState).toBe(3);
    const second = await openLine(true);
    expect(second.types).toContain('m.call.negotiate');
    connection.isDeaf = false;
    await settle(1_000);
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });
});
