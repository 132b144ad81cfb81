/** The call page in encrypted rooms: a device of its own with keys of its own, which it keeps, and takes from no other app. */
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chromium } from '../../demo/check/chromium.ts';
import { Participant } from '../../demo/check/participant.ts';
import type { CallRoom } from '../../demo/call-room.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import { demoLink } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { eventually, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

const owned = new AsyncDisposableStack();
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  stage = owned.adopt(await Stage.start({ pageDir: PAGE_DIR }), started => started.end());
  chromium = owned.use(await Chromium.start(new AbortController().signal));
});
afterAll(() => owned.disposeAsync());

function linkOf(user: MatrixUser, room: CallRoom): string {
  const { focus, synapse } = stage;
  return demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user });
}

/** The key that others know the device of a user by. */
async function deviceKey({ userId, deviceId, accessToken }: MatrixUser): Promise<string | undefined> {
  const answer = (await matrixRequest(stage.synapse.baseUrl, {
    method: 'POST',
    path: '/_matrix/client/v3/keys/query',
    accessToken,
    body: { device_keys: { [userId]: [deviceId] } },
  })) as { device_keys: Record<string, Record<string, { keys: Record<string, string> }>> };
  return answer.device_keys[userId]?.[deviceId]?.keys[`ed25519:${deviceId}`];
}

const loadsEncryption = ({ page }: Participant): Promise<boolean> =>
  page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => /\.wasm$|rust-crypto/.test(name)));

test('a room in clear needs no encryption: none is loaded, and no keys are published', async () => {
  await using scene = stage.scene();
  const [alice] = await scene.users(1);
  const page = await Participant.open(chromium, alice, linkOf(alice, await scene.callRoom([alice])));
  await page.join();
  await eventually('in the call', async () => (await page.condition()) === 'connected');
  expect(await loadsEncryption(page)).toBe(false);
  expect(await deviceKey(alice)).toBeUndefined();
  await page.close();
});

test('the keys of a device are made once, and a browser that has them not takes it over from nobody', async () => {
  await using scene = stage.scene();
  const [alice] = await scene.users(1);
  // One that published no keys: whoever had it before in this file may have.
  const device = await stage.synapse.login(alice);
  const room = await scene.callRoom([alice], { encrypted: true });
  const page = await Participant.open(chromium, device, linkOf(device, room));
  await eventually('the keys are published', async () => (await deviceKey(device)) !== undefined);
  const key = await deviceKey(device);

  await page.page.reload();
  await page.page.waitForSelector('#join:not([disabled])');
  await page.page.click('#join');
  await eventually('in the call', async () => (await page.condition()) === 'connected');
  expect(await loadsEncryption(page)).toBe(true);
  expect(await deviceKey(device)).toBe(key);
  expect(page.complaints).toEqual([]);

  const elsewhere = await chromium.openPage();
  await elsewhere.goto(linkOf(device, room));
  const problem = (): Promise<string | undefined> => elsewhere.evaluate(() => window.weir.problem());
  await eventually('it is refused', async () => (await problem()) === 'DEVICE_OF_ANOTHER_APP');
  expect(await deviceKey(device)).toBe(key);
  await elsewhere.browserContext().close();
  await page.close();
});
