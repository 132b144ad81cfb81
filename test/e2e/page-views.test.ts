/** What a person does with the call page beside calling: how people are shown, statistics, loudspeakers, the lock. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CallPage, CallPages } from '../../demo/check/call-pages.ts';
import { demoLink } from '../../demo/site.ts';
import { eventually, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

let stage: Stage;
let browser: CallPages;
beforeAll(async () => {
  if (!existsSync(PAGE_DIR)) throw new Error(`no call page in ${PAGE_DIR}: npm run build:page`);
  [stage, browser] = await Promise.all([Stage.start({ pageDir: PAGE_DIR }), CallPages.open()]);
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await stage.end();
});

/** Widths of the tiles, the largest first, in px. */
async function widths(page: CallPage): Promise<number[]> {
  const all = await page.properties('.tile', 'clientWidth');
  return all.map(Number).toSorted((a, b) => b - a);
}

async function isOneLarge(page: CallPage): Promise<boolean> {
  const [first = 0, second = 0, ...others] = await widths(page);
  return others.length > 0 && first > 2 * second;
}

test('the page shows whoever speaks large, statistics while they are wanted, and plays where it is told to', async () => {
  await using scene = stage.scene();
  const { synapse, focus, host } = stage;
  const users = await scene.users(3);
  const room = await scene.callRoom(users);
  await scene.call(room, users);
  const link = demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user: host, room, focusUser: focus.user });
  const page = await browser.join(`${link}&video=320x180x8`);
  const untilShown = (): Promise<void> =>
    eventually('all are shown', async () => (await page.properties('.tile audio', 'sinkId')).length === users.length);
  try {
    await untilShown();
    await eventually('all are alike', async () => new Set(await widths(page)).size === 1);
    await page.press('l');
    await eventually('one is large', () => isOneLarge(page));
    await page.reload();
    await untilShown();
    await eventually('one is large again', () => isOneLarge(page));
    await page.click('#arrangement');
    await eventually('all are alike again', async () => new Set(await widths(page)).size === 1);

    expect(await page.properties('.figures', 'className')).toEqual([]);
    await page.press('i');
    const flows = async (): Promise<boolean> => {
      const rates = await page.properties('.figures-rate', 'textContent');
      return rates.length === users.length + 1 && rates.every(rate => /[1-9]\d* [kM]bit\/s/.test(rate));
    };
    await eventually('something flows in every tile, and from us', flows);
    expect(await page.properties('.figures-path', 'outerHTML')).not.toContainEqual(expect.not.stringMatching(/d="M/));
    await page.press('i');
    await eventually('they are gone', async () => (await page.properties('.figures', 'className')).length === 0);

    await page.click('#devices');
    await eventually(
      'devices are listed',
      async () => (await page.properties('#loudspeaker option', 'value')).length > 1,
    );
    const [, device = ''] = await page.properties('#loudspeaker option', 'value');
    await page.pick('#loudspeaker', device);
    const played = (): Promise<string[]> => page.properties('.tile audio', 'sinkId');
    await eventually('sound goes there', async () => (await played()).every(sink => sink === device));
    await page.press('Escape');

    await page.click('#lock');
    expect(await page.properties('#encryption', 'open')).toEqual(['true']);
    expect(await page.text('#encryption h2')).toContain('Not end-to-end encrypted');
    await page.press('Escape');
    expect(await page.properties('#encryption', 'open')).toEqual(['false']);
  } finally {
    await page.close();
  }
});
