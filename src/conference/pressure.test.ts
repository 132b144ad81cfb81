/** A focus that has too much to do: what viewers still get, what they are told, and how it comes back. */
import { describe, expect, it } from 'vitest';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  type BenchClient,
  callOfMany,
  cameraOf,
  type ConferenceBench,
  offersIn,
  toldIn,
  wantedOf,
} from '../testing/conference-bench.ts';

const CAMERA = [150_000, 500_000, 1_500_000];
const LARGE = { width: 1280, height: 720 };
const SMALL = { width: 300, height: 160 };

/** A viewer who watches the speaker large and two others small, and hears all of them. */
function meeting() {
  const { bench, clients } = callOfMany('viewer', 'speaker', 'bob', 'carol');
  const [viewer, speaker, bob, carol] = clients;
  const voices = [speaker, bob, carol].map(audioOf);
  bench.want(viewer, {
    subscribe: [cameraOf(speaker, LARGE), cameraOf(bob, SMALL), cameraOf(carol, SMALL), ...voices],
    tell: ['allocation'],
  });
  bench.agree(viewer);
  bench.settleBitrates([speaker, bob, carol], CAMERA);
  bench.speak(bob);
  bench.speak(speaker);
  bench.estimate(viewer, 20_000_000);
  settle(bench);
  return { bench, viewer, speaker, bob, carol };
}

/** Long enough for whatever rises step by step. */
function settle(bench: ConferenceBench): void {
  for (let tick = 0; tick < 60; tick += 1) bench.pass(500);
}

/** The layers that the viewer gets of each, `-` where it is paused. */
function seen(bench: ConferenceBench, viewer: BenchClient, ...of: BenchClient[]): string {
  return of
    .map(publisher => bench.served(viewer, publisher))
    .map(served => (served?.paused === false ? String(served.layer) : '-'))
    .join(' ');
}

function hears(bench: ConferenceBench, viewer: BenchClient, ...of: BenchClient[]): boolean {
  const offered = bench.conference.participants.get(viewer.call.key)?.offered;
  return of.every(publisher => offered?.get(keyOfSubscription(audioOf(publisher)))?.paused === false);
}

function press(bench: ConferenceBench, videoShare: number) {
  return bench.take({ kind: 'pressed', videoShare });
}

describe('under pressure', () => {
  it('the least important pictures go first, the speaker last, and voices not at all', () => {
    const { bench, viewer, speaker, bob, carol } = meeting();
    expect(seen(bench, viewer, speaker, bob, carol)).toBe('2 0 0');
    const steps: string[] = [];
    for (const share of [0.7, 0.5, 0.25, 0.15, 0.05, 0]) {
      press(bench, share);
      steps.push(seen(bench, viewer, speaker, bob, carol));
      expect(hears(bench, viewer, speaker, bob, carol)).toBe(true);
    }
    expect(steps).toEqual(['1 0 0', '1 0 0', '0 0 0', '0 0 -', '- - -', '- - -']);
  });

  it('nobody negotiates, and nobody is told of voices', () => {
    const { bench, viewer } = meeting();
    const effects = press(bench, 0);
    expect(offersIn(effects)).toEqual([]);
    expect(adjustsIn(effects).every(({ paused }) => paused)).toBe(true);
    expect(toldIn(effects, viewer, 'allocation').flatMap(({ tracks }) => tracks.map(({ grant }) => grant))).toEqual(
      Array(3).fill({ kind: 'paused', reason: 'overload' }),
    );
  });

  it('who comes gets no more than the others', () => {
    const { bench, speaker } = meeting();
    press(bench, 0);
    const [dora] = callOfMany('dora').clients;
    bench.join(dora);
    bench.subscribe(dora, speaker, LARGE);
    bench.agree(dora);
    expect(seen(bench, dora, speaker)).toBe('-');
    expect(hears(bench, dora, speaker)).toBe(true);
  });

  it('publishers send no layer that nobody gets any more, not even the lowest', () => {
    const { bench, speaker } = meeting();
    press(bench, 0);
    settle(bench);
    expect(wantedOf(bench.effects, speaker).at(-1)).toBe('');
    const { bench: calm, speaker: watched, viewer } = meeting();
    calm.estimate(viewer, 0);
    settle(calm);
    expect(wantedOf(calm.effects, watched).at(-1), 'a narrow link keeps what it can fall back to').toBe('0');
  });

  it('the same again, or what is no share, changes nothing', () => {
    const { bench } = meeting();
    press(bench, 0.5);
    expect(adjustsIn(press(bench, 0.5))).toEqual([]);
    expect(adjustsIn(press(bench, Number.NaN))).toEqual([]);
    press(bench, 7);
    expect(bench.conference.videoShare).toBe(1);
  });
});

describe('when it is over', () => {
  it('everybody gets all of it back, the speaker first', () => {
    const { bench, viewer, speaker, bob, carol } = meeting();
    press(bench, 0);
    settle(bench);
    const steps: string[] = [];
    for (const share of [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1]) {
      press(bench, share);
      for (let tick = 0; tick < 10; tick += 1) bench.pass(500);
      steps.push(seen(bench, viewer, speaker, bob, carol));
    }
    expect(steps).toEqual(['- - -', '0 - -', '0 0 -', '0 0 0', '1 0 0', '1 0 0', '2 0 0']);
    settle(bench);
    expect(seen(bench, viewer, speaker, bob, carol)).toBe('2 0 0');
    expect(wantedOf(bench.effects, speaker).at(-1)).toBe('0 2');
    expect(toldIn(bench.effects, viewer, 'allocation').at(-1)?.state).toBe('STABLE');
  });
});
