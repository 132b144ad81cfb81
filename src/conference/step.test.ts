import { describe, expect, it } from 'vitest';
import { benchClient, ConferenceBench, newsIn } from '../testing/conference-bench.ts';
import type { Effect } from './messages.ts';

function offersIn(effects: readonly Effect[]) {
  return effects.filter(effect => effect.kind === 'make-offer');
}
function adjustsIn(effects: readonly Effect[]) {
  return effects.filter(effect => effect.kind === 'adjust');
}

/** Alice and Bob in a call; Bob watches Alice at the size given. */
function watchedCall(size = { width: 1280, height: 720 }) {
  const bench = new ConferenceBench();
  const alice = benchClient('alice');
  const bob = benchClient('bob');
  bench.join(alice);
  bench.join(bob);
  bench.subscribe(bob, alice, size);
  bench.finishAll();
  bench.answer(bob);
  return { bench, alice, bob };
}

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

describe('subscriptions', () => {
  it('offers wanted tracks at the smallest layer that covers the size', () => {
    const { bench, alice, bob } = watchedCall({ width: 320, height: 180 });
    expect(offersIn(bench.effects)).toMatchObject([
      {
        call: bob.call,
        tracks: [
          { ref: alice.tracks[0]?.ref, layer: undefined, paused: false },
          { ref: alice.tracks[1]?.ref, layer: 0, paused: false },
        ],
      },
    ]);
  });

  it('changes the layer without a negotiation', () => {
    const { bench, alice, bob } = watchedCall({ width: 320, height: 180 });
    const effects = bench.subscribe(bob, alice, { width: 1280, height: 720 });
    expect(effects).toMatchObject([{ kind: 'adjust', track: alice.tracks[1]?.ref, layer: 2, paused: false }]);
  });

  it('is idempotent', () => {
    const { bench, alice, bob } = watchedCall({ width: 320, height: 180 });
    expect(bench.subscribe(bob, alice, { width: 320, height: 180 })).toEqual([]);
  });

  it('pauses what is no longer wanted and resumes it, both without a negotiation', () => {
    const { bench, alice, bob } = watchedCall();
    const video = alice.tracks[1]?.ref ?? { streamId: '', trackId: '' };
    const hidden = bench.say(bob, { kind: 'subscription', subscribe: [], unsubscribe: [video] });
    expect(hidden).toMatchObject([{ kind: 'adjust', track: video, paused: true }]);
    const shown = bench.subscribe(bob, alice, { width: 1280, height: 720 });
    expect(shown).toMatchObject([{ kind: 'adjust', track: video, paused: false }]);
  });

  it('answers an unknown track with an error and keeps the others', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.join(bob);
    const nobody = { streamId: 'no', trackId: 'no' };
    const audio = alice.tracks[0]?.ref ?? nobody;
    const effects = bench.say(bob, { kind: 'subscription', subscribe: [nobody, audio], unsubscribe: [] });
    expect(newsIn(effects, bob, 'error')).toMatchObject([{ error: { code: 'WEIR_UNKNOWN_TRACK' }, tracks: [nobody] }]);
    expect(offersIn(effects)).toMatchObject([{ tracks: [{ ref: audio }] }]);
  });

  it('does not let anybody subscribe to their own tracks', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    bench.join(alice);
    const effects = bench.subscribe(alice, alice);
    expect(newsIn(effects, alice, 'error')).toMatchObject([{ error: { code: 'WEIR_UNKNOWN_TRACK' } }]);
    expect(offersIn(effects)).toEqual([]);
  });

  it('coalesces: what changes while an offer is out makes one further offer', () => {
    const { bench, bob } = watchedCall();
    const others = ['carol', 'dave', 'erin'].map(name => benchClient(name));
    const [carol, dave, erin] = others;
    if (carol === undefined || dave === undefined || erin === undefined) throw new Error('three clients');
    for (const other of others) bench.join(other);
    bench.effects.length = 0;
    bench.subscribe(bob, carol);
    bench.finishAll();
    bench.subscribe(bob, dave);
    bench.subscribe(bob, erin);
    bench.finishAll();
    expect(offersIn(bench.effects)).toHaveLength(1);
    bench.answer(bob);
    expect(offersIn(bench.effects)).toHaveLength(2);
    expect(offersIn(bench.effects)[1]?.tracks).toHaveLength(8);
  });

  it('takes the tracks of one that left out of the next offer', () => {
    const { bench, alice, bob } = watchedCall();
    bench.effects.length = 0;
    bench.take({ kind: 'hung-up', call: alice.call });
    expect(bench.lastMetadata(bob)).toEqual({});
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks: [] }]);
  });

  it('offers a track anew when its publisher stopped and started it between two offers', () => {
    const { bench, alice, bob } = watchedCall();
    bench.effects.length = 0;
    const tracks = alice.tracks;
    const offer = { kind: 'negotiate', description: { type: 'offer', sdp: '' }, metadata: undefined } as const;
    alice.tracks = tracks.slice(0, 1);
    bench.say(alice, offer);
    bench.finish(alice.call);
    const withdrawn = offersIn(bench.effects);
    expect(withdrawn).toMatchObject([{ call: bob.call, tracks: [{ ref: tracks[0]?.ref }] }]);
    alice.tracks = tracks;
    bench.say(alice, offer);
    bench.finish(alice.call);
    bench.finishAll();
    bench.answer(bob);
    expect(offersIn(bench.effects)[1]?.tracks.map(track => track.ref)).toEqual(tracks.map(track => track.ref));
  });

  it('offers it anew as well when the viewer was busy all the while', () => {
    const { bench, alice, bob } = watchedCall();
    const carol = benchClient('carol');
    bench.join(carol);
    bench.subscribe(bob, carol);
    bench.finishAll();
    bench.effects.length = 0;
    const tracks = alice.tracks;
    const offer = { kind: 'negotiate', description: { type: 'offer', sdp: '' }, metadata: undefined } as const;
    for (const published of [tracks.slice(0, 1), tracks]) {
      alice.tracks = published;
      bench.say(alice, offer);
      bench.finish(alice.call);
    }
    expect(offersIn(bench.effects)).toEqual([]);
    bench.answer(bob);
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call }]);
    expect(offersIn(bench.effects)[0]?.tracks).toHaveLength(4);
  });
});

describe('an offer that completes what the client publishes', () => {
  function joinedIncomplete() {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.completesOffers = true;
    bench.join(alice);
    bench.join(bob);
    bench.effects.length = 0;
    return { bench, alice, bob };
  }

  it('waits for the tracks that the client subscribes to, and goes with them', () => {
    const { bench, alice, bob } = joinedIncomplete();
    expect(offersIn(bench.subscribe(bob, alice))).toMatchObject([{ call: bob.call }]);
    bench.finishAll();
    bench.answer(bob);
    bench.pass(10_000);
    expect(offersIn(bench.effects).filter(offer => offer.call.callId === bob.call.callId)).toHaveLength(1);
  });

  it('goes alone where the client subscribes to nothing', () => {
    const { bench, alice } = joinedIncomplete();
    bench.pass(900);
    expect(offersIn(bench.effects)).toEqual([]);
    bench.pass(100);
    expect(offersIn(bench.effects).filter(offer => offer.call.callId === alice.call.callId)).toMatchObject([
      { tracks: [] },
    ]);
  });
});

describe('glare', () => {
  it("answers the client's offer, then makes its own again", () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.join(bob);
    bench.subscribe(bob, alice);
    bench.finishAll();
    expect(bench.newsFor(bob, 'offer')).toHaveLength(1);
    bench.say(bob, { kind: 'negotiate', description: { type: 'offer', sdp: 'crossing' }, metadata: undefined });
    bench.finishAll();
    expect(
      bench
        .newsFor(bob)
        .map(news => news.kind)
        .slice(-2),
    ).toEqual(['answer', 'offer']);
    bench.answer(bob);
    expect(bench.conference.participants.get(bob.call.key)?.negotiation).toEqual({
      kind: 'stable',
      offerDueAt: undefined,
    });
  });

  it('drops an offer of ours that was still being made', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.join(bob);
    bench.subscribe(bob, alice);
    bench.say(bob, { kind: 'negotiate', description: { type: 'offer', sdp: 'crossing' }, metadata: undefined });
    bench.finishAll();
    const kinds = bench.newsFor(bob).map(news => news.kind);
    expect(kinds.filter(kind => kind === 'offer')).toHaveLength(1);
    expect(kinds.lastIndexOf('offer')).toBeGreaterThan(kinds.lastIndexOf('answer'));
  });

  it('answers an answer without an offer with an error', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    bench.join(alice);
    const effects = bench.say(alice, {
      kind: 'negotiate',
      description: { type: 'answer', sdp: '' },
      metadata: undefined,
    });
    expect(newsIn(effects, alice, 'error')).toMatchObject([{ error: { code: 'WEIR_UNEXPECTED_MESSAGE' } }]);
  });

  it('makes an unanswered offer again, a few times, then ends the session', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.join(bob);
    bench.subscribe(bob, alice);
    for (let waited = 0; waited < 3; waited++) {
      bench.finishAll();
      expect(bench.newsFor(bob, 'offer')).toHaveLength(waited + 1);
      bench.pass(5_000);
    }
    expect(bench.newsFor(bob, 'hangup')).toMatchObject([{ error: { code: 'WEIR_NEGOTIATION_TIMEOUT' } }]);
    expect(bench.conference.participants.size).toBe(1);
  });
});

describe('metadata', () => {
  it('is told on from negotiate offers, too', () => {
    const { bench, alice, bob } = watchedCall();
    const unmuted = structuredClone(alice.metadata);
    const stream = unmuted['stream-alice-s1'];
    if (stream !== undefined) stream.video_muted = false;
    bench.say(alice, { kind: 'negotiate', description: { type: 'offer', sdp: '' }, metadata: unmuted });
    expect(bench.lastMetadata(bob)?.['stream-alice-s1']).toMatchObject({ video_muted: false });
  });

  it('may not take over a stream of somebody else', () => {
    const { bench, alice, bob } = watchedCall();
    const effects = bench.say(bob, { kind: 'metadata_changed', metadata: { ...bob.metadata, ...alice.metadata } });
    expect(newsIn(effects, bob, 'error')).toMatchObject([{ error: { code: 'WEIR_TRACK_TAKEN' } }]);
    expect(bench.lastMetadata(bob)?.['stream-alice-s1']).toMatchObject({ user_id: '@alice:example.org' });
    expect(bench.conference.participants.get(bob.call.key)?.metadata).not.toHaveProperty('stream-alice-s1');
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

  it('keeps the session for 30 s, then hangs up', () => {
    const { bench, alice } = watchedCall();
    bench.take({ kind: 'path', call: alice.call, state: 'silent' });
    bench.pass(29_999);
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
