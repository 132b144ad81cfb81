/** A focus that has too much to do, with a real media worker: newcomers are refused, video gives way, voices stay, all comes back. */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { CallRoom } from '../../demo/call-room.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import type { TrackIds } from '../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { writeControl } from '../../signalling/wire/control.ts';
import { eventually, report, type Scene, Stage, WAIT_MS } from './stage.ts';

const LARGE = { width: 640, height: 360 };
/** Copies of one camera for one viewer: the most that there may be. */
const COPIES = 16;
/** Viewers who can take so many. */
const GREEDY = 7;
/** A load is an average over seconds. */
const SETTLES_MS = 6_000;
/** The way back is calm: some steps of 5 s and more, then 10 s. */
const COMES_BACK_MS = 180_000;

let stage: Stage;
beforeAll(async () => {
  // What is sent is what is asked for: the load must not depend on estimates.
  stage = await Stage.start({
    config: { overload: { enabled: false }, media: { congestion_control: 'off', workers: 1 } },
  });
});
afterAll(() => stage.end());

/** The value of a metric, by its name with labels. */
async function metric(name: string): Promise<number> {
  const { body } = await stage.get('/metrics');
  const line = body.split('\n').find(one => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

const load = (): Promise<number> => metric('weir_worker_load{worker="1"}');
const level = (): Promise<number> => metric('weir_overload_level{part="worker"}');

/** The load once it has settled: the mean of some looks. */
async function settledLoad(): Promise<number> {
  await delay(SETTLES_MS);
  let sum = 0;
  for (let look = 0; look < 4; look += 1) {
    await delay(1_000);
    sum += await load();
  }
  return sum / 4;
}

/** A publisher, and viewers who get its camera and its voice, who joined one after the other. */
async function webinar(scene: Scene, room: CallRoom, [host, ...guests]: readonly MatrixUser[]) {
  if (host === undefined) throw new Error('nobody publishes');
  const publisher = await scene.peer(host, room, { media: 'recorded', subscribe: 'nothing' }).join();
  const viewers: LightPeer[] = [];
  for (const guest of guests) {
    const viewer = await viewerOf(scene, room, guest, publisher);
    viewer.subscribe(publisher.tracks().map(track => ({ ...track, ...LARGE })));
    await until('its tracks arrive', WAIT_MS, () => viewer.missing([publisher]).length === 0);
    viewers.push(viewer);
  }
  return { publisher, viewers };
}

/** Comes again where it is refused: a focus with so little room takes one after the other. */
async function viewerOf(scene: Scene, room: CallRoom, guest: MatrixUser, publisher: LightPeer): Promise<LightPeer> {
  for (;;) {
    const viewer = await scene.peer(guest, room, { viewsOnly: true, subscribe: 'nothing' }).join();
    await until('it is in, or refused', WAIT_MS, () =>
      viewer.hangup === undefined ? viewer.hasControl() && viewer.sees(publisher) : true,
    );
    if (viewer.hangup === undefined) return viewer;
    expect(viewer.hangup.code).toBe('WEIR_OVERLOADED');
    await viewer.vanish();
    await delay(SETTLES_MS);
  }
}

/** Asks for as many copies of the camera as there may be, or for none any more. */
function copy(viewer: LightPeer, camera: TrackIds, wanted: boolean): void {
  const copies = Array.from({ length: COPIES }, (_, index) => ({ ...camera, variant: `copy${index}`, ...LARGE }));
  viewer.sayOnControl(
    writeControl({ kind: 'subscription', subscribe: wanted ? copies : [], unsubscribe: wanted ? [] : copies }),
  );
}

/** Packets of the camera for each packet of the voice, which come evenly, however slow the machine is. */
async function pictureOf(viewer: LightPeer, [voice, camera]: readonly [TrackIds, TrackIds]): Promise<number> {
  viewer.resetCounts();
  await until('the voice goes on', WAIT_MS, () => viewer.received(voice) >= 150);
  return viewer.received(camera) / viewer.received(voice);
}

/** From now on the focus has too much to do from these shares of a core on. */
async function limit(refuseAt: number, shedAt: number): Promise<void> {
  const { configFile } = stage.focus;
  const config: unknown = parse(await readFile(configFile, 'utf8'));
  if (typeof config !== 'object' || config === null) throw new Error('the configuration is no section');
  const overload = {
    refuse_at_percent: refuseAt * 100,
    shed_at_percent: shedAt * 100,
    // The process that signals shares this machine with all peers.
    event_loop_lag_ms: 10_000,
  };
  await writeFile(configFile, stringify({ ...config, overload }));
  await stage.focus.restart();
}

test('newcomers are refused, video gives way, voices stay, and all comes back', { timeout: 480_000 }, async () => {
  const users = await (async () => {
    await using scene = stage.scene();
    return await scene.users(GREEDY + 3);
  })();
  const [newcomer, ...members] = users;
  if (newcomer === undefined) throw new Error('no newcomer');
  await using scene = stage.scene();
  const room = await scene.callRoom(users);

  // How much this machine takes for the call, and for the call with copies.
  const [calm, busy] = await (async () => {
    await using trial = stage.scene();
    const { publisher, viewers } = await webinar(trial, room, members);
    const [, camera] = voiceAndCamera(publisher);
    const little = await settledLoad();
    for (const viewer of viewers.slice(1)) copy(viewer, camera, true);
    return [little, await settledLoad()] as const;
  })();
  const refuseAt = calm + 0.4 * (busy - calm);
  const shedAt = calm + 0.65 * (busy - calm);
  report('load', { 'calm ‰': calm * 1_000, 'busy ‰': busy * 1_000 });
  // The thresholds have to lie apart from each other, and from what a calm worker takes at times.
  expect(busy).toBeGreaterThan(calm * 1.5);
  await limit(refuseAt, shedAt);

  const { publisher, viewers } = await webinar(scene, room, members);
  const [spectator, ...greedy] = viewers;
  if (spectator === undefined) throw new Error('nobody watches');
  const tracks = voiceAndCamera(publisher);
  const whole = await pictureOf(spectator, tracks);
  expect(await level()).toBe(0);

  for (const viewer of greedy) copy(viewer, tracks[1], true);
  await eventually('viewers get less video', async () => (await metric('weir_video_share')) < 1);
  const ready = await stage.get('/readyz');
  expect([ready.status, ready.body]).toEqual([200, expect.stringContaining('WEIR_OVERLOADED')]);
  const late = await scene.peer(newcomer, room, { viewsOnly: true }).join();
  await until('the newcomer is answered', WAIT_MS, () => late.hangup !== undefined || late.seen.answers > 0);
  expect(late.hangup?.code).toBe('WEIR_OVERLOADED');
  const less = await pictureOf(spectator, tracks);
  report('packets of the camera for each of the voice', { 'before %': whole * 100, 'under load %': less * 100 });
  expect(less).toBeLessThan(whole * 0.7);
  expect([publisher, ...viewers].map(peer => peer.hangup)).toEqual(viewers.map(() => undefined).concat(undefined));

  for (const viewer of greedy) copy(viewer, tracks[1], false);
  const begun = performance.now();
  while ((await level()) > 0) {
    if (performance.now() - begun > COMES_BACK_MS) throw new Error('the focus does not become calm again');
    await delay(500);
  }
  report('calm again', { 'after ms': performance.now() - begun });
  expect(await pictureOf(spectator, tracks)).toBeGreaterThan(whole * 0.8);
  await late.vanish();
  await viewerOf(scene, room, newcomer, publisher);
  expect([publisher, ...viewers].filter(peer => peer.hangup !== undefined)).toEqual([]);
  const log = await stage.focusLog();
  expect(log).toContain('the focus has too much to do');
  expect(log).toContain('the focus is calm again');
});

function voiceAndCamera(publisher: LightPeer): [TrackIds, TrackIds] {
  const [voice, camera] = publisher.tracks();
  if (voice === undefined || camera === undefined) throw new Error('the publisher has no voice or no camera');
  return [voice, camera];
}
