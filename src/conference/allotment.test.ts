/** What a viewer gets of what it wants. */
import { describe, expect, it } from 'vitest';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  benchClient,
  callOfMany,
  cameraOf,
  ConferenceBench,
  offersIn,
  videoOf,
  watchedCall,
} from '../testing/conference-bench.ts';

/** bit/s of the layers of a camera, and px of a large picture and of a small one. */
const CAMERA = [150_000, 500_000, 1_500_000];
const LARGE = { width: 1280, height: 720 };
const SMALL = { width: 160, height: 90 };

/** Bob watches Alice large; what she sends is measured. */
function measuredCall(bitrates = CAMERA) {
  const call = watchedCall(LARGE);
  call.bench.settleBitrates([call.alice], bitrates);
  return call;
}

/** Long enough for whatever was held back to rise, step by step. */
function passHalfAMinute(bench: ConferenceBench): void {
  for (let tick = 0; tick < 60; tick += 1) bench.pass(500);
}

/** A viewer, and two that it watches large. */
function twoWatched() {
  const { bench, clients } = callOfMany('viewer', 'alice', 'bob');
  const [viewer, alice, bob] = clients;
  bench.want(viewer, { subscribe: [cameraOf(alice, LARGE), cameraOf(bob, LARGE)] });
  bench.agree(viewer);
  bench.settleBitrates([alice, bob], CAMERA);
  return { bench, viewer, alice, bob };
}

describe('the estimate decides the layer', () => {
  it('which is the one for its size before there is any', () => {
    const { bench, alice, bob } = watchedCall(LARGE);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
  });

  it.each([
    [1_600, { layer: 2, paused: false }],
    [1_400, { layer: 1, paused: false }],
    [600, { layer: 1, paused: false }],
    [500, { layer: 0, paused: false }],
    [200, { layer: 0, paused: false }],
    [150, { paused: true }],
  ])('%d kbit/s', (kbit, expected) => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, kbit * 1_000);
    expect(bench.served(bob, alice)).toMatchObject(expected);
  });

  it('at once where it falls, and without a negotiation', () => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 3_000_000);
    const effects = bench.estimate(bob, 700_000);
    expect(adjustsIn(effects)).toMatchObject([{ track: keyOfSubscription(videoOf(alice)), layer: 1, paused: false }]);
    expect(offersIn(effects)).toEqual([]);
  });

  it('after a while where it rises again, without anybody asking', () => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 3_000_000);
    bench.estimate(bob, 700_000);
    bench.estimate(bob, 3_000_000);
    bench.pass(1_000);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1 });
    passHalfAMinute(bench);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2 });
  });

  it('of one viewer, and of no other', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    for (const viewer of [bob, carol]) bench.want(viewer, { subscribe: [cameraOf(alice, LARGE)] });
    bench.agree(bob, carol);
    const effects = bench.estimate(bob, 200_000);
    expect(effects.filter(effect => effect.kind === 'adjust').map(({ call }) => call)).toEqual([bob.call]);
    expect(bench.served(carol, alice)).toMatchObject({ layer: 2, paused: false });
  });

  it('also where bitrates change and the estimate does not', () => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 2_000_000);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2 });
    for (let second = 0; second < 10; second += 1) {
      bench.measure(alice, [150_000, 500_000, 4_000_000]);
      bench.pass(1_000);
    }
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1 });
  });

  it('of video alone: voices always flow', () => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 0);
    expect(bench.served(bob, alice)).toMatchObject({ paused: true });
    const voice = keyOfSubscription(audioOf(alice));
    expect(bench.conference.participants.get(bob.call.key)?.offered.get(voice)).toMatchObject({
      paused: false,
      priority: 255,
    });
  });
});

describe('feedback that lies', () => {
  it.each([Number.NaN, -1, Infinity, -Infinity])('%d is no estimate and changes nothing', available => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 700_000);
    expect(bench.estimate(bob, available)).toEqual([]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1, paused: false });
  });

  it('that claims everything gets what it asked for and no more', () => {
    const { bench, alice, bob } = measuredCall();
    for (const available of [1e18, Number.MAX_VALUE]) {
      bench.estimate(bob, available);
      expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
    }
    bench.want(bob, { subscribe: [cameraOf(alice, SMALL)] });
    expect(bench.served(bob, alice)).toMatchObject({ layer: 0, paused: false });
  });

  it('that claims nothing gets voices, and pictures again when it tells the truth', () => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 3_000_000);
    bench.estimate(bob, 0);
    expect(bench.served(bob, alice)).toMatchObject({ paused: true });
    bench.estimate(bob, 3_000_000);
    passHalfAMinute(bench);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
  });
});

describe('what is on the screen', () => {
  it('at no size costs nothing, and is back without a negotiation', () => {
    const { bench, viewer, alice, bob } = twoWatched();
    bench.estimate(viewer, 1_800_000);
    expect(bench.served(viewer, alice)).toMatchObject({ layer: 1 });
    const hidden = bench.want(viewer, { subscribe: [cameraOf(bob, { width: 0, height: 0 })] });
    expect(bench.served(viewer, bob)).toMatchObject({ paused: true });
    expect(bench.served(viewer, alice)).toMatchObject({ layer: 2, paused: false });
    const shown = bench.want(viewer, { subscribe: [cameraOf(bob, LARGE)] });
    expect(bench.served(viewer, bob)).toMatchObject({ layer: 1, paused: false });
    expect([...offersIn(hidden), ...offersIn(shown)]).toEqual([]);
  });

  it.each([
    { width: 0, height: 720 },
    { width: 1280, height: 0 },
  ])('is hidden where either side is 0: %o', size => {
    const { bench, alice, bob } = watchedCall(LARGE);
    bench.want(bob, { subscribe: [cameraOf(alice, size)] });
    expect(bench.served(bob, alice)).toMatchObject({ paused: true });
  });

  it('beyond every screen gets the largest layer', () => {
    const { bench, alice, bob } = watchedCall(SMALL);
    bench.want(bob, { subscribe: [cameraOf(alice, { width: 16_384, height: 16_384 })] });
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
  });

  it('as 49 thumbnails lives on 3 Mbit/s, and the pinned one is as large as fits', () => {
    const bench = new ConferenceBench();
    const viewer = benchClient('viewer');
    const others = Array.from({ length: 49 }, (_, index) => benchClient(`other${index}`));
    for (const client of [viewer, ...others]) bench.join(client);
    const [first, ...rest] = others;
    if (first === undefined) throw new Error('49 others');
    bench.want(viewer, {
      subscribe: [
        cameraOf(first, { ...LARGE, pinned: true }),
        audioOf(first),
        ...rest.flatMap(other => [cameraOf(other, SMALL), audioOf(other)]),
      ],
    });
    bench.agree(viewer);
    // Silence takes little: nobody sends it (DTX).
    bench.settleBitrates(others, [30_000, 250_000, 900_000], 2_000);
    // Upper layers count once they were told off for so long that they would not arrive any more.
    bench.settleBitrates(others, [30_000, 250_000, 900_000], 2_000);
    bench.estimate(viewer, 3_000_000);
    expect(rest.map(other => bench.served(viewer, other))).toEqual(
      rest.map(() => ({ layer: 0, paused: false, priority: 1 })),
    );
    expect(bench.served(viewer, first)).toEqual({ layer: 2, paused: false, priority: 255 });
    bench.estimate(viewer, 2_000_000);
    expect(rest.map(other => bench.served(viewer, other)?.paused)).toEqual(rest.map(() => false));
    expect(bench.served(viewer, first)).toMatchObject({ layer: 1, paused: false });
  });
});

describe('who comes first', () => {
  it('is the pinned one, and it moves with the pin', () => {
    const { bench, viewer, alice, bob } = twoWatched();
    bench.estimate(viewer, 1_750_000);
    bench.want(viewer, { subscribe: [cameraOf(bob, { ...LARGE, pinned: true })] });
    expect(bench.served(viewer, bob)).toMatchObject({ layer: 2 });
    expect(bench.served(viewer, alice)).toMatchObject({ layer: 0 });
    bench.want(viewer, { subscribe: [cameraOf(alice, { ...LARGE, pinned: true }), cameraOf(bob, LARGE)] });
    expect(bench.served(viewer, alice)).toMatchObject({ layer: 2 });
    expect(bench.served(viewer, bob)).toMatchObject({ layer: 0 });
  });

  it('is who spoke last, where nobody is pinned', () => {
    const { bench, viewer, alice, bob } = twoWatched();
    bench.estimate(viewer, 1_750_000);
    bench.speak(bob);
    expect(bench.served(viewer, bob)).toMatchObject({ layer: 2 });
    bench.speak(alice);
    expect(bench.served(viewer, alice)).toMatchObject({ layer: 2 });
    expect(bench.served(viewer, bob)).toMatchObject({ layer: 0 });
  });

  it('is told to the media engine by rank: pinned, screen, speaker, others', () => {
    const bench = new ConferenceBench();
    const viewer = benchClient('viewer');
    const [pinned, screen, speaker, other] = ['pinned', 'screen', 'speaker', 'other'].map(name => benchClient(name));
    if (pinned === undefined || screen === undefined || speaker === undefined || other === undefined)
      throw new Error('four clients');
    for (const stream of Object.values(screen.metadata)) stream.purpose = 'm.screenshare';
    const all = [pinned, screen, speaker, other];
    for (const client of [viewer, ...all]) bench.join(client);
    bench.want(viewer, { subscribe: [...all.slice(1).map(one => cameraOf(one)), cameraOf(pinned, { pinned: true })] });
    bench.agree(viewer);
    bench.speak(speaker);
    expect(all.map(one => bench.served(viewer, one)?.priority)).toEqual([255, 254, 253, 1]);
  });

  it('is changed without touching layers where all fits', () => {
    const { bench, viewer, alice } = twoWatched();
    const effects = bench.speak(alice);
    expect(effects).toEqual([
      {
        kind: 'adjust',
        call: viewer.call,
        track: keyOfSubscription(videoOf(alice)),
        served: { layer: 2, paused: false, priority: 253 },
      },
    ]);
  });
});

describe('bitrates that lie', () => {
  it('a low layer that takes more than the high one is passed over', () => {
    const { bench, alice, bob } = measuredCall([2_000_000, 1_000_000, 500_000]);
    bench.estimate(bob, 700_000);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
  });

  it.each([1e12, Number.MAX_VALUE])('a layer that measures %d is granted to nobody, the others are', bitrate => {
    const { bench, alice, bob } = measuredCall([150_000, 500_000, bitrate]);
    bench.estimate(bob, 10_000_000);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1, paused: false });
  });

  it('harm no other publisher of the same viewer', () => {
    const { bench, viewer, alice, bob } = twoWatched();
    bench.estimate(viewer, 3_000_000);
    for (let second = 0; second < 30; second += 1) {
      bench.measure(alice, [1e15, 1e15, 1e15]);
      bench.measure(bob, CAMERA);
      bench.pass(1_000);
    }
    expect(bench.served(viewer, alice)).toMatchObject({ paused: true });
    expect(bench.served(viewer, bob)).toMatchObject({ layer: 2, paused: false });
  });

  it('of more or fewer layers than there are, of tracks of others, and that are no numbers change no grant', () => {
    const { bench, alice, bob } = measuredCall();
    bench.estimate(bob, 700_000);
    const call = bob.call;
    bench.take({ kind: 'measured', call, tracks: [{ ref: videoOf(alice), bitrates: [0, 0, 0] }] });
    bench.take({ kind: 'measured', call, tracks: [{ ref: { streamId: '__proto__', trackId: '' }, bitrates: [1] }] });
    bench.measure(alice, [150_000, 500_000, Number.NaN, 7, 7, 7]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1, paused: false });
  });
});
