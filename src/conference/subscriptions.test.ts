import { describe, expect, it } from 'vitest';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  benchClient,
  type BenchClient,
  callOfMany,
  ConferenceBench,
  newsIn,
  offersIn,
  watchedCall,
} from '../testing/conference-bench.ts';

const NOBODY = { streamId: 'no', trackId: 'no' };

/** Bob watches the three others. */
function callOfFour() {
  const { bench, clients } = callOfMany('alice', 'bob', 'carol', 'dave');
  const [alice, bob, carol, dave] = clients;
  for (const other of [alice, carol, dave]) bench.subscribe(bob, other);
  bench.agree(bob);
  bench.agree(bob);
  bench.effects.length = 0;
  return { bench, alice, bob, carol, dave };
}

/** The publisher offers these of its tracks, and has its answer. */
function publish(bench: ConferenceBench, publisher: BenchClient, tracks: BenchClient['tracks']): void {
  publisher.tracks = tracks;
  bench.say(publisher, { kind: 'negotiate', description: { type: 'offer', sdp: '' }, metadata: undefined });
  bench.finish(publisher.call);
}

/** The offer that stands is the last one. */
function expectNoFurtherOffer(bench: ConferenceBench, viewer: BenchClient): void {
  bench.agree(viewer);
  bench.pass(20_000);
  expect(offersIn(bench.effects)).toHaveLength(1);
}

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
    expect(adjustsIn(effects)).toMatchObject([
      { track: keyOfSubscription(alice.tracks[1]?.ref ?? NOBODY), layer: 2, paused: false },
    ]);
  });

  it('is idempotent', () => {
    const { bench, alice, bob } = watchedCall({ width: 320, height: 180 });
    expect(bench.subscribe(bob, alice, { width: 320, height: 180 })).toEqual([]);
  });

  it('pauses what is no longer wanted and resumes it, both without a negotiation', () => {
    const { bench, alice, bob } = watchedCall();
    const video = alice.tracks[1]?.ref ?? NOBODY;
    const track = keyOfSubscription(video);
    const hidden = bench.say(bob, { kind: 'subscription', subscribe: [], unsubscribe: [video] });
    expect(adjustsIn(hidden)).toMatchObject([{ track, paused: true }]);
    const shown = bench.subscribe(bob, alice, { width: 1280, height: 720 });
    expect(adjustsIn(shown)).toMatchObject([{ track, paused: false }]);
  });

  it('answers an unknown track with an error and keeps the others', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    const bob = benchClient('bob');
    bench.join(alice);
    bench.join(bob);
    const audio = alice.tracks[0]?.ref ?? NOBODY;
    const effects = bench.say(bob, { kind: 'subscription', subscribe: [NOBODY, audio], unsubscribe: [] });
    expect(newsIn(effects, bob, 'error')).toMatchObject([{ error: { code: 'WEIR_UNKNOWN_TRACK' }, tracks: [NOBODY] }]);
    expect(offersIn(effects)).toMatchObject([{ tracks: [{ ref: audio }] }]);
  });

  it('gives a listener those voices that it asks for, and no others', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol', 'dave');
    const [alice, bob, carol, dave] = clients;
    const [near, far] = [audioOf(bob), audioOf(carol)];
    bench.want(alice, { subscribe: [near] });
    bench.agree(alice);
    expect(offersIn(bench.effects).map(({ tracks }) => tracks.map(({ ref, paused }) => [ref, paused]))).toEqual([
      [[near, false]],
    ]);
    // The listener walks away from one and towards another.
    bench.effects.length = 0;
    const moved = bench.want(alice, { subscribe: [far], unsubscribe: [near] });
    expect(adjustsIn(moved)).toMatchObject([{ track: keyOfSubscription(near), paused: true }]);
    bench.agree(alice);
    const [offer] = offersIn(bench.effects);
    expect(offer?.tracks.filter(({ paused }) => !paused).map(({ ref }) => ref)).toEqual([far]);
    expect(offer?.tracks.map(({ ref }) => ref)).not.toContainEqual(audioOf(dave));
    // And back: without a negotiation, what is paused before what is heard.
    bench.effects.length = 0;
    const back = bench.want(alice, { subscribe: [near], unsubscribe: [far] });
    expect(adjustsIn(back).map(({ track, paused }) => [track, paused])).toEqual([
      [keyOfSubscription(far), true],
      [keyOfSubscription(near), false],
    ]);
    expect(offersIn(bench.effects)).toEqual([]);
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

  it('tells at once of one that left, and takes its tracks out of an offer 5 s later', () => {
    const { bench, alice, bob } = watchedCall();
    bench.effects.length = 0;
    bench.take({ kind: 'hung-up', call: alice.call });
    expect(bench.lastMetadata(bob)).toEqual({});
    bench.pass(4_999);
    expect(offersIn(bench.effects)).toEqual([]);
    bench.pass(1);
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks: [] }]);
    expectNoFurtherOffer(bench, bob);
  });

  it('takes all who leave within those 5 s out of one offer', () => {
    const { bench, alice, bob, carol, dave } = callOfFour();
    bench.take({ kind: 'hung-up', call: carol.call });
    bench.pass(3_000);
    bench.take({ kind: 'hung-up', call: dave.call });
    bench.pass(2_000);
    const tracks = alice.tracks.map(({ ref }) => ({ ref }));
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks }]);
    expectNoFurtherOffer(bench, bob);
  });

  it('takes one that left out of an offer that is made for another reason', () => {
    const { bench, alice, bob, carol, dave } = callOfFour();
    bench.take({ kind: 'hung-up', call: carol.call });
    bench.say(bob, { kind: 'subscription', subscribe: [], unsubscribe: [] });
    expect(offersIn(bench.effects)).toEqual([]);
    const erin = benchClient('erin');
    bench.join(erin);
    bench.subscribe(bob, erin);
    const tracks = [alice, dave, erin].flatMap(one => one.tracks.map(({ ref }) => ({ ref })));
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks }]);
    expectNoFurtherOffer(bench, bob);
  });

  it('takes one that left while the viewer was busy out of an offer 5 s after that', () => {
    const { bench, alice, bob } = watchedCall();
    bench.say(bob, { kind: 'negotiate', description: { type: 'offer', sdp: '' }, metadata: undefined });
    bench.effects.length = 0;
    bench.take({ kind: 'hung-up', call: alice.call });
    bench.pass(10_000);
    expect(offersIn(bench.effects)).toEqual([]);
    bench.finishAll();
    expect(offersIn(bench.effects)).toEqual([]);
    bench.say(bob, { kind: 'pong' });
    bench.pass(5_000);
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks: [] }]);
  });

  it('offers a track anew when its publisher stopped and started it between two offers', () => {
    const { bench, alice, bob } = watchedCall();
    bench.effects.length = 0;
    const { tracks } = alice;
    publish(bench, alice, tracks.slice(0, 1));
    const withdrawn = offersIn(bench.pass(5_000));
    expect(withdrawn).toMatchObject([{ call: bob.call, tracks: [{ ref: tracks[0]?.ref }] }]);
    publish(bench, alice, tracks);
    bench.finishAll();
    bench.answer(bob);
    expect(offersIn(bench.effects)[1]?.tracks.map(track => track.ref)).toEqual(tracks.map(track => track.ref));
  });

  it('offers it anew at once where it had not been taken out yet', () => {
    const { bench, alice, bob } = watchedCall();
    bench.effects.length = 0;
    const { tracks } = alice;
    publish(bench, alice, tracks.slice(0, 1));
    publish(bench, alice, tracks);
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call, tracks: tracks.map(({ ref }) => ({ ref })) }]);
  });

  it('offers it anew as well when the viewer was busy all the while', () => {
    const { bench, alice, bob } = watchedCall();
    const carol = benchClient('carol');
    bench.join(carol);
    bench.subscribe(bob, carol);
    bench.finishAll();
    bench.effects.length = 0;
    const { tracks } = alice;
    publish(bench, alice, tracks.slice(0, 1));
    publish(bench, alice, tracks);
    expect(offersIn(bench.effects)).toEqual([]);
    bench.answer(bob);
    expect(offersIn(bench.effects)).toMatchObject([{ call: bob.call }]);
    expect(offersIn(bench.effects)[0]?.tracks).toHaveLength(4);
  });
});
