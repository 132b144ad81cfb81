import { describe, expect, it } from 'vitest';
import { adjustsIn, benchClient, ConferenceBench, newsIn, offersIn, watchedCall } from '../testing/conference-bench.ts';

describe('joining', () => {
  it('opens the session before anything is told, then answers', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    expect(bench.invite(alice).map(effect => effect.kind)).toEqual(['open']);
    bench.finish();
    expect(bench.newsFor(alice)).toMatchObject([{ kind: 'admission', metadata: {} }]);
  });

  it('tells the others only once the newcomer is heard', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.invite(bob);
    bench.finishAll();
    expect(bench.lastMetadata(alice)).toEqual({});
    bench.take({ kind: 'path', call: bob.call, state: 'heard' });
    expect(Object.keys(bench.lastMetadata(alice) ?? {})).toEqual(['stream-bob-s1']);
  });

  it('names the authenticated user and device in the metadata, keeps width and height', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    const stream = bob.metadata['stream-bob-s1'];
    if (stream !== undefined) stream.user_id = '@mallory:example.org';
    bench.join(alice);
    bench.join(bob);
    expect(bench.lastMetadata(alice)?.['stream-bob-s1']).toMatchObject({
      user_id: '@bob:example.org',
      device_id: 'BOBDEV',
      tracks: { 'video-bob-s1': { width: 1280, height: 720 } },
    });
  });

  it('refuses an invite that announces too many streams', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    for (let index = 0; index < 17; index += 1) alice.metadata[`stream${index}`] = { user_id: '', purpose: '' };
    const effects = bench.invite(alice);
    expect(newsIn(effects, alice)).toMatchObject([{ kind: 'hangup', error: { code: 'WEIR_BAD_MESSAGE' } }]);
    expect(bench.conference.participants.size).toBe(0);
  });

  it('is quicker where the client takes an early offer: what it asks for later flows without another one', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.invite(bob, true);
    bench.finishAll();
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks: [{ paused: true }, { paused: true }] }]);
    expect(bench.newsFor(bob)).toMatchObject([{ kind: 'admission', earlyOffer: 'offer 7' }]);
    bench.take({ kind: 'path', call: bob.call, state: 'heard' }, { kind: 'control-open', call: bob.call });
    bench.answer(bob);
    const effects = bench.subscribe(bob, alice);
    expect(adjustsIn(effects)).toMatchObject([{ paused: false }, { paused: false }]);
    expect(offersIn(effects)).toEqual([]);
  });

  it('offers early only what is there, and only so much of it', () => {
    const bench = new ConferenceBench();
    bench.conference.limits.earlyTracks = 3;
    const bob = benchClient('bob');
    bench.invite(bob, true);
    bench.finishAll();
    bench.pass(2_000);
    expect(offersIn(bench.effects)).toEqual([]);
    const [alice, carol] = [benchClient('alice'), benchClient('carol')];
    bench.join(alice);
    bench.join(carol);
    const dave = benchClient('dave');
    bench.invite(dave, true);
    bench.finishAll();
    const offered = offersIn(bench.effects).filter(({ call }) => call.callId === dave.call.callId);
    expect(offered.map(({ tracks }) => tracks.length)).toEqual([3]);
  });

  it('sends metadata when the channel opens, even when nobody else is there', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    bench.join(alice);
    expect(bench.newsFor(alice, 'metadata')).toEqual([{ kind: 'metadata', metadata: {} }]);
  });

  it('takes a repeated invite for what it is', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    bench.join(alice);
    expect(bench.invite(alice)).toEqual([]);
  });

  it('ends a session whose media does not come up', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    bench.invite(alice);
    bench.finishAll();
    bench.pass(19_999);
    expect(bench.conference.participants.size).toBe(1);
    bench.pass(1);
    expect(bench.newsFor(alice, 'hangup')).toMatchObject([{ error: { code: 'WEIR_JOIN_TIMEOUT' } }]);
  });

  it('refuses the first offer that cannot be answered, and only that session', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.invite(bob);
    bench.finish(bob.call, 'failed');
    expect(bench.newsFor(bob)).toMatchObject([{ kind: 'hangup', error: { code: 'WEIR_BAD_SDP' } }]);
    expect([...bench.conference.participants.values()].map(one => one.session.userId)).toEqual(['@alice:example.org']);
  });
});

describe('a device that joins again', () => {
  it('is a new session; the old one ends, and its late close changes nothing', () => {
    const bench = new ConferenceBench();
    const old = benchClient('alice', 's1');
    const fresh = benchClient('alice', 's2');
    bench.join(old);
    bench.join(fresh);
    expect(bench.newsFor(old, 'hangup')).toMatchObject([{ error: { code: 'WEIR_REPLACED' } }]);
    const late = bench.take(
      { kind: 'hung-up', call: old.call },
      { kind: 'path', call: old.call, state: 'silent' },
      { kind: 'said', call: old.call, message: { kind: 'pong' }, replyBy: 'control' },
    );
    expect(late).toEqual([]);
    expect([...bench.conference.participants.values()].map(one => one.callId)).toEqual([fresh.call.callId]);
  });

  it('may use the same session with a new call', () => {
    const bench = new ConferenceBench();
    const first = benchClient('alice', 's1', 'call-1');
    const second = benchClient('alice', 's1', 'call-2');
    bench.join(first);
    bench.join(second);
    expect(bench.take({ kind: 'hung-up', call: first.call })).toEqual([]);
    expect([...bench.conference.participants.values()].map(one => one.callId)).toEqual(['call-2']);
  });
});

describe('silence', () => {
  it('hides a participant whose path is lost, pauses its tracks, and brings both back', () => {
    const { bench, alice, bob } = watchedCall();
    const lost = bench.take({ kind: 'path', call: alice.call, state: 'silent' });
    expect(bench.lastMetadata(bob)).toEqual({});
    expect(adjustsIn(lost)).toMatchObject([{ paused: true }, { paused: true }]);
    expect(offersIn(lost)).toEqual([]);
    const back = bench.take({ kind: 'path', call: alice.call, state: 'heard' });
    expect(Object.keys(bench.lastMetadata(bob) ?? {})).toEqual(['stream-alice-s1']);
    expect(adjustsIn(back)).toMatchObject([{ paused: false }, { paused: false }]);
  });

  it('keeps the session for 45 s, then hangs up', () => {
    const { bench, alice } = watchedCall();
    bench.take({ kind: 'path', call: alice.call, state: 'silent' });
    bench.pass(44_999);
    expect(bench.conference.participants.has(alice.call.key)).toBe(true);
    bench.pass(1);
    expect(bench.newsFor(alice, 'hangup')).toMatchObject([{ error: { code: 'WEIR_KEEP_ALIVE' } }]);
  });

  it('takes 8 s without a pong for silence, once there was a pong', () => {
    const { bench, alice, bob } = watchedCall();
    bench.say(alice, { kind: 'pong' });
    for (let second = 0; second < 7; second++) bench.pass(1_000);
    expect(Object.keys(bench.lastMetadata(bob) ?? {})).toEqual(['stream-alice-s1']);
    bench.pass(1_000);
    expect(bench.lastMetadata(bob)).toEqual({});
    bench.say(alice, { kind: 'pong' });
    expect(Object.keys(bench.lastMetadata(bob) ?? {})).toEqual(['stream-alice-s1']);
  });

  it('pings every 2.5 s', () => {
    const { bench, alice } = watchedCall();
    bench.effects.length = 0;
    for (let half = 0; half < 20; half++) bench.pass(500);
    expect(bench.newsFor(alice, 'ping')).toHaveLength(4);
  });
});

describe('endings', () => {
  it('ends all sessions of a user who leaves the room', () => {
    const { bench, alice, bob } = watchedCall();
    bench.take({ kind: 'user-left', userId: alice.session.userId });
    expect(bench.newsFor(alice, 'hangup')).toMatchObject([{ error: { code: 'WEIR_NOT_JOINED' } }]);
    expect(bench.lastMetadata(bob)).toEqual({});
  });

  it('closes the media of everybody it ends, once', () => {
    const { bench, alice, bob } = watchedCall();
    bench.take({ kind: 'hung-up', call: alice.call }, { kind: 'hung-up', call: alice.call });
    bench.take({ kind: 'hung-up', call: bob.call });
    const closed = bench.effects.flatMap(effect => (effect.kind === 'close' ? [effect.call.callId] : []));
    expect(closed).toEqual([alice.call.callId, bob.call.callId]);
    expect(bench.conference.tracks.size).toBe(0);
  });
});
