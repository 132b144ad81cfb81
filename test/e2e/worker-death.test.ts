/** One call on several media workers, one of which is killed: on the call page, as people would see it. */
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chromium } from '../../demo/check/chromium.ts';
import { Participant } from '../../demo/check/participant.ts';
import { longestGap } from '../../demo/check/statistics.ts';
import { demoLink } from '../../demo/site.ts';
import { eventually, report, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');
const WORKERS = 2;
/** A session that holds for less counts as one that failed, and its client waits before it tries again. */
const HELD_MS = 5_000;
/** Pictures that tell that a stream flows. */
const FLOWS = 5;

const owned = new AsyncDisposableStack();
let stage: Stage;
let chromium: Chromium;

beforeAll(async () => {
  const config = { media: { workers: WORKERS, spread_at_load: 0 } };
  stage = owned.adopt(await Stage.start({ pageDir: PAGE_DIR, config }), started => started.end());
  chromium = owned.use(await Chromium.start(new AbortController().signal));
});
afterAll(() => owned.disposeAsync());

const now = (): number => performance.timeOrigin + performance.now();

/** Numbers of a gauge by its label `worker`. */
async function byWorker(gauge: string): Promise<Map<string, number>> {
  const { body } = await stage.get('/metrics');
  return new Map(
    [...body.matchAll(new RegExp(`^${gauge}\\{worker="(\\d+)"\\} (\\S+)$`, 'gm'))].map(([, worker = '', value]) => [
      worker,
      Number(value),
    ]),
  );
}

test('a killed worker takes its participants alone, and they are back on another by themselves', async () => {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const room = await scene.callRoom(users);
  const { focus, synapse } = stage;
  const pages: Participant[] = [];
  for (const user of users) {
    const link = demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user });
    const page = await Participant.open(chromium, user, link);
    await page.join();
    pages.push(page);
  }
  await eventually('everybody sees everybody', async () => {
    const snapshots = await Promise.all(pages.map(page => page.snapshot()));
    return snapshots.every(({ video }) => video.filter(({ framesDecoded }) => framesDecoded > FLOWS).length === 2);
  });
  const participants = await byWorker('weir_worker_participants');
  expect([...participants.values()].toSorted()).toEqual([1, 2]);
  await Promise.all(pages.map(page => page.watch(true)));
  await delay(HELD_MS);

  // The worker that has one of them.
  const [number] = [...participants].find(([, count]) => count === 1) ?? [];
  const log = await stage.focusLog();
  const pid = [...log.matchAll(/"worker":(\d+),"pid":(\d+)/g)].find(([, worker]) => worker === number)?.[2];
  if (pid === undefined) throw new Error('the log does not tell which worker is which');
  const killedAt = now();
  process.kill(Number(pid), 'SIGKILL');

  // Nobody clicks.
  const madeBy = async (page: Participant): Promise<number> => (await page.snapshot()).constructed;
  await eventually('one joins again', async () => (await Promise.all(pages.map(madeBy))).toSorted().join() === '1,1,2');
  const joinedAt = now();
  await eventually('everybody sees everybody again', async () => {
    const shown = await Promise.all(pages.map(page => page.framesSince(joinedAt)));
    return shown.every(streams => streams.filter(({ frames }) => frames.length >= FLOWS).length === 2);
  });
  const made = await Promise.all(pages.map(madeBy));
  expect(made.toSorted()).toEqual([1, 1, 2]);
  const victim = pages[made.indexOf(2)];
  const survivors = pages.filter(page => page !== victim);
  if (victim === undefined) throw new Error('nobody joined again');

  const until = now();
  const gapsOf = async (page: Participant): Promise<number[]> =>
    (await page.framesSince(killedAt))
      .map(({ frames }) =>
        longestGap(
          frames.map(({ presentedAt }) => presentedAt),
          killedAt,
          until,
        ),
      )
      .toSorted((one, other) => one - other);
  const seen = await Promise.all(survivors.map(gapsOf));
  report('worker died', {
    'its participant sees the others again after ms': Math.max(...(await gapsOf(victim))),
    // The one who was not hit either comes first, then the one who was, in its new session.
    'longest gap between the others ms': Math.max(...seen.map(([steady = Number.NaN]) => steady)),
    'the others see it again after ms': Math.max(...seen.map(([, again = Number.NaN]) => again)),
  });
  for (const page of pages) {
    await eventually(`${page.name} is connected`, async () => (await page.condition()) === 'connected');
    await page.close();
  }
  await eventually('the worker is replaced', async () => (await byWorker('weir_worker_load')).size === WORKERS);
});
