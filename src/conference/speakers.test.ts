/** Who speaks, and what viewers in "auto" therefore see. */
import { describe, expect, it } from 'vitest';
import {
  adjustsIn,
  audioOf,
  type BenchClient,
  callOfMany,
  cameraOf,
  type ConferenceBench,
  offersIn,
  videoOf,
  wantedOf,
} from '../testing/conference-bench.ts';
import { keyOfSubscription } from '../session.ts';

const TWO = { lastN: 2, width: 320, height: 180 };

/** Everybody whose camera flows to the viewer. */
function seen(bench: ConferenceBench, viewer: BenchClient, others: readonly BenchClient[]): string {
  return others
    .filter(other => bench.served(viewer, other)?.paused === false)
    .map(({ session }) => session.userId.slice(1).split(':')[0])
    .join(' ');
}

function inAuto() {
  const { bench, clients } = callOfMany('viewer', 'alice', 'bob', 'carol');
  const [viewer, ...others] = clients;
  bench.want(viewer, { auto: TWO });
  bench.agree(viewer);
  return { bench, viewer, others };
}

describe('auto', () => {
  it('hears everybody and sees those who came first, before anybody has spoken', () => {
    const { bench, viewer, others } = inAuto();
    expect(seen(bench, viewer, others)).toBe('alice bob');
    const voices = others.map(other => keyOfSubscription(audioOf(other)));
    const offered = bench.conference.participants.get(viewer.call.key)?.offered;
    expect(voices.map(key => offered?.get(key)?.paused)).toEqual([false, false, false]);
    const [alice] = others;
    expect(bench.served(viewer, alice)).toMatchObject({ layer: 0 });
  });

  it('follows the speakers, and takes back the video of who spoke longest ago', () => {
    const { bench, viewer, others } = inAuto();
    const [alice, bob, carol] = others;
    bench.speak(carol);
    bench.agree(viewer);
    expect(seen(bench, viewer, others)).toBe('alice carol');
    bench.speak(bob);
    bench.agree(viewer);
    expect(seen(bench, viewer, others)).toBe('bob carol');
    const back = bench.speak(alice);
    expect(seen(bench, viewer, others)).toBe('alice bob');
    expect(offersIn(back)).toEqual([]);
    expect(adjustsIn(back)).toContainEqual(
      expect.objectContaining({ track: keyOfSubscription(videoOf(carol)), paused: true }),
    );
  });

  it('stays calm while the same ones speak by turns', () => {
    const { bench, viewer, others } = inAuto();
    const [alice, bob] = others;
    bench.speak(alice);
    bench.speak(bob);
    for (const speaker of [alice, bob, alice, alice, bob]) {
      const changed = adjustsIn(bench.speak(speaker)).filter(({ paused, layer }) => paused || layer !== 0);
      expect(changed).toEqual([]);
    }
    expect(seen(bench, viewer, others)).toBe('alice bob');
  });

  it('fills the place of who left', () => {
    const { bench, viewer, others } = inAuto();
    const [alice, bob, carol] = others;
    bench.take({ kind: 'hung-up', call: alice.call });
    bench.agree(viewer);
    expect(seen(bench, viewer, [bob, carol])).toBe('bob carol');
  });

  it('sees newcomers where there is room, and whoever begins to speak', () => {
    const { bench, clients } = callOfMany('viewer', 'alice');
    const [viewer, alice] = clients;
    bench.want(viewer, { auto: { ...TWO, lastN: 1 } });
    const bob = callOfMany('bob').clients[0];
    bench.join(bob);
    bench.agree(viewer);
    expect(seen(bench, viewer, [alice, bob])).toBe('alice');
    bench.speak(bob);
    bench.agree(viewer);
    expect(seen(bench, viewer, [alice, bob])).toBe('bob');
  });

  it('adds what was asked for beside, at the size that was asked for', () => {
    const { bench, viewer, others } = inAuto();
    const [alice, , carol] = others;
    bench.want(viewer, {
      subscribe: [cameraOf(carol, { width: 1280, height: 720 }), cameraOf(alice, { width: 0, height: 0 })],
    });
    bench.agree(viewer);
    expect(seen(bench, viewer, others)).toBe('bob carol');
    expect(bench.served(viewer, carol)).toMatchObject({ layer: 2 });
  });

  it('of nobody is voices alone', () => {
    const { bench, viewer, others } = inAuto();
    bench.want(viewer, { auto: { ...TWO, lastN: 0 } });
    expect(seen(bench, viewer, others)).toBe('');
    const [alice] = others;
    const offered = bench.conference.participants.get(viewer.call.key)?.offered;
    expect(offered?.get(keyOfSubscription(audioOf(alice)))?.paused).toBe(false);
  });

  it('switched off leaves what was asked for', () => {
    const { bench, viewer, others } = inAuto();
    const [alice] = others;
    bench.want(viewer, { subscribe: [cameraOf(alice, { width: 320, height: 180 })] });
    bench.want(viewer, { auto: 'off' });
    expect(seen(bench, viewer, others)).toBe('alice');
  });

  it('does not follow screens, and does not see those who are silent in the net', () => {
    const { bench, viewer, others } = inAuto();
    const [alice, bob, carol] = others;
    bench.say(alice, {
      kind: 'metadata_changed',
      metadata: { [videoOf(alice).streamId]: { purpose: 'm.screenshare', tracks: {} } },
    });
    bench.agree(viewer);
    expect(seen(bench, viewer, others)).toBe('bob carol');
    bench.take({ kind: 'path', call: bob.call, state: 'silent' });
    expect(seen(bench, viewer, [bob, carol])).toBe('carol');
  });

  it('has the cameras off the screen switched off at their publishers', () => {
    const { bench, others } = inAuto();
    const [, , carol] = others;
    bench.pass(3_000);
    bench.pass(1_000);
    expect(others.map(other => wantedOf(bench.effects, other).at(-1))).toEqual(['0', '0', '']);
    expect(wantedOf(bench.speak(carol), carol)).toEqual(['0']);
  });
});

describe('speakers', () => {
  it('are remembered latest first, once each, and forgotten when they leave', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    for (const speaker of [alice, bob, alice, carol, carol]) bench.speak(speaker);
    const latest = () => bench.conference.speakers.latest.map(key => String((JSON.parse(key) as string[])[1]));
    expect(latest()).toEqual(['audio-carol-s1', 'audio-alice-s1', 'audio-bob-s1']);
    bench.take({ kind: 'hung-up', call: alice.call });
    expect(latest()).toEqual(['audio-carol-s1', 'audio-bob-s1']);
  });

  it('are those whose track it is: nobody speaks for another', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    bench.take({ kind: 'dominant', call: bob.call, track: audioOf(alice) });
    bench.take({ kind: 'loud', call: bob.call, track: audioOf(alice), level: -1 });
    bench.take({ kind: 'dominant', call: bob.call, track: { streamId: '__proto__', trackId: '' } });
    expect(bench.conference.speakers.latest).toEqual([]);
    expect(bench.conference.speakers.levels.size).toBe(0);
  });
});
