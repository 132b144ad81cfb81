/** Ways to the focus where the plain one is shut: ICE over TCP, and relays (TURN) over UDP and TCP. On another host. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoLink } from '../../demo/deployment.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { type CallPage, CallPages } from '../far/call-pages.ts';
import { Coturn } from '../far/coturn.ts';
import { FarHost } from '../far/namespace.ts';
import type { SelectedPath } from '../far/report.ts';
import { eventually, Stage } from './stage.ts';

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

/** Everything that was started, ended in the opposite order. */
const owned = new AsyncDisposableStack();
let far: FarHost;
let coturn: Coturn;
let stage: Stage;
let browser: CallPages;

beforeAll(async () => {
  if (!existsSync(PAGE_DIR)) throw new Error(`no call page in ${PAGE_DIR}: npm run build:page`);
  const directory = await mkdtemp(join(tmpdir(), 'weir-paths-'));
  owned.defer(() => rm(directory, { recursive: true, force: true }));
  far = owned.adopt(await FarHost.open(), host => host.close());
  const address = far.nearAddress;
  coturn = owned.use(await Coturn.start(join(directory, 'coturn'), address));
  stage = owned.adopt(
    await Stage.start(
      { httpHost: address, mediaListen: [{ ip: address }], pageDir: PAGE_DIR },
      { bindAddress: address, config: coturn.synapseConfig() },
    ),
    started => started.end(),
  );
  browser = owned.use(await CallPages.open({ prefix: far.prefix, origin: stage.focus.baseUrl }));
});
afterAll(() => owned.disposeAsync());

/** Three people call until each sees and hears both others; how each page's media then goes. */
async function pathsOfCall(more: string): Promise<SelectedPath[]> {
  await using scene = stage.scene();
  const users = await scene.users(3);
  const room = await scene.callRoom(users);
  const { focus, synapse } = stage;
  const link = (user: MatrixUser): string =>
    `${demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user })}&${more}`;
  const pages = await Promise.all(users.map(user => browser.join(`${link(user)}&video=320x180x10`)));
  try {
    await eventually('all six pairs have sound and picture', async () => {
      const reports = await Promise.all(pages.map(page => page.read()));
      return reports.every(
        ({ received }) =>
          received.length === 2 && received.every(({ frames, audioPackets }) => frames > 10 && audioPackets > 50),
      );
    }).catch((thrown: unknown) => {
      throw new Error(describe(pages), { cause: thrown });
    });
    return pages.flatMap(page => page.report?.paths ?? []);
  } finally {
    await Promise.all(pages.map(page => page.close()));
  }
}

function describe(pages: readonly CallPage[]): string {
  return pages.map(({ report }) => JSON.stringify(report)).join('\n');
}

test('without UDP everybody calls over TCP, on the same port', async () => {
  await far.blockUdp();
  try {
    const paths = await pathsOfCall('');
    const over = { type: 'host', protocol: 'tcp', remoteAddress: far.nearAddress };
    expect(paths).toMatchObject([over, over, over]);
  } finally {
    await far.allowUdp();
  }
});

test('by a relay alone, which is reached over UDP', async () => {
  const paths = await pathsOfCall('relay=1');
  const over = { type: 'relay', protocol: 'udp', relayProtocol: 'udp', remoteAddress: far.nearAddress };
  expect(paths).toMatchObject([over, over, over]);
});

test('by a relay alone, which is reached over TCP, as UDP is shut', async () => {
  await far.blockUdp();
  try {
    const paths = await pathsOfCall('relay=1');
    const over = { type: 'relay', protocol: 'udp', relayProtocol: 'tcp', remoteAddress: far.nearAddress };
    expect(paths).toMatchObject([over, over, over]);
  } finally {
    await far.allowUdp();
  }
});
