/** What a viewer gets, on a real focus with its real media worker: within its link, and twice where it asks for that. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ToldAllocation } from '../../loadtest/lab/allocation.ts';
import { startRelay } from '../../loadtest/lab/link/relay.ts';
import { steady } from '../../loadtest/lab/link/script.ts';
import { ChromiumEndpoint } from '../../loadtest/peers/chromium-endpoint.ts';
import { keyOf, type TrackIds } from '../../loadtest/peers/endpoint.ts';
import type { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { LoadBrowser } from '../../loadtest/peers/load-browser.ts';
import { until } from '../../loadtest/peers/until.ts';
import { viaRelay } from '../../loadtest/peers/via-relay.ts';
import { type Subscription, writeControl } from '../../signalling/wire/control.ts';
import { eventually, report, Stage, WAIT_MS } from './stage.ts';

const LARGE = { width: 640, height: 360 };
const SETTLES_MS = 15_000;
const SAMPLES = 48;
const SAMPLE_MS = 250;
const RISES_WITHIN_MS = 4_000;
/** px of the layers of a recorded camera, the lowest first. */
const WIDTHS = [160, 320, 640];

let stage: Stage;
let browser: LoadBrowser;
beforeAll(async () => {
  [stage, browser] = await Promise.all([Stage.start(), LoadBrowser.start()]);
});
afterAll(async () => {
  await browser.close();
  await stage.end();
});

test('the worker sends what the focus grants: two allocators of one link do not fight', async () => {
  await using scene = stage.scene();
  const [alice, bob, carol] = await scene.users(3);
  const room = await scene.callRoom([alice, bob, carol]);
  const target = await scene.focusAddress(carol, room);
  const open = steady({ queueMs: 500, delayMs: 20 });
  const relay = await startRelay({
    target,
    up: open,
    down: steady({ queueMs: 250, delayMs: 20, rateBps: 1_000_000 }),
    seed: 5,
  });
  try {
    const publishers = [alice, bob].map(user =>
      scene.peer(user, room, { media: 'recorded', subscribe: 'nothing', obeysLayersWanted: true }),
    );
    await Promise.all(publishers.map(publisher => publisher.join()));
    await using page = await ChromiumEndpoint.open(browser);
    const told = new ToldAllocation();
    const viewer = scene.peer(carol, room, {
      viewsOnly: true,
      subscribe: 'nothing',
      rewriteCandidates: sdp => viaRelay(sdp, relay),
      endpoint: events =>
        page.attach({
          ...events,
          control: text => {
            told.hear(text);
            events.control(text);
          },
        }),
    });
    await viewer.join();
    relay.start();
    await wants(viewer, publishers, { subscribe: publishers.flatMap(cameraAndVoice), tell: ['allocation'] });
    await delay(SETTLES_MS);

    let agreed = 0;
    let compared = 0;
    let changes = 0;
    let before = '';
    const grants = new Map<string, { grant: string; since: number }>();
    for (let sample = 0; sample < SAMPLES; sample++) {
      const now = JSON.stringify(told.grants);
      if (before !== '' && now !== before) changes += 1;
      before = now;
      const { received } = await page.stats();
      for (const track of received) {
        if (track.kind !== 'video') continue;
        const grant = told.grantOf(track);
        const key = keyOf(track);
        const grantText = JSON.stringify(grant);
        const standing = grants.get(key);
        if (standing?.grant !== grantText) grants.set(key, { grant: grantText, since: performance.now() });
        // A rise takes the publisher and the worker so long: until then the grant is ahead.
        if (
          standing === undefined ||
          standing.grant !== grantText ||
          performance.now() - standing.since < RISES_WITHIN_MS
        ) {
          continue;
        }
        compared += 1;
        if (grant?.kind === 'layer' && WIDTHS[grant.layer] === track.frameWidth) agreed += 1;
      }
      await delay(SAMPLE_MS);
    }
    report('two allocators', { compared, agreed, 'changes of the grants': changes });
    expect(compared).toBeGreaterThan(SAMPLES / 4);
    expect(agreed / compared).toBeGreaterThan(0.9);
    expect(changes).toBeLessThan(12);
    expect(
      told.grants.every(({ kind }) => kind === 'layer'),
      'both fit: none is paused',
    ).toBe(true);
  } finally {
    await relay.close();
  }
});

test('a viewer gets one track as a thumbnail and as a full picture', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  const publisher = await scene.peer(alice, room, { media: 'recorded', subscribe: 'nothing' }).join();
  await using page = await ChromiumEndpoint.open(browser);
  const viewer = scene.peer(bob, room, {
    viewsOnly: true,
    subscribe: 'nothing',
    endpoint: events => page.attach(events),
  });
  await viewer.join();
  const camera = cameraOf(publisher);
  const thumbnail = { ...camera, width: 160, height: 90 };
  const full = { ...camera, ...LARGE, variant: 'full' };
  await wants(viewer, [publisher], { subscribe: [thumbnail, full] });
  const widths = async (): Promise<string> => {
    const { received } = await page.stats();
    const seen = received.flatMap(track =>
      track.kind === 'video' && track.framesDecoded > 10 ? [`${track.streamId} ${track.frameWidth}`] : [],
    );
    return seen.toSorted().join();
  };
  const copyId = `${camera.streamId}+full`;
  await eventually(
    'it is shown twice',
    async () => (await widths()) === [`${camera.streamId} 160`, `${copyId} 640`].toSorted().join(),
  );
  expect(viewer.metadata[copyId]?.tracks?.[`${camera.trackId}+full`]?.['org.weir.copy_of']).toEqual({
    stream_id: camera.streamId,
    track_id: camera.trackId,
    variant: 'full',
  });
  await wants(viewer, [publisher], { unsubscribe: [full] });
  await until('the copy is gone', WAIT_MS, () => viewer.metadata[copyId] === undefined);
  expect([...viewer.seen.errors, ...viewer.seen.unreadable, ...page.complaints]).toEqual([]);
});

/** Says it once the viewer can, and knows of all of them. */
async function wants(viewer: LightPeer, publishers: readonly LightPeer[], said: Partial<Subscription>): Promise<void> {
  await until(
    'it is told of the streams',
    WAIT_MS,
    () => publishers.every(one => viewer.sees(one)) && viewer.hasControl(),
  );
  viewer.sayOnControl(writeControl({ kind: 'subscription', subscribe: [], unsubscribe: [], ...said }));
}

function cameraOf(publisher: LightPeer): TrackIds {
  const camera = publisher.tracks().at(-1);
  if (camera === undefined) throw new Error('no camera');
  return camera;
}

function cameraAndVoice(publisher: LightPeer): (TrackIds & { width?: number; height?: number })[] {
  const [voice] = publisher.tracks();
  return [...(voice === undefined ? [] : [voice]), { ...cameraOf(publisher), ...LARGE }];
}
