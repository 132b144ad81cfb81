/** Stacks with one transport in one call: libdatachannel, werift, and Chromium on the call page. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chromium } from '../../demo/check/chromium.ts';
import { Participant } from '../../demo/check/participant.ts';
import { demoLink } from '../../demo/site.ts';
import { until } from '../../loadtest/peers/until.ts';
import { WeriftEndpoint } from '../peers/werift-endpoint.ts';
import { Stage, WAIT_MS, whole } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

let stage: Stage;
beforeAll(async () => {
  if (!existsSync(PAGE_DIR)) throw new Error(`no call page in ${PAGE_DIR}: npm run build:page`);
  stage = await Stage.start({ pageDir: PAGE_DIR });
});
afterAll(() => stage.end());

test('werift and libdatachannel hear and see each other', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const room = await scene.callRoom(users);
  const werift = scene.peer(users[0], room, { endpoint: events => new WeriftEndpoint(events) });
  const peers = [werift, scene.peer(users[1], room), scene.peer(users[2], room)];
  await Promise.all(peers.map(peer => peer.join()));
  await whole(peers);
  await werift.shareScreen('to-device');
  await whole(peers);
  expect(peers.flatMap(peer => [...peer.seen.errors, ...peer.seen.unreadable])).toEqual([]);
});

test('Chromium on the call page and peers with one transport hear and see each other', async () => {
  await using scene = stage.scene();
  const [human, ...others] = await scene.users(3);
  const room = await scene.callRoom([human, ...others]);
  const peers = await scene.call(room, others);
  await using chromium = await Chromium.start(AbortSignal.timeout(100_000));
  const { synapse, focus } = stage;
  const link = demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user: human, room, focusUser: focus.user });
  const page = await Participant.open(chromium, human, link);
  await page.join();
  await decodes(
    page,
    peers.map(peer => peer.streamId),
  );
  const { publishedStreams, constructed } = await page.snapshot();
  expect(constructed).toBe(1);
  // The peers receive the page's camera and microphone.
  await until('the peers receive the page', WAIT_MS, () =>
    peers.every(peer =>
      publishedStreams.every(streamId => {
        const trackIds = Object.keys(peer.metadata[streamId]?.tracks ?? {});
        return trackIds.length === 2 && trackIds.every(trackId => peer.received({ streamId, trackId }) > 0);
      }),
    ),
  );
  const screen = await peers[0].shareScreen();
  await decodes(page, [screen]);
  expect(page.complaints).toEqual([]);
});

/** Waits until the page shows pictures of all these streams. */
async function decodes(page: Participant, streamIds: readonly string[]): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const { video } = await page.snapshot();
    const dark = streamIds.filter(
      id => !video.some(({ streamId, framesDecoded }) => streamId === id && framesDecoded > 10),
    );
    if (dark.length === 0) return;
    if (performance.now() > deadline) throw new Error(`the page shows ${JSON.stringify(video)}, not ${dark.join()}`);
    await delay(200);
  }
}
