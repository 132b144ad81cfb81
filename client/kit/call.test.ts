import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problem, ProblemError } from './problems.ts';
import { ANNOUNCED_AFTER_MS, BO, CallBench, settle } from './testing/call-bench.ts';
import { FakePeerConnection } from './testing/fake-peer-connection.ts';
import { SELF } from './testing/fake-room.ts';

let bench: CallBench;
beforeEach(() => {
  bench = new CallBench();
});
afterEach(() => bench.close());

describe('joining', () => {
  it('sends the invite at once, and the member entry of the same session when it is connected', async () => {
    bench.call.join();
    await settle();
    expect(bench.room.invites).toHaveLength(1);
    expect(bench.room.announced).toEqual([]);
    expect(bench.room.invites[0]?.content).toMatchObject({
      conf_id: 'conf',
      device_id: SELF.deviceId,
      dest_session_id: 'sfu',
      version: '1',
      seq: 0,
      'org.weir.room_id': '!room:a.example',
    });
    expect(bench.call.state.kind).toBe('joining');
    await bench.connect();
    await settle(ANNOUNCED_AFTER_MS);
    expect(bench.room.announced).toEqual([bench.room.invites[0]?.content['sender_session_id']]);
  });

  it('writes the member entry as soon as a focus of our own operator has answered: other foci let us through by it', async () => {
    bench.room.isFocusOurs = true;
    bench.call.join();
    await settle();
    expect(bench.room.announced).toEqual([]);
    bench.room.fakeAnswer();
    await settle();
    expect(bench.call.state.kind).toBe('joining');
    expect(bench.room.announced).toEqual([bench.room.invites[0]?.content['sender_session_id']]);
    await bench.connect();
    await settle(ANNOUNCED_AFTER_MS);
    expect(bench.room.announced).toHaveLength(1);
  });

  it('joins with the connection that it has prepared, with what is known when it joins', async () => {
    bench.call.prepare();
    bench.call.prepare();
    await settle();
    expect(bench.room.sent).toEqual([]);
    const [prepared] = FakePeerConnection.made;
    bench.call.join();
    await bench.connect();
    expect(bench.call.connections).toEqual([prepared]);
    expect(FakePeerConnection.made).toHaveLength(1);
    bench.call.leave();
    bench.call.prepare();
    expect(FakePeerConnection.made).toHaveLength(2);
    bench.call.close();
    expect(FakePeerConnection.made.map(({ signalingState }) => signalingState)).toEqual(['closed', 'closed']);
    bench.call.prepare();
    expect(FakePeerConnection.made).toHaveLength(2);
  });

  it('drops what it has prepared where the call is another one by then, or a while has passed', async () => {
    bench.call.prepare();
    bench.room.confId = 'other';
    bench.call.join();
    await settle();
    expect(bench.room.invites[0]?.content['conf_id']).toBe('other');
    bench.call.leave();
    bench.call.prepare();
    await settle(60_000);
    bench.call.join();
    await settle();
    expect(FakePeerConnection.made).toHaveLength(4);
    expect(FakePeerConnection.made.filter(({ signalingState }) => signalingState !== 'closed')).toHaveLength(1);
  });

  it('is connected when media is, and not before', async () => {
    bench.call.join();
    await settle();
    bench.room.fakeAnswer();
    await settle();
    expect(bench.call.state.kind).toBe('joining');
    FakePeerConnection.latest.fakeState('connected');
    expect(bench.call.state.kind).toBe('connected');
  });

  it('announces a call first where none runs', async () => {
    bench.room.confId = undefined;
    bench.call.join();
    await settle();
    expect(bench.room.invites[0]?.content['conf_id']).toBe('made');
  });

  it('does not join twice', async () => {
    bench.call.join();
    bench.call.join();
    await settle();
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('ends where members may not start calls', async () => {
    bench.room.announceFails = new ProblemError(problem('CALL_FORBIDDEN'));
    bench.call.join();
    await bench.connect();
    await settle(ANNOUNCED_AFTER_MS);
    expect(bench.call.state).toMatchObject({ kind: 'ended', problem: { code: 'CALL_FORBIDDEN' } });
    expect(bench.room.sent.at(-1)?.type).toBe('m.call.hangup');
    expect(bench.call.connections).toEqual([]);
  });

  it('ends where the homeserver refuses the token', async () => {
    bench.room.sendFails = new ProblemError(problem('TOKEN_REFUSED'));
    bench.call.join();
    await settle();
    expect(bench.call.state).toMatchObject({ kind: 'ended', problem: { code: 'TOKEN_REFUSED' } });
  });

  it('invites again, as a new call, where nobody answers, and keeps the room quiet meanwhile', async () => {
    bench.call.join();
    await settle(3_001);
    await settle(500);
    await settle(20_000);
    expect(bench.room.invites.length).toBeGreaterThan(3);
    expect(new Set(bench.room.invites.map(({ content }) => content['call_id'])).size).toBe(bench.room.invites.length);
    expect(bench.room.announced).toHaveLength(0);
    expect(bench.call.state).toMatchObject({ kind: 'joining', problem: { code: 'FOCUS_SILENT' } });
    expect(FakePeerConnection.made.filter(({ signalingState }) => signalingState !== 'closed')).toHaveLength(1);
    await bench.connect();
    expect(bench.call.state.kind).toBe('connected');
    await settle(ANNOUNCED_AFTER_MS);
    expect(bench.room.announced).toHaveLength(1);
  });
});

describe('relays', () => {
  it('of the homeserver are used, and new ones by the session that runs', async () => {
    bench.room.iceServers = [{ urls: ['turn:t.example'], username: 'first' }];
    bench.call.join();
    const connection = await bench.connect();
    expect(connection.configuration).toMatchObject({ iceServers: bench.room.iceServers, iceTransportPolicy: 'all' });
    bench.room.iceServers = [{ urls: ['turn:t.example'], username: 'second' }];
    bench.call.prepare();
    expect(connection.configuration).toMatchObject({ iceServers: bench.room.iceServers, bundlePolicy: 'max-bundle' });
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('are all that is used, where the link says so', async () => {
    bench.callAnew({ codecs: [], relayOnly: true });
    bench.call.join();
    await settle();
    expect(FakePeerConnection.latest.configuration.iceTransportPolicy).toBe('relay');
  });
});

describe('a picture in a codec that the browser has not', () => {
  it('is said on its stream, and is no trouble of the call', async () => {
    bench.call.join();
    const connection = await bench.connect(BO);
    connection.channel.fakeMessage('org.weir.error', {
      code: 'WEIR_NO_COMMON_CODEC',
      message: 'sent in H264, which the client does not receive',
      tracks: [{ stream_id: 'stream-bo', track_id: 'v' }],
      codec: 'H264',
    });
    expect(bench.call.streams[0]?.undecodable).toBe('H264');
    expect(bench.notices).toEqual([]);
  });
});
