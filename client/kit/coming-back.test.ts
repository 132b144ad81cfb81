import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problem, ProblemError } from './problems.ts';
import { ANNOUNCED_AFTER_MS, BO, CallBench, settle } from './testing/call-bench.ts';
import { FakePeerConnection } from './testing/fake-peer-connection.ts';

let bench: CallBench;
beforeEach(() => {
  bench = new CallBench();
});
afterEach(() => bench.close());

describe('coming back', () => {
  it('joins with a new session at once when the focus was restarted', async () => {
    bench.call.join();
    const first = await bench.connect(BO);
    await settle(ANNOUNCED_AFTER_MS);
    bench.hangUp('WEIR_FOCUS_RESTARTED');
    await settle();
    expect(first.signalingState).toBe('closed');
    expect(bench.room.invites).toHaveLength(2);
    const [before, after] = bench.room.invites.map(({ content }) => content['sender_session_id']);
    expect(after).not.toBe(before);
    expect(bench.call.state).toMatchObject({ kind: 'reconnecting', by: 'session', problem: undefined });
    expect(bench.call.streams).toHaveLength(1);
    await bench.connect(BO);
    expect(bench.call.state.kind).toBe('connected');
    await settle(ANNOUNCED_AFTER_MS);
    expect(bench.room.announced).toEqual([before, after]);
  });

  it('is not touched by what comes late for its old session, or from a stranger', async () => {
    bench.call.join();
    await bench.connect();
    const [old] = bench.room.invites;
    bench.hangUp('WEIR_FOCUS_RESTARTED');
    await bench.connect();
    bench.room.fakeMessage('m.call.hangup', { reason: 'new_session' }, old);
    bench.room.fakeMessage('m.call.hangup', { reason: 'user_hangup' }, undefined, '@mallory:m.example');
    await settle();
    expect(bench.call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(2);
  });

  it('tries another way through the network before it gives the session up', async () => {
    bench.call.join();
    const first = await bench.connect();
    first.fakeState('disconnected');
    expect(bench.call.state.kind).toBe('reconnecting');
    await settle(1_000);
    expect(first.iceRestarts).toBe(1);
    expect(bench.room.sent.at(-1)?.type).toBe('m.call.negotiate');
    first.fakeState('connected');
    expect(bench.call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('tries again and again for as long as the focus keeps the session, then joins anew', async () => {
    bench.call.join();
    const first = await bench.connect();
    first.isDeaf = true;
    first.fakeState('failed');
    const offers = (): number => bench.room.sent.filter(({ type }) => type === 'm.call.negotiate').length;
    await settle(11_000);
    expect([first.iceRestarts, offers()]).toEqual([1, 3]);
    for (let second = 11; second < 44; second += 1) {
      const sdp = `v=0\r\na=ice-ufrag:${second}`;
      bench.room.fakeMessage('m.call.negotiate', { description: { type: 'answer', sdp } });
      await settle(1_000);
    }
    expect(first.iceRestarts).toBeGreaterThan(4);
    await settle(900);
    expect(bench.call.state).toMatchObject({ kind: 'reconnecting', by: 'path' });
    expect(FakePeerConnection.made).toHaveLength(1);
    await settle(200);
    expect(first.signalingState).toBe('closed');
    expect(bench.call.state).toMatchObject({ kind: 'reconnecting', by: 'session' });
    await bench.connect();
    expect(bench.call.state.kind).toBe('connected');
  });

  it('notices by its statistics that nothing comes in, before the browser does', async () => {
    bench.call.join();
    const { channel } = await bench.connect();
    const connection = FakePeerConnection.latest;
    await settle(10_000);
    expect(bench.call.state.kind).toBe('connected');
    expect(connection.iceRestarts).toBe(0);
    connection.isDeaf = true;
    await settle(3_000);
    expect(channel.types).toContain('m.call.ping');
    expect(bench.call.state).toMatchObject({ kind: 'reconnecting', by: 'path', networkGone: false });
    expect(connection.iceRestarts).toBe(1);
    connection.isDeaf = false;
    await settle(1_000);
    expect(bench.call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('lets a session be while messages cannot be sent, and says them later', async () => {
    bench.call.join();
    const connection = await bench.connect();
    bench.room.sendFails = new ProblemError(problem('HOMESERVER_UNREACHABLE'));
    connection.isDeaf = true;
    connection.fakeState('failed');
    bench.network.fakeHint('gone');
    await settle(8_000);
    expect(bench.call.state).toMatchObject({ kind: 'reconnecting', by: 'path', networkGone: true });
    expect(bench.room.sent.filter(({ type }) => type === 'm.call.negotiate')).toEqual([]);
    bench.room.sendFails = undefined;
    bench.network.fakeHint('back');
    await settle(600);
    expect(bench.room.sent.filter(({ type }) => type === 'm.call.negotiate').length).toBeGreaterThan(0);
    connection.isDeaf = false;
    connection.fakeState('connected');
    expect(bench.call.state.kind).toBe('connected');
    expect(FakePeerConnection.made).toHaveLength(1);
  });

  it('joins anew at once when the network is back and the session is gone', async () => {
    bench.call.join();
    const connection = await bench.connect();
    connection.isDeaf = true;
    connection.fakeState('failed');
    bench.network.fakeHint('gone');
    bench.room.sendFails = new ProblemError(problem('HOMESERVER_UNREACHABLE'));
    await settle(60_000);
    const before = FakePeerConnection.made.length;
    bench.room.sendFails = undefined;
    bench.network.fakeHint('back');
    await settle(10);
    expect(FakePeerConnection.made.length).toBe(before + 1);
    await bench.connect();
    expect(bench.call.state.kind).toBe('connected');
  });

  it('joins anew at once when the focus does not know the session', async () => {
    bench.call.join();
    const first = await bench.connect();
    await settle(10_000);
    first.isDeaf = true;
    await settle(3_000);
    bench.hangUp('WEIR_NO_SESSION');
    await settle();
    expect(bench.room.invites).toHaveLength(2);
    expect(first.signalingState).toBe('closed');
  });

  it('joins anew when the focus falls silent', async () => {
    bench.call.join();
    const { channel } = await bench.connect();
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
    bench.call.join();
    await bench.connect();
    bench.hangUp('WEIR_REPLACED', 'new_session');
    await settle(60_000);
    expect(bench.call.state).toMatchObject({ kind: 'ended', problem: { code: 'REPLACED' } });
    expect(bench.room.withdrawn).toBe(0);
    bench.call.join();
    await bench.connect();
    await settle(ANNOUNCED_AFTER_MS);
    bench.hangUp('WEIR_CALL_ENDED', 'user_hangup');
    await settle(60_000);
    expect(bench.call.state).toMatchObject({ kind: 'ended', problem: { code: 'CALL_ENDED' } });
    expect(bench.room.withdrawn).toBe(1);
  });

  it('comes again when a full focus said so, and tells the person meanwhile', async () => {
    bench.call.join();
    await settle();
    bench.room.fakeMessage('m.call.hangup', {
      reason: 'unknown_error',
      'org.weir.error': { code: 'WEIR_OVERLOADED', message: 'the media worker is busy', retry_after_ms: 10_000 },
    });
    await settle(12_000);
    expect(bench.room.invites).toHaveLength(1);
    expect(bench.call.state).toMatchObject({
      kind: 'joining',
      problem: { code: 'FOCUS_FULL', detail: 'the media worker is busy' },
    });
    await settle(1_000);
    expect(bench.room.invites).toHaveLength(2);
    await bench.connect();
    expect(bench.call.state.kind).toBe('connected');
  });

  it('gives a focus that does not know the call some time, then tells the person', async () => {
    bench.call.join();
    let refused = 0;
    for (let step = 0; step < 400 && bench.call.state.kind === 'joining'; step += 1) {
      await settle(100);
      if (bench.room.invites.length === refused) continue;
      refused += 1;
      bench.hangUp('WEIR_UNKNOWN_CONFERENCE');
    }
    expect(bench.call.state).toMatchObject({ kind: 'ended', problem: { code: 'FOCUS_NOT_IN_ROOM' } });
    expect(refused).toBeGreaterThan(3);
  });
});
