import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call } from './call.ts';
import { Capture } from './capture.ts';
import { problem, type Problem, ProblemError } from './problems.ts';
import { FakeNetwork } from './testing/fake-network.ts';
import { FakeMediaStream, FakePeerConnection } from './testing/fake-peer-connection.ts';
import { FakeRoom, SELF } from './testing/fake-room.ts';
import { parseControl } from './wire.ts';

const BO = {
  'stream-bo': {
    user_id: '@bo:b.example',
    device_id: 'BODEV',
    purpose: 'm.usermedia',
    tracks: { a: { kind: 'audio' }, v: { kind: 'video', width: 640, height: 360 } },
  },
};

const ANNOUNCED_AFTER_MS = 1_500;

let room: FakeRoom;
let network: FakeNetwork;
let notices: Problem[];
let call: Call;

/** Lets promises and timers of no delay run. */
const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function connect(metadata: object = {}): Promise<FakePeerConnection> {
  await settle();
  room.fakeAnswer(metadata);
  await settle();
  const connection = FakePeerConnection.latest;
  connection.channel.fakeOpen();
  connection.fakeState('connected');
  await settle();
  return connection;
}

function hangUp(code: string, reason = 'unknown_error'): void {
  room.fakeMessage('m.call.hangup', { reason, 'org.weir.error': { code, message: 'said so' } });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
  vi.stubGlobal('MediaStream', FakeMediaStream);
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  FakePeerConnection.made = [];
  room = new FakeRoom();
  network = new FakeNetwork();
  notices = [];
  call = new Call({
    room,
    capture: new Capture(),
    guessSize: () => ({ width: 320, height: 180 }),
    network,
    doorOf: () => undefined,
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

describe('joining', () => {
  it('sends the invite at once, and the member entry of the same session when it is connected', async () => {
    call.join();
    await settle();
    expect(room.invites).toHaveLength(1);
    expect(room.announced).toEqual([]);
    expect(room.invites[0]?.content).toMatchObject({
      conf_id: 'conf',
      device_id: SELF.deviceId,
      dest_session_id: 'sfu',
      version: '1',
      seq: 0,
      'org.weir.room_id': '!room:a.example',
    });
    expect(call.state.kind).toBe('joining');
    await connect();
    await settle(ANNOUNCED_AFTER_MS);
    expect(room.announced).toEqual([room.invites[0]?.content['sender_session_id']]);
  });

  it('writes the member entry as soon as a focus of our own operator has answered: other foci let us through by it', async () => {
    room.isFocusOurs = true;
    call.join();
    await settle();
    expect(room.announced).toEqual([]);
    room.fakeAnswer();
    await settle();
    expect(call.state.kind).toBe('joining');
    expect(room.announced).toEqual([room.invites[0]?.content['sender_session_id']]);
    await connect();
    await settle(ANNOUNCED_AFTER_MS);
    expect(room.announced).toHaveLength(1);
  });

  it('joins with the connection that it has prepared, with what is known when it joins', async () => {
    call.prepare();
    call.prepare();
    await settle();
    expect(room.sent).toEqual([]);
    const [prepared] = FakePeerConnection.made;
    call.join();
    await connect();
    expect(call.connections).toEqual([prepared]);
    expect(FakePeerConnection.made).toHaveLength(1);
    call.leave();
    call.prepare();
    expect(FakePeerConnection.made).toHaveLength(2);
    call.close();
    expect(FakePeerConnection.made.map(({ signalingState }) => signalingState)).toEqual(['closed', 'closed']);
    call.prepare();
    expect(FakePeerConnection.made).toHaveLength(2);
  });

  it('drops what it has prepared where the call is another one by then, or a while has passed', async () => {
    call.prepare();
    room.confId = 'other';
    call.join();
    await settle();
    expect(room.invites[0]?.content['conf_id']).toBe('other');
    call.leave();
    call.prepare();
    await settle(60_000);
    call.join();
    await settle();
    expect(FakePeerConnection.made).toHaveLength(4);
    expect(FakePeerConnection.made.filter(({ signalingState }) => signalingState !== 'closed')).toHaveLength(1);
  });

  it('is connected when media is, and not before', async () => {
    call.join();
    await settle();
    room.fakeAnswer();
    await settle();
    expect(call.state.kind).toBe('joining');
    FakePeerConnection.latest.fakeState('connected');
    expect(call.state.kind).toBe('connected');
  });

  it('announces a call first where none runs', async () => {
    room.confId = undefined;
    call.join();
    await settle();
    expect(room.invites[0]?.content['conf_id']).toBe('made');
  });

  it('does not join twice', async () => {
    call.join();
    call.join();
    await settle();
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('ends where members may not start calls', async () => {
    room.announceFails = new ProblemError(problem('CALL_FORBIDDEN'));
    call.join();
    await connect();
    await settle(ANNOUNCED_AFTER_MS);
    expect(call.state).toMatchObject({ kind: 'ended', problem: { code: 'CALL_FORBIDDEN' } });
    expect(room.sent.at(-1)?.type).toBe('m.call.hangup');
    expect(call.connections).toEqual([]);
  });

  it('ends where the homeserver refuses the token', async () => {
    room.sendFails = new ProblemError(problem('TOKEN_REFUSED'));
    call.join();
    await settle();
    expect(call.state).toMatchObject({ kind: 'ended', problem: { code: 'TOKEN_REFUSED' } });
  });

  it('invites again, as a new call, where nobody answers, and keeps the room quiet meanwhile', async () => {
    call.join();
    await settle(3_001);
    await settle(500);
    await settle(20_000);
    expect(room.invites.length).toBeGreaterThan(3);
    expect(new Set(room.invites.map(({ content }) => content['call_id'])).size).toBe(room.invites.length);
    expect(room.announced).toHaveLength(0);
    expect(call.state).toMatchObject({ kind: 'joining', problem: { code: 'FOCUS_SILENT' } });
    expect(FakePeerConnection.made.filter(({ signalingState }) => signalingState !== 'closed')).toHaveLength(1);
    await connect();
    expect(call.state.kind).toBe('connected');
    await settle(ANNOUNCED_AFTER_MS);
    expect(room.announced).toHaveLength(1);
  });
});

describe('in the call', () => {
  it('asks for the tracks of the others as soon as the channel is open', async () => {
    call.join();
    const { channel } = await connect(BO);
    const message: unknown = JSON.parse(channel.sent[0] ?? '');
    expect(message).toEqual({
      type: 'm.call.track_subscription',
      content: {
        subscribe: [
          { stream_id: 'stream-bo', track_id: 'a' },
          { stream_id: 'stream-bo', track_id: 'v', width: 320, height: 180 },
        ],
        unsubscribe: [],
        'org.weir.tell': ['allocation', 'speakers', 'audio_levels'],
      },
    });
    expect(call.streams).toMatchObject([{ userId: '@bo:b.example', audioTrackId: 'a', videoTrackId: 'v' }]);
  });

  it('announces its own streams under the ids of its description', async () => {
    call.join();
    const { channel, localDescription } = await connect();
    const announced = channel.sent.map(text => parseControl(text)).find(parsed => parsed.kind === 'ok');
    if (announced?.value.kind !== 'metadata_changed') throw new Error('nothing was announced');
    const [streamId] = Object.keys(announced.value.metadata);
    expect(localDescription?.sdp).toContain(`a=msid:${streamId} `);
  });

  it('takes what changes of the streams, and says in its invite that it does', async () => {
    call.join();
    const { channel } = await connect();
    expect(room.sent.find(({ type }) => type === 'm.call.invite')?.content['capabilities']).toMatchObject({
      'org.weir.streams_changed': true,
    });
    const { 'stream-bo': bo } = BO;
    channel.fakeMessage('org.weir.streams_changed', {
      changed: { 'stream-bo': { ...bo, audio_muted: true } },
      gone: [],
    });
    expect(call.streams).toMatchObject([{ streamId: 'stream-bo', audioMuted: true }]);
    channel.fakeMessage('org.weir.streams_changed', { changed: {}, gone: ['stream-bo'] });
    expect(call.streams).toEqual([]);
  });

  it('answers pings', async () => {
    call.join();
    const { channel } = await connect();
    channel.fakeMessage('m.call.ping', {});
    expect(channel.types.at(-1)).toBe('m.call.pong');
  });

  it('takes an offer over the channel and binds its tracks by section', async () => {
    call.join();
    const connection = await connect(BO);
    connection.transceivers.push({ ...connection.addTransceiver('video', { direction: 'recvonly' }), mid: 's1' });
    const sdp = 'v=0\r\nm=video 9 X 1\r\na=mid:s1\r\na=sendonly\r\na=msid:stream-bo v\r\n';
    connection.channel.fakeMessage('m.call.negotiate', {
      description: { type: 'offer', sdp },
      sdp_stream_metadata: BO,
    });
    await settle();
    expect(call.streams[0]?.video?.mid).toBe('s1');
    const reply: unknown = JSON.parse(connection.channel.sent.at(-1) ?? '');
    expect(reply).toMatchObject({ type: 'm.call.negotiate', content: { description: { type: 'answer' } } });
  });

  it('answers an early offer when the channel opens, before it asks for tracks', async () => {
    call.join();
    await settle();
    const sdp = 'v=0\r\nm=video 9 X 1\r\na=mid:s1\r\na=sendonly\r\na=msid:stream-bo v\r\n';
    room.fakeAnswer(BO, sdp);
    await settle();
    expect(room.sent.filter(({ type }) => type === 'm.call.negotiate')).toEqual([]);
    const { channel } = FakePeerConnection.latest;
    channel.fakeOpen();
    expect(channel.types.slice(0, 2)).toEqual(['m.call.negotiate', 'm.call.track_subscription']);
  });

  it('sends the layers that the focus wants, and all of them in the next session', async () => {
    call.join();
    const { channel, transceivers } = await connect();
    const camera = transceivers[1];
    const [streamId = '', trackId = ''] = camera?.ids.split(' ') ?? [];
    const layers = ['q', 'h', 'f'].map(rid => ({ rid, active: rid === 'q' }));
    channel.fakeMessage('org.weir.layers_wanted', { tracks: [{ stream_id: streamId, track_id: trackId, layers }] });
    await settle();
    expect(camera?.sender.active).toEqual({ f: false, h: false, q: true });
    expect(transceivers[0]?.sender.active).toEqual({ '': true });
    call.offerLayers(streamId, trackId, [{ rid: 'q', active: false }]);
    expect(channel.types.at(-1)).toBe('org.weir.layers_available');
    await settle(1_000);
    expect(camera?.sender.active).toEqual({ f: false, h: false, q: false });
    hangUp('WEIR_FOCUS_RESTARTED');
    const next = await connect();
    expect(next.transceivers[1]?.sender.active).toEqual({ f: true, h: true, q: true });
  });

  it('knows what the focus grants, and who speaks', async () => {
    call.join();
    const { channel } = await connect(BO);
    channel.fakeMessage('org.weir.allocation', {
      available_bitrate: 250_000,
      state: 'DEFICIENT',
      tracks: [{ stream_id: 'stream-bo', track_id: 'v', paused: 'bandwidth', layers: [{ live: true }] }],
    });
    channel.fakeMessage('org.weir.speakers', { latest: [{ stream_id: 'stream-bo', track_id: 'a' }] });
    expect(call.streams[0]?.granted).toEqual({ kind: 'paused', reason: 'bandwidth' });
    expect(call.others?.available).toBe(250_000);
    expect(call.others?.speakers).toEqual([{ streamId: 'stream-bo', trackId: 'a' }]);
    call.show('stream-bo', 'v', 'hidden');
    expect(call.streams[0]?.granted).toBeUndefined();
    call.showCopy({ streamId: 'stream-bo', trackId: 'v', variant: 'small', shown: { width: 64, height: 36 } });
    expect(channel.sent.at(-1)).toContain('"org.weir.variant":"small"');
  });

  it('tells a person what the focus refused, but not that somebody just left', async () => {
    call.join();
    const { channel } = await connect();
    channel.fakeMessage('org.weir.error', { code: 'WEIR_UNKNOWN_TRACK', message: 'gone' });
    expect(notices).toEqual([]);
    channel.fakeMessage('org.weir.error', { code: 'WEIR_OVERLOADED', message: 'full' });
    expect(notices).toMatchObject([{ code: 'FOCUS_FULL', detail: 'full' }]);
  });

  it('lives through garbage on the channel', async () => {
    call.join();
    const { channel } = await connect();
    channel.fakeMessage('m.call.negotiate', { description: { type: 'offer', sdp: 'garbage' } });
    channel.dispatchEvent(new MessageEvent('message', { data: '{' }));
    channel.dispatchEvent(new MessageEvent('message', { data: new ArrayBuffer(3) }));
    await settle();
    expect(call.state.kind).toBe('connected');
    expect(channel.types.at(-1)).toBe('org.weir.error');
  });

  it('hangs up and leaves the room state when it leaves, with its last breath where the page goes', async () => {
    call.join();
    await connect();
    await settle(ANNOUNCED_AFTER_MS);
    call.leave({ keepAlive: true });
    await settle();
    expect(room.sent.at(-1)).toMatchObject({ type: 'm.call.hangup', keepAlive: true });
    expect(room.withdrawn).toBe(1);
    expect(call.state.kind).toBe('left');
    await settle(60_000);
    expect(FakePeerConnection.made).toHaveLength(1);
  });
});

describe('coming back', () => {
  it('joins with a new session at once when the focus was restarted', async () => {
    call.join();
    const first = await connect(BO);
    await settle(ANNOUNCED_AFTER_MS);
    hangUp('WEIR_FOCUS_RESTARTED');
    await settle();
    expect(first.signalingState).toBe('closed');
    expect(room.invites).toHaveLength(2);
    const [before, after] = room.invites.map(({ content }) => content['sender_session_id']);
    expect(after).not.toBe(before);
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'session', problem: undefined });
    expect(call.streams).toHaveLength(1);
    await connect(BO);
    expect(call.state.kind).toBe('connected');
    await settle(ANNOUNCED_AFTER_MS);
    expect(room.announced).toEqual([before, after]);
  });

  it('is not touched by what comes late for its old session, or from a stranger', async () => {
    call.join();
    await connect();
    const [old] = room.invites;
    hangUp('WEIR_FOCUS_RESTARTED');
    await connect();
    room.fakeMessage('m.call.hangup', { reason: 'new_session' }, old);
    room.fakeMessage('m.call.hangup', { reason: 'user_hangup' }, undefined, '@mallory:m.example');
    await settle();
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(2);
  });

  it('tries another way through the network before it gives the session up', async () => {
    call.join();
    const first = await connect();
    first.fakeState('disconnected');
    expect(call.state.kind).toBe('reconnecting');
    await settle(1_000);
    expect(first.iceRestarts).toBe(1);
    expect(room.sent.at(-1)?.type).toBe('m.call.negotiate');
    first.fakeState('connected');
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('tries again and again for as long as the focus keeps the session, then joins anew', async () => {
    call.join();
    const first = await connect();
    first.isDeaf = true;
    first.fakeState('failed');
    const offers = (): number => room.sent.filter(({ type }) => type === 'm.call.negotiate').length;
    await settle(11_000);
    expect([first.iceRestarts, offers()]).toEqual([1, 3]);
    for (let second = 11; second < 44; second += 1) {
      const sdp = `v=0\r\na=ice-ufrag:${second}`;
      room.fakeMessage('m.call.negotiate', { description: { type: 'answer', sdp } });
      await settle(1_000);
    }
    expect(first.iceRestarts).toBeGreaterThan(4);
    await settle(900);
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'path' });
    expect(FakePeerConnection.made).toHaveLength(1);
    await settle(200);
    expect(first.signalingState).toBe('closed');
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'session' });
    await connect();
    expect(call.state.kind).toBe('connected');
  });

  it('notices by its statistics that nothing comes in, before the browser does', async () => {
    call.join();
    const { channel } = await connect();
    const connection = FakePeerConnection.latest;
    await settle(10_000);
    expect(call.state.kind).toBe('connected');
    expect(connection.iceRestarts).toBe(0);
    connection.isDeaf = true;
    await settle(3_000);
    expect(channel.types).toContain('m.call.ping');
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'path', networkGone: false });
    expect(connection.iceRestarts).toBe(1);
    connection.isDeaf = false;
    await settle(1_000);
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('lets a session be while messages cannot be sent, and says them later', async () => {
    call.join();
    const connection = await connect();
    room.sendFails = new ProblemError(problem('HOMESERVER_UNREACHABLE'));
    connection.isDeaf = true;
    connection.fakeState('failed');
    network.fakeHint('gone');
    await settle(8_000);
    expect(call.state).toMatchObject({ kind: 'reconnecting', by: 'path', networkGone: true });
    expect(room.sent.filter(({ type }) => type === 'm.call.negotiate')).toEqual([]);
    room.sendFails = undefined;
    network.fakeHint('back');
    await settle(600);
    expect(room.sent.filter(({ type }) => type === 'm.call.negotiate').length).toBeGreaterThan(0);
    connection.isDeaf = false;
    connection.fakeState('connected');
    expect(call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('joins anew at once when the network is back and the session is gone', async () => {
    call.join();
    const connection = await connect();
    connection.isDeaf = true;
    connection.fakeState('failed');
    network.fakeHint('gone');
    room.sendFails = new ProblemError(problem('HOMESERVER_UNREACHABLE'));
    await settle(60_000);
    const before = FakePeerConnection.made.length;
    room.sendFails = undefined;
    network.fakeHint('back');
    await settle(10);
    expect(FakePeerConnection.made.length).toBe(before + 1);
    await connect();
    expect(call.state.kind).toBe('connected');
  });

  it('joins anew at once when the focus does not know the session', async () => {
    call.join();
    const first = await connect();
    await settle(10_000);
    first.isDeaf = true;
    await settle(3_000);
    hangUp('WEIR_NO_SESSION');
    await settle();
    expect(room.invites).toHaveLength(2);
    expect(first.signalingState).toBe('closed');
  });

  it('joins anew when the focus falls silent', async () => {
    call.join();
    const { channel } = await connect();
    for (let i = 0; i < 5; i += 1) {
      await settle(20_000);
      channel.fakeMessage('m.call.ping', {});
    }
    expect(FakePeerConnection.made).toHaveLength(1);
    await settle(20_000);
    expect(channel.types.at(-1)).toBe('m.call.ping');
    expect(FakePeerConnection.made).toHaveLength(1);
    await settle(10_500);
    expect(FakePeerConnection.made).toHaveLength(2);
  });

  it('stays out when the call ended, or the device joined elsewhere', async () => {
    call.join();
    await connect();
    hangUp('WEIR_REPLACED', 'new_session');
    await settle(60_000);
    expect(call.state).toMatchObject({ kind: 'ended', problem: { code: 'REPLACED' } });
    expect(room.withdrawn).toBe(0);
    call.join();
    await connect();
    await settle(ANNOUNCED_AFTER_MS);
    hangUp('WEIR_CALL_ENDED', 'user_hangup');
    await settle(60_000);
    expect(call.state).toMatchObject({ kind: 'ended', problem: { code: 'CALL_ENDED' } });
    expect(room.withdrawn).toBe(1);
  });

  it('comes again when a full focus said so, and tells the person meanwhile', async () => {
    call.join();
    await settle();
    room.fakeMessage('m.call.hangup', {
      reason: 'unknown_error',
      'org.weir.error': { code: 'WEIR_OVERLOADED', message: 'the media worker is busy', retry_after_ms: 10_000 },
    });
    await settle(12_000);
    expect(room.invites).toHaveLength(1);
    expect(call.state).toMatchObject({
      kind: 'joining',
      problem: { code: 'FOCUS_FULL', detail: 'the media worker is busy' },
    });
    await settle(1_000);
    expect(room.invites).toHaveLength(2);
    await connect();
    expect(call.state.kind).toBe('connected');
  });

  it('gives a focus that does not know the call some time, then tells the person', async () => {
    call.join();
    let refused = 0;
    for (let step = 0; step < 400 && call.state.kind === 'joining'; step += 1) {
      await settle(100);
      if (room.invites.length === refused) continue;
      refused += 1;
      hangUp('WEIR_UNKNOWN_CONFERENCE');
    }
    expect(call.state).toMatchObject({ kind: 'ended', problem: { code: 'FOCUS_NOT_IN_ROOM' } });
    expect(refused).toBeGreaterThan(3);
  });
});

describe('relays', () => {
  it('of the homeserver are used, and new ones by the session that runs', async () => {
    room.iceServers = [{ urls: ['turn:t.example'], username: 'first' }];
    call.join();
    const connection = await connect();
    expect(connection.configuration).toMatchObject({ iceServers: room.iceServers, iceTransportPolicy: 'all' });
    room.iceServers = [{ urls: ['turn:t.example'], username: 'second' }];
    call.prepare();
    expect(connection.configuration).toMatchObject({ iceServers: room.iceServers, bundlePolicy: 'max-bundle' });
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('are all that is used, where the link says so', async () => {
    call.close();
    call = new Call({
      room,
      capture: new Capture(),
      guessSize: () => 'hidden',
      preferences: { codecs: [], relayOnly: true },
      network,
      doorOf: () => undefined,
      changed: () => undefined,
      notice: () => undefined,
    });
    call.join();
    await settle();
    expect(FakePeerConnection.latest.configuration.iceTransportPolicy).toBe('relay');
  });
});

describe('a picture in a codec that the browser has not', () => {
  it('is said on its stream, and is no trouble of the call', async () => {
    call.join();
    const connection = await connect(BO);
    connection.channel.fakeMessage('org.weir.error', {
      code: 'WEIR_NO_COMMON_CODEC',
      message: 'sent in H264, which the client does not receive',
      tracks: [{ stream_id: 'stream-bo', track_id: 'v' }],
      codec: 'H264',
    });
    expect(call.streams[0]?.undecodable).toBe('H264');
    expect(notices).toEqual([]);
  });
});
