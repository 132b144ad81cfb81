/** The call page as a widget of a chat client: the example host of the project, with the ordinary page on the other side. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Frame, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, preview } from 'vite';
import type { CallRoom } from '../../demo/call-room.ts';
import { Chromium } from '../../demo/check/chromium.ts';
import { readReport } from '../../demo/check/page-report.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import { demoLink } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { eventually, Stage, WAIT_MS } from './stage.ts';

const CLIENT = resolve(import.meta.dirname, '../../client');
const HOST = 'example/host/host.html';
const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

const owned = new AsyncDisposableStack();
let port: number;
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  const hostDir = await mkdtemp(join(tmpdir(), 'weir-host-'));
  owned.defer(() => rm(hostDir, { recursive: true }));
  const options = { root: CLIENT, configFile: false, base: './', logLevel: 'error' } as const;
  await build({
    ...options,
    build: { outDir: hostDir, target: 'chrome120', rolldownOptions: { input: join(CLIENT, HOST) } },
  });
  const server = await preview({
    ...options,
    build: { outDir: hostDir },
    preview: { host: '127.0.0.1', port: 0 },
  });
  owned.defer(() => server.close());
  const address = server.httpServer.address();
  if (typeof address !== 'object' || address === null) throw new Error('The host is served nowhere.');
  port = address.port;
  const config = { http: { embed_origins: [`http://localhost:${port}`] } };
  stage = owned.adopt(await Stage.start({ config, pageDir: PAGE_DIR }), started => started.end());
  chromium = owned.use(await Chromium.start(new AbortController().signal));
});
afterAll(() => owned.disposeAsync());

/** The host page, signed in and asked to show the call. */
async function openHost(
  user: MatrixUser,
  { roomId }: CallRoom,
  hostname: string,
  logged: string[] = [],
): Promise<Page> {
  const page = await chromium.openPage();
  page.on('console', message => logged.push(message.text()));
  await page.goto(`http://${hostname}:${port}/${HOST}`);
  const filled = {
    homeserver: stage.synapse.baseUrl,
    token: user.accessToken,
    room: roomId,
    page: stage.focus.baseUrl,
  };
  for (const [name, text] of Object.entries(filled)) await page.type(`[name=${name}]`, text);
  await page.click('form button');
  return page;
}

async function openOrdinary(user: MatrixUser, room: CallRoom): Promise<Page> {
  const page = await chromium.openPage();
  const { focus, synapse } = stage;
  await page.goto(demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user }));
  await page.waitForSelector('#join:not([disabled])', { timeout: WAIT_MS });
  await page.click('#join');
  return page;
}

async function widgetIn(page: Page): Promise<Frame> {
  return page.waitForFrame(frame => frame.url().startsWith(stage.focus.baseUrl), { timeout: WAIT_MS });
}

/** What is seen of the other, in pictures. */
async function pictures(page: Page | Frame): Promise<number> {
  const { received } = await page.evaluate(readReport);
  return received[0]?.frames ?? 0;
}

const stateOf = (page: Page): Promise<string> => page.$eval('#state', ({ textContent }) => textContent);
const lockOf = (page: Page | Frame): Promise<unknown> =>
  page.evaluate(() => {
    const weir: unknown = Reflect.get(globalThis, 'weir');
    return (weir as { encryption: { state(): string } }).encryption.state();
  });

async function devicesOf(user: MatrixUser): Promise<unknown> {
  return matrixRequest(stage.synapse.baseUrl, {
    method: 'GET',
    path: '/_matrix/client/v3/devices',
    accessToken: user.accessToken,
  });
}

test('in an encrypted room, the embedded page and the ordinary one see each other; nobody signs in twice', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob], { encrypted: true });
  const logged: string[] = [];
  const host = await openHost(alice, room, 'localhost', logged);
  const widget = await widgetIn(host);
  await widget.waitForSelector('#join:not([disabled])', { timeout: WAIT_MS });
  expect(await widget.$eval('.bar-user', ({ textContent }) => textContent)).toBe(alice.userId);
  expect(await widget.$$eval('button', buttons => buttons.map(({ textContent }) => textContent))).not.toContain(
    'Rooms',
  );
  await widget.click('#join');
  await eventually('the host hears that it joined', async () => (await stateOf(host)) === 'in the call');

  const ordinary = await openOrdinary(bob, room);
  await eventually('the embedded page shows the other', async () => (await pictures(widget)) > 10);
  await eventually('the other shows the embedded page', async () => (await pictures(ordinary)) > 10);
  expect([await lockOf(widget), await lockOf(ordinary)]).toEqual(['on', 'on']);
  expect(await devicesOf(alice)).toMatchObject({ devices: [{ device_id: alice.deviceId }] });

  await widget.click('#leave');
  await eventually('the host hears that it left', async () => (await stateOf(host)) === 'left');
  await widget.waitForSelector('.greeting', { timeout: WAIT_MS });
  expect(await widget.$eval('#join', ({ textContent }) => textContent)).toBe('Join again');
  await eventually('the other sees it no more', async () => {
    return (await ordinary.evaluate(readReport)).received.length === 0;
  });
  await widget.click('#join');
  await eventually('it is back', async () => (await pictures(ordinary)) > 10);
  // What it writes there is all that is sent, keys among it.
  expect(logged.filter(text => text.includes('PostmessageTransport'))).toEqual([]);
  for (const page of [host, ordinary]) await page.browserContext().close();
});

test('a parent that is not configured is refused by the browser', async () => {
  await using scene = stage.scene();
  const [alice] = await scene.users(1);
  const room = await scene.callRoom([alice], { encrypted: true });
  const said: string[] = [];
  const stranger = await openHost(alice, room, '127.0.0.1', said);
  await eventually('the browser says that it refuses', async () => {
    return said.some(text => text.includes(`"frame-ancestors http://localhost:${port}"`));
  });
  expect(stranger.frames().some(frame => frame.url().startsWith(stage.focus.baseUrl))).toBe(false);
  expect(await stateOf(stranger)).toBe('showing the call');
  await stranger.browserContext().close();
});

/** A page of a configured host that shows the call page, and plays the host itself. Runs there. */
function playHost(address: string, answers: boolean): void {
  const frame = document.createElement('iframe');
  if (answers)
    window.addEventListener('message', ({ data, source }: MessageEvent<Record<string, unknown>>) => {
      if (source !== frame.contentWindow || data['api'] !== 'fromWidget' || 'response' in data) return;
      const post = (message: object): void => frame.contentWindow?.postMessage(message, '*');
      const response =
        data['action'] === 'supported_api_versions' ? { supported_versions: ['org.matrix.msc2871'] } : {};
      post({ ...data, response });
      if (data['action'] !== 'content_loaded') return;
      const ask = { api: 'toWidget', widgetId: 'w', data: { requested: [], approved: [] } };
      post({ ...ask, requestId: '1', action: 'capabilities' });
      setTimeout(() => post({ ...ask, requestId: '2', action: 'notify_capabilities' }), 500);
    });
  frame.src = address;
  document.body.append(frame);
}

test('what is missing, silent or unwilling is told, and what to do about it', async () => {
  const opened = async (answers: boolean): Promise<Frame> => {
    const page = await chromium.openPage();
    await page.goto(`http://localhost:${port}/${HOST}`);
    const said = { embed: '', widgetId: 'w', parentUrl: page.url(), roomId: '!r:x', userId: '@a:x', deviceId: 'D' };
    const query = new URLSearchParams({ ...said, baseUrl: stage.synapse.baseUrl });
    await page.evaluate(playHost, `${stage.focus.baseUrl}/?${query}`, answers);
    return widgetIn(page);
  };
  const [unwilling, silent] = [await opened(true), await opened(false)];
  const alone = await chromium.openPage();
  await alone.goto(`${stage.focus.baseUrl}/?embed`);
  for (const [shown, words, mayTryAgain] of [
    [alone, 'does not say which app', false],
    [unwilling, 'does not let this page hold the call', true],
    [silent, 'does not answer', true],
  ] as const) {
    await shown.waitForSelector('.problem', { timeout: WAIT_MS });
    expect(await shown.$eval('.problem-title', ({ textContent }) => textContent)).toContain(words);
    expect(await shown.$$('.problem-actions button')).toHaveLength(mayTryAgain ? 1 : 0);
  }
  expect(await unwilling.$eval('.problem-detail', ({ textContent }) => textContent)).toContain('m.room.encryption');
  for (const page of [alone, unwilling.page(), silent.page()]) await page.browserContext().close();
});
