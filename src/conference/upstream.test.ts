/** What publishers are asked to send. */
import { describe, expect, it } from 'vitest';
import type { Effect } from './messages.ts';
import {
  adjustsIn,
  type BenchClient,
  benchClient,
  callOfMany,
  cameraOf,
  ConferenceBench,
  layersOfCamera,
  newsIn,
  toldIn,
  videoOf,
  wantedOf,
  watchedCall,
} from '../testing/conference-bench.ts';

const LARGE = { width: 1280, height: 720 };
const MIDDLE = { width: 640, height: 360 };
const SMALL = { width: 160, height: 90 };

/** Bob watches Alice, and has been there for so long that nobody waits for his wishes any more. */
function settledCall(size = LARGE) {
  const call = watchedCall(size);
  call.bench.pass(3_000);
  call.bench.pass(1_000);
  call.bench.effects.length = 0;
  return call;
}

function announce(bench: ConferenceBench, publisher: BenchClient, active: boolean[]): Effect[] {
  return bench.say(publisher, { kind: 'layers_available', tracks: [layersOfCamera(publisher, active)] });
}

/** Ticks as the runner does, for so many ms; what each tick told the publisher, with its time. */
function ticks(bench: ConferenceBench, publisher: BenchClient, ms: number): [at: number, layers: string][] {
  const told: [number, string][] = [];
  for (let at = 500; at <= ms; at += 500) {
    for (const layers of wantedOf(bench.pass(500), publisher)) told.push([at, layers]);
  }
  return told;
}

describe('layers that nobody wants', () => {
  it('cost what they did when they were wanted, whatever is measured while they stop', () => {
    const { bench, alice, bob } = settledCall();
    bench.settleBitrates([alice], [150_000, 500_000, 1_500_000]);
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.pass(2_000);
    for (const left of [900_000, 300_000, 10_000]) bench.measure(alice, [150_000, 500_000, left]);
    bench.want(bob, { subscribe: [cameraOf(alice, LARGE)] });
    bench.agree(bob);
    bench.estimate(bob, 1_400_000);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1 });
  });

  it('are off where somebody is alone, from the beginning', () => {
    const { bench, clients } = callOfMany('alice');
    expect(wantedOf(bench.effects, clients[0])).toEqual(['']);
  });

  it('go off 1 s after the last viewer left, within 2 s', () => {
    const { bench, alice, bob } = settledCall();
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    expect(ticks(bench, alice, 5_000)).toEqual([[1_000, '']]);
  });

  it('go off as well where the tile is only off the screen', () => {
    const { bench, alice, bob } = settledCall();
    bench.want(bob, { subscribe: [cameraOf(alice, { width: 0, height: 0 })] });
    expect(ticks(bench, alice, 5_000)).toEqual([[1_000, '']]);
  });

  it('go off where the viewer hangs up', () => {
    const { bench, alice, bob } = settledCall();
    bench.take({ kind: 'hung-up', call: bob.call });
    expect(ticks(bench, alice, 5_000)).toEqual([[1_000, '']]);
  });

  it('are on again at once', () => {
    const { bench, alice, bob } = settledCall();
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.pass(2_000);
    expect(wantedOf(bench.want(bob, { subscribe: [cameraOf(alice, LARGE)] }), alice)).toEqual(['0 2']);
  });

  it('never stop where the viewer comes back within the second', () => {
    const { bench, alice, bob } = settledCall();
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.pass(900);
    bench.want(bob, { subscribe: [cameraOf(alice, LARGE)] });
    expect(ticks(bench, alice, 5_000)).toEqual([]);
    expect(wantedOf(bench.effects, alice)).toEqual([]);
  });

  it('are those between what is granted and the lowest one, which all fall back to', () => {
    const { bench, alice, bob } = watchedCall(LARGE);
    expect(ticks(bench, alice, 6_000)).toEqual([[1_000, '0 2']]);
    bench.want(bob, { subscribe: [cameraOf(alice, SMALL)] });
    expect(ticks(bench, alice, 3_000)).toEqual([[1_000, '0']]);
  });

  it('are those that no link carries, but the lowest one stays on', () => {
    const { bench, alice, bob } = settledCall();
    bench.estimate(bob, 300_000);
    expect(ticks(bench, alice, 3_000)).toEqual([[1_000, '0']]);
    bench.estimate(bob, 0);
    expect(ticks(bench, alice, 3_000)).toEqual([]);
  });

  it('are told of one track, not of those that stay as they are', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    bench.want(carol, { subscribe: [cameraOf(alice, LARGE), cameraOf(bob, LARGE)] });
    bench.agree(carol);
    bench.pass(3_000);
    bench.pass(1_000);
    bench.effects.length = 0;
    bench.want(carol, { unsubscribe: [videoOf(bob)] });
    bench.pass(1_000);
    expect(toldIn(bench.effects, bob, 'layers_wanted')).toEqual([
      { kind: 'layers_wanted', tracks: [layersOfCamera(bob, [false, false, false])] },
    ]);
    expect(wantedOf(bench.effects, alice)).toEqual([]);
  });

  it('are told of videos alone', () => {
    const { bench, alice, bob } = settledCall();
    bench.want(bob, { unsubscribe: alice.tracks.map(({ ref }) => ref) });
    bench.pass(1_000);
    const tracks = toldIn(bench.effects, alice, 'layers_wanted').flatMap(told => told.tracks);
    expect(tracks.map(({ trackId }) => trackId)).toEqual([videoOf(alice).trackId]);
  });
});

describe('newcomers', () => {
  it('find all layers running where nothing ran: from the invite until 3 s after its media is up', () => {
    const { bench, alice, bob } = settledCall(SMALL);
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.pass(2_000);
    const carol = benchClient('carol');
    expect(wantedOf(bench.invite(carol), alice)).toEqual(['0 1 2']);
    bench.finishAll();
    bench.pass(2_000);
    bench.take({ kind: 'path', call: carol.call, state: 'heard' }, { kind: 'control-open', call: carol.call });
    expect(ticks(bench, alice, 6_000)).toEqual([[4_000, '']]);
  });

  it('take what runs where somebody is watched: encoders that start make the join no faster', () => {
    const { bench, alice, bob } = settledCall(SMALL);
    expect(wantedOf(bench.invite(benchClient('carol')), alice)).toEqual([]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 0 });
  });

  it('are not awaited in a call of more than 9: what runs must do', () => {
    const names = Array.from({ length: 9 }, (_, index) => `c${index}`);
    const { bench, clients } = callOfMany(...names);
    const [first] = clients;
    if (first === undefined) throw new Error('nine clients');
    ticks(bench, first, 6_000);
    expect(wantedOf(bench.effects, first).at(-1)).toBe('');
    bench.effects.length = 0;
    bench.join(benchClient('tenth'));
    expect(wantedOf(bench.effects, first)).toEqual([]);
  });
});

describe('a publisher', () => {
  it('that has no control channel is told when it opens', () => {
    const bench = new ConferenceBench();
    const alice = benchClient('alice');
    bench.invite(alice);
    bench.finishAll();
    bench.take({ kind: 'path', call: alice.call, state: 'heard' });
    bench.pass(4_000);
    expect(wantedOf(bench.effects, alice)).toEqual([]);
    expect(wantedOf(bench.take({ kind: 'control-open', call: alice.call }), alice)).toEqual(['']);
  });

  it('that ignores the pause is told once, and harms nobody', () => {
    const { bench, alice, bob } = settledCall(SMALL);
    bench.effects.length = 0;
    for (let second = 0; second < 20; second += 1) {
      bench.measure(alice, [150_000, 500_000, 1_500_000]);
      bench.pass(1_000);
    }
    expect(wantedOf(bench.effects, alice)).toEqual([]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 0, paused: false });
    expect(newsIn(bench.effects, alice, 'hangup')).toEqual([]);
    expect(newsIn(bench.effects, alice, 'error')).toEqual([]);
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.measure(alice, [150_000, 500_000, 1_500_000]);
    bench.pass(2_000);
    expect(bench.served(bob, alice)).toMatchObject({ paused: true });
  });

  it('that publishes its track anew begins with all layers wanted, and is told again', () => {
    const { bench, alice, bob } = settledCall();
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.pass(1_000);
    const offer = { kind: 'negotiate', description: { type: 'offer', sdp: '' }, metadata: undefined } as const;
    const tracks = alice.tracks;
    for (const published of [tracks.slice(0, 1), tracks]) {
      alice.tracks = published;
      bench.say(alice, offer);
      bench.finish(alice.call);
    }
    expect(wantedOf(bench.effects, alice)).toEqual(['', '']);
  });
});

describe('a layer that its publisher takes off', () => {
  it('goes on until the last viewer has moved', () => {
    const { bench, alice, bob } = settledCall();
    bench.show(bob, alice, 2);
    const announced = announce(bench, alice, [true, true, false]);
    expect(adjustsIn(announced)).toMatchObject([{ layer: 1, paused: false }]);
    expect(wantedOf(announced, alice)).toEqual(['0 1 2']);
    expect(ticks(bench, alice, 2_000)).toEqual([]);
    expect(wantedOf(bench.show(bob, alice, 1), alice)).toEqual(['0 1']);
  });

  it('waits for the slowest of several viewers', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    for (const viewer of [bob, carol]) {
      bench.want(viewer, { subscribe: [cameraOf(alice, LARGE)] });
      bench.agree(viewer);
      bench.show(viewer, alice, 2);
    }
    bench.pass(5_000);
    announce(bench, alice, [true, true, false]);
    expect(wantedOf(bench.show(bob, alice, 1), alice)).toEqual([]);
    expect(wantedOf(bench.show(carol, alice, 1), alice)).toEqual(['0 1']);
  });

  it.each<[how: string, effectsOf: (call: ReturnType<typeof settledCall>) => Effect[]]>([
    ['unsubscribes', ({ bench, alice, bob }) => bench.want(bob, { unsubscribe: [videoOf(alice)] })],
    ['hides it', ({ bench, alice, bob }) => bench.want(bob, { subscribe: [cameraOf(alice, { width: 0, height: 0 })] })],
    ['hangs up', ({ bench, bob }) => bench.take({ kind: 'hung-up', call: bob.call })],
    ['is sent nothing any more', ({ bench, alice, bob }) => bench.show(bob, alice, undefined)],
  ])('does not wait for a viewer that %s', (_how, effectsOf) => {
    const call = settledCall();
    call.bench.show(call.bob, call.alice, 2);
    announce(call.bench, call.alice, [true, true, false]);
    expect(wantedOf(effectsOf(call), call.alice)).toEqual(['0 1']);
  });

  it('is off at once where nobody sees it', () => {
    const { bench, alice, bob } = watchedCall(MIDDLE);
    bench.show(bob, alice, 1);
    expect(wantedOf(announce(bench, alice, [true, true, false]), alice)).toEqual(['0 1']);
  });

  it('may be the whole track: the viewer has nothing left, and sees at once what comes back', () => {
    const { bench, alice, bob } = settledCall();
    bench.show(bob, alice, 2);
    announce(bench, alice, [false, false, false]);
    expect(bench.served(bob, alice)).toMatchObject({ paused: false });
    expect(wantedOf(bench.show(bob, alice, undefined), alice)).toEqual(['']);
    expect(wantedOf(announce(bench, alice, [true, true, true]), alice)).toEqual(['0 2']);
  });

  it('is given again when its publisher offers it again', () => {
    const { bench, alice, bob } = settledCall();
    announce(bench, alice, [true, true, false]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1 });
    expect(wantedOf(announce(bench, alice, [true, true, true]), alice)).toEqual(['0 1 2']);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2 });
  });

  it('is told of to nobody who may not speak of it: tracks of others, unknown ones, unknown layers', () => {
    const { bench, alice, bob } = settledCall();
    const others = layersOfCamera(alice, [false, false, false]);
    const unknown = { streamId: '__proto__', trackId: 'constructor', layers: [{ active: false }] };
    const rids = { ...videoOf(alice), layers: [{ rid: 'toString', active: false }, { active: false }] };
    expect(bench.say(bob, { kind: 'layers_available', tracks: [others, unknown] })).toEqual([]);
    expect(bench.say(alice, { kind: 'layers_available', tracks: [unknown, rids] })).toEqual([]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
  });
});

describe('a layer that does not come', () => {
  function withoutItsTop() {
    const call = settledCall();
    for (let second = 0; second < 4; second += 1) {
      call.bench.measure(call.alice, [150_000, 500_000, 0]);
      call.bench.pass(1_000);
    }
    return call;
  }

  it('is not waited for: the viewer gets the next one', () => {
    const { bench, alice, bob } = withoutItsTop();
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1, paused: false });
  });

  it('stays asked for, and is shown when it comes', () => {
    const { bench, alice, bob } = withoutItsTop();
    expect(wantedOf(bench.effects, alice).at(-1)).toBe('0 1 2');
    expect(ticks(bench, alice, 10_000)).toEqual([]);
    bench.measure(alice, [150_000, 500_000, 900_000]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
    expect(ticks(bench, alice, 3_000)).toEqual([[1_000, '0 2']]);
  });

  it('is asked for no longer when nobody would get it', () => {
    const { bench, alice, bob } = withoutItsTop();
    bench.want(bob, { subscribe: [cameraOf(alice, MIDDLE)] });
    expect(ticks(bench, alice, 3_000)).toEqual([[1_000, '0 1']]);
  });

  it('counts as coming for 2.5 s after it was asked for', () => {
    const { bench, alice, bob } = settledCall(SMALL);
    bench.measure(alice, [150_000, 0, 0]);
    bench.pass(10_000);
    bench.want(bob, { subscribe: [cameraOf(alice, LARGE)] });
    bench.pass(2_000);
    bench.measure(alice, [150_000, 0, 0]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2 });
    bench.pass(500);
    bench.measure(alice, [150_000, 0, 0]);
    // The next one was off, and may come: it has as long.
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1 });
    bench.pass(2_500);
    bench.measure(alice, [150_000, 0, 0]);
    expect(bench.served(bob, alice)).toMatchObject({ layer: 0 });
  });

  it('where none comes leaves the track open: what comes first is seen at once', () => {
    const { bench, alice, bob } = settledCall();
    for (let second = 0; second < 8; second += 1) {
      bench.measure(alice, [0, 0, 0]);
      bench.pass(1_000);
    }
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
    expect(wantedOf(bench.effects, alice).at(-1)).toBe('0 1 2');
  });
});
