/** What clients that asked for it are told: what they are granted, who speaks, how loud. */
import { describe, expect, it } from 'vitest';
import type { ControlMessage } from '../../signalling/wire/control.ts';
import {
  audioOf,
  type BenchClient,
  callOfMany,
  cameraOf,
  type ConferenceBench,
  layersOfCamera,
  newsIn,
  toldIn,
  videoOf,
} from '../testing/conference-bench.ts';

const LARGE = { width: 1280, height: 720 };
const SMALL = { width: 160, height: 90 };

/** Bob and Carol watch Alice; Bob wants to be told of everything. */
function listening() {
  const { bench, clients } = callOfMany('alice', 'bob', 'carol');
  const [alice, bob, carol] = clients;
  for (const viewer of [bob, carol]) bench.want(viewer, { subscribe: [cameraOf(alice, LARGE)] });
  bench.agree(bob, carol);
  bench.settleBitrates([alice], [150_000, 500_000, 1_500_000]);
  const first = bench.want(bob, { tell: ['allocation', 'speakers', 'audio_levels'] });
  bench.effects.length = 0;
  return { bench, alice, bob, carol, first };
}

function loud(bench: ConferenceBench, client: BenchClient, level: number) {
  return bench.take({ kind: 'loud', call: client.call, track: audioOf(client), level });
}

describe('the allocation', () => {
  it('is told whole to begin with: the layer, and which there are', () => {
    const { alice, bob, first } = listening();
    expect(toldIn(first, bob, 'allocation')).toEqual([
      {
        kind: 'allocation',
        available: undefined,
        state: 'STABLE',
        tracks: [
          {
            ...videoOf(alice),
            grant: { kind: 'layer', layer: 2 },
            layers: [
              { width: 320, height: 180, live: true },
              { width: 640, height: 360, live: true },
              { width: 1280, height: 720, live: true },
            ],
          },
        ],
      },
    ]);
  });

  it('is told when a grant changes, with the estimate', () => {
    const { bench, alice, bob } = listening();
    expect(toldIn(bench.estimate(bob, 700_000), bob, 'allocation')).toMatchObject([
      { available: 700_000, state: 'DEFICIENT', tracks: [{ ...videoOf(alice), grant: { kind: 'layer', layer: 1 } }] },
    ]);
    expect(toldIn(bench.estimate(bob, 50_000), bob, 'allocation')).toMatchObject([
      { state: 'DEFICIENT', tracks: [{ grant: { kind: 'paused', reason: 'bandwidth' } }] },
    ]);
  });

  it('names what changed, and nothing else', () => {
    const { bench, alice, bob, carol } = listening();
    bench.want(bob, { subscribe: [cameraOf(carol, SMALL)] });
    bench.effects.length = 0;
    const effects = bench.want(bob, { subscribe: [cameraOf(carol, { width: 0, height: 0 }), cameraOf(alice, LARGE)] });
    expect(toldIn(effects, bob, 'allocation')).toMatchObject([
      { state: 'STABLE', tracks: [{ ...videoOf(carol), grant: { kind: 'paused', reason: 'hidden' } }] },
    ]);
  });

  it('is not told again while nothing changes', () => {
    const { bench, bob } = listening();
    bench.estimate(bob, 4_000_000);
    bench.pass(1_000);
    bench.effects.length = 0;
    for (let second = 0; second < 10; second += 1) {
      bench.estimate(bob, 4_000_000);
      bench.pass(1_000);
    }
    expect(toldIn(bench.effects, bob, 'allocation')).toEqual([]);
  });

  it('tells of estimates that moved by more than 5 %, at most once a second', () => {
    const { bench, bob } = listening();
    bench.estimate(bob, 4_000_000);
    bench.pass(1_000);
    bench.pass(1_000);
    expect(toldIn(bench.estimate(bob, 4_100_000), bob, 'allocation')).toEqual([]);
    expect(toldIn(bench.estimate(bob, 5_000_000), bob, 'allocation')).toMatchObject([
      { available: 5_000_000, state: 'STABLE', tracks: [] },
    ]);
    expect(toldIn(bench.estimate(bob, 8_000_000), bob, 'allocation')).toEqual([]);
    expect(toldIn(bench.pass(1_000), bob, 'allocation')).toMatchObject([{ available: 8_000_000 }]);
  });

  it('tells which layers there are no more, and that there are again', () => {
    const { bench, alice, bob } = listening();
    const off = bench.say(alice, { kind: 'layers_available', tracks: [layersOfCamera(alice, [true, true, false])] });
    expect(toldIn(off, bob, 'allocation')).toMatchObject([
      {
        state: 'STABLE',
        tracks: [{ grant: { kind: 'layer', layer: 1 }, layers: [{ live: true }, { live: true }, { live: false }] }],
      },
    ]);
    const none = bench.say(alice, { kind: 'layers_available', tracks: [layersOfCamera(alice, [false, false, false])] });
    expect(toldIn(none, bob, 'allocation')).toMatchObject([
      { tracks: [{ grant: { kind: 'paused', reason: 'no_layer' } }] },
    ]);
    const on = bench.say(alice, { kind: 'layers_available', tracks: [layersOfCamera(alice, [true, true, true])] });
    expect(toldIn(on, bob, 'allocation')).toMatchObject([{ tracks: [{ grant: { kind: 'layer', layer: 2 } }] }]);
  });

  it('names copies by their own ids', () => {
    const { bench, alice, bob } = listening();
    const { streamId, trackId } = videoOf(alice);
    const effects = bench.want(bob, { subscribe: [cameraOf(alice, { ...SMALL, variant: 'thumb' })] });
    expect(toldIn(effects, bob, 'allocation')).toMatchObject([
      {
        tracks: [{ streamId: `${streamId}+thumb`, trackId: `${trackId}+thumb`, grant: { kind: 'layer', layer: 0 } }],
      },
    ]);
  });

  it('is told whole again to who asks anew', () => {
    const { bench, bob } = listening();
    bench.want(bob, { tell: [] });
    expect(toldIn(bench.want(bob, { tell: ['allocation'] }), bob, 'allocation')).toMatchObject([
      { tracks: [{ grant: { kind: 'layer', layer: 2 } }] },
    ]);
  });
});

describe('speakers and levels', () => {
  it('begin with who spoke before', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    bench.speak(alice);
    expect(toldIn(bench.want(bob, { tell: ['speakers'] }), bob, 'speakers')).toEqual([
      { kind: 'speakers', latest: [audioOf(alice)] },
    ]);
  });

  it('tell of each new speaker, the latest first, and of nothing that stays', () => {
    const { bench, alice, bob, carol } = listening();
    expect(toldIn(bench.speak(alice), bob, 'speakers')).toMatchObject([{ latest: [audioOf(alice)] }]);
    expect(toldIn(bench.speak(carol), bob, 'speakers')).toMatchObject([{ latest: [audioOf(carol), audioOf(alice)] }]);
    expect(toldIn(bench.speak(carol), bob, 'speakers')).toEqual([]);
    const left = bench.take({ kind: 'hung-up', call: carol.call });
    expect(toldIn(left, bob, 'speakers')).toMatchObject([{ latest: [audioOf(alice)] }]);
  });

  it('tell how loud, every 400 ms at most, and of silence once', () => {
    const { bench, alice, bob } = listening();
    expect(toldIn(loud(bench, alice, -30), bob, 'audio_levels')).toEqual([
      { kind: 'audio_levels', levels: [{ ...audioOf(alice), level: -30 }] },
    ]);
    expect(toldIn(loud(bench, alice, -20), bob, 'audio_levels')).toEqual([]);
    expect(toldIn(bench.pass(400), bob, 'audio_levels')).toMatchObject([{ levels: [{ level: -20 }] }]);
    bench.pass(1_000);
    bench.effects.length = 0;
    bench.pass(1_000);
    bench.pass(1_000);
    expect(toldIn([...bench.effects, ...bench.pass(1_000)], bob, 'audio_levels').length).toBeLessThanOrEqual(1);
    bench.effects.length = 0;
    bench.pass(5_000);
    expect(toldIn(bench.effects, bob, 'audio_levels')).toEqual([]);
  });

  it('do not outlive the track', () => {
    const { bench, alice, bob } = listening();
    loud(bench, alice, -30);
    bench.pass(500);
    const effects = [...bench.take({ kind: 'hung-up', call: alice.call }), ...bench.pass(500)];
    expect(toldIn(effects, bob, 'audio_levels')).toEqual([{ kind: 'audio_levels', levels: [] }]);
    expect(bench.conference.speakers.levels.size).toBe(0);
  });
});

describe('who did not ask', () => {
  it('is told nothing of it', () => {
    const { bench, alice, bob, carol } = listening();
    bench.estimate(carol, 300_000);
    bench.speak(alice);
    loud(bench, alice, -30);
    bench.pass(5_000);
    const kinds = newsIn(bench.effects, carol, 'streams').flatMap(news =>
      news.kind === 'streams' ? news.message.kind : [],
    );
    expect(kinds.filter(kind => kind !== 'layers_wanted')).toEqual([]);
    expect(newsIn(bench.effects, bob, 'streams').length).toBeGreaterThan(2);
  });

  it('any more is told nothing more', () => {
    const { bench, alice, bob } = listening();
    bench.want(bob, { tell: ['speakers'] });
    bench.effects.length = 0;
    bench.estimate(bob, 300_000);
    loud(bench, alice, -30);
    expect(newsIn(bench.effects, bob, 'streams')).toEqual([]);
    expect(toldIn(bench.speak(alice), bob, 'speakers')).toHaveLength(1);
  });

  it('cannot be told before its channel is open', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    const participant = bench.conference.participants.get(bob.call.key);
    if (participant === undefined) throw new Error('Bob is in the call');
    bench.want(bob, { tell: ['speakers'] });
    participant.control = { kind: 'closed' };
    expect(newsIn(bench.speak(alice), bob)).toEqual([]);
  });
});

describe('what only the focus says', () => {
  it.each<ControlMessage>([
    { kind: 'allocation', available: 1, state: 'STABLE', tracks: [] },
    { kind: 'layers_wanted', tracks: [] },
    { kind: 'speakers', latest: [] },
    { kind: 'audio_levels', levels: [] },
  ])('$kind of a client changes nothing and is noted', message => {
    const { bench, bob } = listening();
    expect(bench.say(bob, message)).toMatchObject([{ kind: 'note', code: 'WEIR_UNEXPECTED_MESSAGE' }]);
  });
});
