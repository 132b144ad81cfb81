/** The example of the kit, as a stranger would build it: a page that joins a call with nothing but a client of the library. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'puppeteer-core';
import { build } from 'vite';
import { Chromium } from '../../demo/check/chromium.ts';
import type { CallRoom } from '../../demo/call-room.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { eventually, Stage } from './stage.ts';

const CLIENT = resolve(import.meta.dirname, '../../client');

const owned = new AsyncDisposableStack();
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  const pageDir = await mkdtemp(join(tmpdir(), 'weir-example-'));
  owned.defer(() => rm(pageDir, { recursive: true }));
  await build({
    root: CLIENT,
    configFile: false,
    base: './',
    logLevel: 'error',
    build: { outDir: pageDir, rolldownOptions: { input: join(CLIENT, 'example/call.html') } },
  });
  await writeFile(join(pageDir, 'index.html'), '<!doctype html>');
  stage = owned.adopt(await Stage.start({ pageDir }), started => started.end());
  chromium = owned.use(await Chromium.start(new AbortController().signal));
});
afterAll(() => owned.disposeAsync());

/** The page of somebody who has filled in the form and joined. */
async function openExample(user: MatrixUser, { roomId }: CallRoom): Promise<Page> {
  const page = await chromium.openPage();
  await page.goto(`${stage.focus.baseUrl}/example/call.html`);
  const filled = { homeserver: stage.synapse.baseUrl, token: user.accessToken, room: roomId };
  for (const [name, text] of Object.entries(filled)) await page.type(`[name=${name}]`, text);
  await page.click('form button');
  await eventually('it is connected', async () => (await stateOf(page)) === 'connected');
  return page;
}

const stateOf = (page: Page): Promise<string> => page.$eval('#state', ({ textContent }) => textContent);

/** Most frames that one of its videos showed. */
const framesOf = (page: Page): Promise<number> =>
  page.$$eval('video', videos => Math.max(0, ...videos.map(video => video.getVideoPlaybackQuality().totalVideoFrames)));

test('the example joins where others are, shows them, and leaves', async () => {
  await using scene = stage.scene();
  const [alice, bob, carol] = await scene.users(3);
  const room = await scene.callRoom([alice, bob, carol]);
  // Whoever comes first says which focus they meet at.
  const peer = scene.peer(alice, room);
  await peer.join();
  const first = await openExample(bob, room);
  const second = await openExample(carol, room);
  for (const page of [first, second]) await eventually('it shows the other', async () => (await framesOf(page)) > 10);
  expect(Object.keys(peer.metadata)).toHaveLength(2);

  await second.click('#leave');
  await eventually('it has left', async () => (await stateOf(second)) === 'left');
  expect(await second.$$eval('video', videos => videos.length)).toBe(0);
  await eventually('the other does not see it any more', async () => {
    return (await first.$$eval('video', videos => videos.length)) === 1;
  });
  for (const page of [first, second]) await page.browserContext().close();
});
