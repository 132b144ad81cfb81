/** Ways to the focus where the plain one is shut: ICE over TCP, and relays (TURN) over UDP and TCP. On another host. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoLink } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { findFreePort } from '../../demo/free-port.ts';
import { type CallPage, CallPages } from '../../demo/check/call-pages.ts';
import { Coturn } from '../../demo/coturn.ts';
import { FarHost } from '../../demo/far-host.ts';
import type { PageReport, SelectedPath } from '../../demo/check/page-report.ts';
import { eventually, Stage } from './stage.ts';

/** How long the homeserver's passwords for the relays hold, s. The page asks for others when three quarters are over. */
const PASSWORDS_HOLD_S = 20;

const PAGE_DIR = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '../../dist/page');

/** Everything that was started, ended in the opposite order. */
const owned = new AsyncDisposableStack();
let far: FarHost;
let coturn: Coturn;
let stage: Stage;
let browser: CallPages;
let mediaPort: number;

beforeAll(async () => {
  if (!existsSync(PAGE_DIR)) throw new Error(`no call page in ${PAGE_DIR}: npm run build:page`);
  const directory = await mkdtemp(join(tmpdir(), 'weir-paths-'));
  owned.defer(() => rm(directory, { recursive: true, force: true }));
  far = owned.adopt(await FarHost.open(), host => host.close());
  const address = far.nearAddress;
  mediaPort = await findFreePort(address);
  coturn = owned.use(await Coturn.start(join(directory, 'coturn'), address));
  stage = owned.adopt(
    await Stage.start(
      { httpHost: address, mediaListen: [{ ip: address }], mediaPort, pageDir: PAGE_DIR },
      { bindAddress: address, config: coturn.synapseConfig(`${PASSWORDS_HOLD_S}s`) },
    ),
    started => started.end(),
  );
  browser = owned.use(await CallPages.open({ prefix: far.prefix, origin: stage.focus.baseUrl }));
});
afterAll(() => owned.disposeAsync());

/** Runs while people are in a call with these parameters in their links, each of whom sees and hears all others. */
async function duringCall(people: 2 | 3, more: string, run: (pages: CallPage[]) => Promise<void>): Promise<void> {
  await using scene = stage.scene();
  const users = await scene.users(people);
  const room = await scene.callRoom(users);
  const { focus, synapse } = stage;
  const link = (user: MatrixUser): string =>
    `${demoLink({ page: focus.baseUrl, homeserver: synapse.baseUrl, user, room, focusUser: focus.user })}&${more}`;
  const pages = await Promise.all(users.map(user => browser.join(`${link(user)}&video=320x180x10`)));
  try {
    await untilWhole('all see and hear each other', pages);
    await run(pages);
  } catch (thrown) {
    throw new Error(pages.map(({ report }) => JSON.stringify(report)).join('\n'), { cause: thrown });
  } finally {
    await Promise.all(pages.map(page => page.close()));
  }
}

/** Until everybody has so much more of all others than `before`. */
async function untilWhole(what: string, pages: readonly CallPage[], before: readonly PageReport[] = []): Promise<void> {
  await eventually(what, async () => {
    const reports = await Promise.all(pages.map(page => page.read()));
    return reports.every(({ received }, index) => {
      const had = (userId: string) => before[index]?.received.find(stream => stream.userId === userId);
      return (
        received.length === pages.length - 1 &&
        received.every(
          ({ userId, frames, audioPackets }) =>
            frames > (had(userId)?.frames ?? 0) + 10 && audioPackets > (had(userId)?.audioPackets ?? 0) + 50,
        )
      );
    });
  });
}

/** How the media of each page goes in a call of three. */
async function pathsOfCall(more: string): Promise<SelectedPath[]> {
  let paths: SelectedPath[] = [];
  await duringCall(3, more, async pages => {
    paths = pages.flatMap(page => page.report?.paths ?? []);
  });
  return paths;
}

test('without UDP everybody calls over TCP, on the same port', async () => {
  await far.blockUdp();
  try {
    const paths = await pathsOfCall('');
    const over = {
      type: expect.stringMatching(/^(host|prflx)$/) as string,
      protocol: 'tcp',
      remoteAddress: far.nearAddress,
      remotePort: mediaPort,
    };
    expect(paths).toMatchObject([over, over, over]);
  } finally {
    await far.allowUdp();
  }
});

test('by a relay alone, which is reached over UDP', async () => {
  const paths = await pathsOfCall('relay=1');
  const over = {
    type: 'relay',
    protocol: 'udp',
    relayProtocol: 'udp',
    remoteAddress: far.nearAddress,
    remotePort: mediaPort,
  };
  expect(paths).toMatchObject([over, over, over]);
});

test('by a relay alone, which is reached over TCP, as UDP is shut', async () => {
  await far.blockUdp();
  try {
    const paths = await pathsOfCall('relay=1');
    const over = {
      type: 'relay',
      protocol: 'udp',
      relayProtocol: 'tcp',
      remoteAddress: far.nearAddress,
      remotePort: mediaPort,
    };
    expect(paths).toMatchObject([over, over, over]);
  } finally {
    await far.allowUdp();
  }
});

test('a relay that forgot everything is entered again, by a password that was asked for meanwhile', async () => {
  await duringCall(2, 'relay=1', async pages => {
    const first = await Promise.all(pages.map(page => page.turnUsername()));
    await delay(PASSWORDS_HOLD_S * 1_000);
    await coturn.restart();
    const before = await Promise.all(pages.map(page => page.read()));
    await untilWhole('all see and hear each other again', pages, before);
    const later = await Promise.all(pages.map(page => page.turnUsername()));
    const now = Date.now() / 1_000;
    for (const [index, username] of first.entries()) {
      // The end of a password stands in its name (draft-uberti-behave-turn-rest).
      expect(endOf(username)).toBeLessThan(now);
      expect(endOf(later[index])).toBeGreaterThan(endOf(username));
    }
    expect(pages.map(({ report }) => [report?.state, report?.connections])).toEqual([
      ['connected', 1],
      ['connected', 1],
    ]);
  });
});

/** s since 1970. */
function endOf(username: string | undefined): number {
  return Number(username?.split(':')[0]);
}
