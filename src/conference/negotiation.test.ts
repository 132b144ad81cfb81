import { describe, expect, it } from 'vitest';
import { benchClient, ConferenceBench, newsIn, offersIn, watchedCall } from '../testing/conference-bench.ts';

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
