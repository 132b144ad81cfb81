/** Encrypted calls by the call page, in real browsers over a real homeserver and a real focus. */
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendState, type CallRoom, ENCRYPTION } from '../../demo/call-room.ts';
import { Chromium } from '../../demo/check/chromium.ts';
import { Participant } from '../../demo/check/participant.ts';
import { demoLink } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { eventually, type Scene, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

const owned = new AsyncDisposableStack();
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  stage = owned.adopt(await Stage.start({ pageDir: PAGE_DIR }), started => started.end());
  chromium = owned.use(await Chromium.start(new AbortController().signal));
});
afterAll(() => owned.disposeAsync());

/** The page of a device of its own, which has no keys yet. */
async function open(user: MatrixUser, room: CallRoom): Promise<Participant> {
  const { focus, synapse } = stage;
  const device = await synapse.login(user);
  const link = demoLink({
    page: focus.baseUrl,
    homeserver: synapse.baseUrl,
    user: device,
    room,
    focusUser: focus.user,
  });
  return Participant.open(chromium, device, `${link}&witness=1`);
}

async function joined(scene: Scene, room: CallRoom, users: readonly MatrixUser[]): Promise<Participant[]> {
  const pages: Participant[] = [];
  for (const user of users) {
    const page = await open(user, room);
    await page.join();
    pages.push(page);
  }
  return pages;
}

/** User ids of those whose frames were decrypted here since it was asked last. */
async function decrypted({ page }: Participant): Promise<Set<string>> {
  const senders = await page.evaluate(() =>
    window.weir.encryption.witness().flatMap(({ direction, from }) => (direction === 'received' ? [from] : [])),
  );
  return new Set(senders.map(sender => (JSON.parse(sender) as [string, string])[0]));
}

/** Why streams of a user are not shown. */
const reasonsAt = ({ page }: Participant, userId: string): Promise<(string | undefined)[]> =>
  page.evaluate(
    user => window.weir.participants().flatMap(({ userId, cannotDecrypt }) => (userId === user ? [cannotDecrypt] : [])),
    userId,
  );

const codeAt = ({ page }: Participant): Promise<string | undefined> =>
  page.evaluate(() => window.weir.encryption.code());

/** Pictures of a user that this page shows. */
const framesOf = ({ page }: Participant, userId: string): Promise<number> =>
  page.evaluate(
    user =>
      Math.max(
        0,
        ...window.weir
          .participants()
          .flatMap(({ userId, video }) =>
            userId === user ? [video?.getVideoPlaybackQuality().totalVideoFrames ?? 0] : [],
          ),
      ),
    userId,
  );

/** Generations of its own key that a page has made. */
const generationsOf = ({ page }: Participant): Promise<number> =>
  page.evaluate(() => new Set(window.weir.encryption.keys().map(({ generation }) => generation)).size);

test('those in an encrypted call see each other, have one code, and take new keys when somebody leaves', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const room = await scene.callRoom(users, { encrypted: true });
  const pages = await joined(scene, room, users);
  for (const page of pages) {
    for (const other of pages.filter(each => each !== page))
      await eventually('it shows the other', async () => (await framesOf(page, other.user.userId)) > 5);
    await eventually('it decrypts both', async () => (await decrypted(page)).size === 2);
  }
  await eventually('all have one code', async () => {
    const codes = await Promise.all(pages.map(codeAt));
    return codes[0] !== undefined && new Set(codes).size === 1;
  });
  const [first, second, third] = pages;
  if (first === undefined || second === undefined || third === undefined) throw new RangeError('three are needed');
  const before = await generationsOf(first);
  await third.page.evaluate(() => window.weir.leave());
  await eventually('it makes a new key', async () => (await generationsOf(first)) > before);
  await decrypted(first);
  await eventually('the others go on', async () => (await decrypted(first)).has(second.user.userId));
  for (const page of pages) {
    expect(page.complaints).toEqual([]);
    await page.close();
  }
});

test('a clear stream in an encrypted call is named, and never shown', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob], { encrypted: true });
  const peer = scene.peer(alice, room);
  await peer.join();
  const [page] = await joined(scene, room, [bob]);
  if (page === undefined) throw new RangeError('a page is needed');
  await eventually('it says why', async () => (await reasonsAt(page, alice.userId)).includes('clear'));
  // What is in clear comes all the time, and nothing of it comes out.
  expect(await framesOf(page, alice.userId)).toBe(0);
  await page.close();
});

test('encryption that is switched on while the call runs stops what is clear', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  const [page] = await joined(scene, room, [bob]);
  if (page === undefined) throw new RangeError('a page is needed');
  await eventually('it is in the call', async () => (await page.condition()) === 'connected');
  const { synapse, host } = stage;
  await sendState(synapse.baseUrl, host, room.roomId, { type: 'm.room.encryption', stateKey: '', content: ENCRYPTION });
  // Its client was made for a room in clear.
  await eventually('it ends with the reason', async () => {
    return page.page.evaluate(() => window.weir.problem() === 'ENCRYPTION_UNAVAILABLE');
  });
  await page.close();
});
