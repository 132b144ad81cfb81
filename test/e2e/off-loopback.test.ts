/** Firefox and Chromium on another host, in one call through the call page: nothing of it is on loopback. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCallRoom } from '../../demo/call-room.ts';
import { demoLink } from '../../demo/site.ts';
import { startFocus } from '../../demo/focus.ts';
import { type MatrixUser, startSynapse, type Synapse } from '../../demo/synapse.ts';
import { FarBrowser } from '../far/far-browser.ts';
import { FarHost } from '../../demo/far-host.ts';
import type { PageReport } from '../../demo/check/page-report.ts';
import { selfSigned, TlsFront } from '../far/tls-front.ts';
import { until } from '../../loadtest/peers/until.ts';

const PAGE = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '..', '..', 'dist', 'page');
/** A busy machine starts two browsers slowly; nothing here is a bound of the product. */
const PATIENCE_MS = 90_000;

let far: FarHost;
let synapse: Synapse;
let focusUser: MatrixUser;
const fronts: TlsFront[] = [];
/** Everything that was started, ended in the opposite order. */
const owned = new AsyncDisposableStack();

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-far-'));
  owned.defer(() => rm(directory, { recursive: true, force: true }));
  far = owned.adopt(await FarHost.open(), host => host.close());
  const address = far.nearAddress;
  synapse = owned.use(await startSynapse({ stateDir: join(directory, 'synapse'), bindAddress: address }));
  focusUser = await synapse.registerUser({ localpart: 'focus', deviceId: 'FOCUSDEV' });
  const focus = owned.use(
    await startFocus({
      stateDir: join(directory, 'focus'),
      homeserverUrl: synapse.baseUrl,
      user: focusUser,
      httpHost: address,
      mediaListen: [{ ip: '0.0.0.0', announcedAddress: address }],
      pageDir: PAGE,
      config: { http: { trusted_proxies: [address] } },
    }),
  );
  const certificate = await selfSigned(address);
  for (const target of [synapse.baseUrl, focus.baseUrl]) {
    fronts.push(owned.adopt(await TlsFront.open(address, certificate, target), front => front.close()));
  }
});

afterAll(() => owned.disposeAsync());

/** Whether a page sends two layers or more, and receives picture and sound of the other one. */
function isWhole(report: PageReport | undefined, other: string): boolean {
  const layers = report?.sentVideo.filter(({ frames }) => frames > 10) ?? [];
  const from = report?.received.find(({ userId, purpose }) => userId === other && purpose === 'm.usermedia');
  return layers.length >= 2 && (from?.frames ?? 0) > 10 && (from?.audioPackets ?? 0) > 50;
}

function framesOf(report: PageReport | undefined, userId: string, purpose: string): number {
  return report?.received.find(one => one.userId === userId && one.purpose === purpose)?.frames ?? 0;
}

test('both publish simulcast and receive each other; a screen share never touches the camera', async () => {
  const fox = await synapse.registerUser({ localpart: 'fox', deviceId: 'FOXDEV' });
  const chris = await synapse.registerUser({ localpart: 'chris', deviceId: 'CHRISDEV' });
  const room = await createCallRoom({
    baseUrl: synapse.baseUrl,
    creator: fox,
    members: [chris],
    invited: [focusUser.userId],
  });
  const [homeserver, page] = fronts.map(front => front.baseUrl);
  if (homeserver === undefined || page === undefined) throw new Error('no fronts');
  const link = (user: MatrixUser): string =>
    `${demoLink({ page, homeserver, user, room, focusUser })}&video=640x360x15`;
  const firefox = new FarBrowser(far, 'firefox', link(fox));
  owned.defer(() => firefox.close());
  const chromium = new FarBrowser(far, 'chromium', link(chris));
  owned.defer(() => chromium.close());

  await until('both are whole', PATIENCE_MS, () =>
    isWhole(firefox.report, chris.userId) && isWhole(chromium.report, fox.userId)
      ? true
      : `firefox ${JSON.stringify(firefox.report)} ${firefox.complaints}, chromium ${JSON.stringify(chromium.report)}`,
  );
  for (const browser of [firefox, chromium]) {
    expect(browser.report).toMatchObject({ state: 'connected', connections: 1 });
    expect(browser.report?.problem).toBeUndefined();
    expect(browser.report?.remoteAddresses).toEqual([far.nearAddress]);
  }

  chromium.command('share');
  await until('the screen is seen', PATIENCE_MS, () => framesOf(firefox.report, chris.userId, 'm.screenshare') > 5);
  const before = framesOf(firefox.report, chris.userId, 'm.usermedia');
  chromium.command('unshare');
  await until(
    'the screen is gone',
    PATIENCE_MS,
    () => firefox.report?.received.every(({ purpose }) => purpose !== 'm.screenshare') === true,
  );
  await until(
    'the camera goes on',
    PATIENCE_MS,
    () => framesOf(firefox.report, chris.userId, 'm.usermedia') > before + 20,
  );
});
