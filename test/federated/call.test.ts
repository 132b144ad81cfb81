/** A call on two foci, each of another operator: everybody is on their own, and a trunk carries the call between them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Federation, startFederation } from '../../demo/federated/federation.ts';
import type { Site } from '../../demo/site.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { WAIT_MS, whole, wholeAgain } from '../e2e/stage.ts';

const LOOPBACK_ALONE = ['127.0.0.0/8'];

let federation: Federation;
const owned = new AsyncDisposableStack();

beforeAll(async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-federated-call-'));
  owned.defer(() => rm(stateDir, { recursive: true, force: true }));
  federation = owned.use(
    await startFederation({
      stateDir,
      synapsePython: process.env['WEIR_SYNAPSE_PYTHON'] ?? '',
      workerBin: process.env['MEDIASOUP_WORKER_BIN'] ?? '',
      pageDir: process.env['WEIR_PAGE_DIR'] ?? '',
      places: [{ users: ['alice', 'anna'] }, { users: ['bob', 'bert'] }],
      config: {
        overload: { enabled: false },
        cascade: { enabled: true, allowed_networks: LOOPBACK_ALONE },
      },
    }),
  );
}, 300_000);

afterAll(() => owned.disposeAsync());

/** A member of a site, on the focus of that site. */
function peerOf({ synapse, focus, users }: Site, index: number): LightPeer {
  const user = users[index];
  if (user === undefined) throw new Error('the site has fewer users');
  const { userId, deviceId } = focus.user;
  return new LightPeer({ baseUrl: synapse.baseUrl, user, focus: { userId, deviceId }, room: federation.room });
}

it('lets everybody see and hear everybody, across operators', async () => {
  const peers = federation.sites.flatMap(site => [peerOf(site, 0), peerOf(site, 1)]);
  await Promise.all(peers.map(peer => peer.join()));
  await whole(peers);
  const [alice, anna, bob, bert] = peers;
  if (alice === undefined || anna === undefined || bob === undefined || bert === undefined)
    throw new Error('four join');
  expect(peers.flatMap(peer => [...peer.seen.errors, ...peer.seen.unreadable])).toEqual([]);

  await bob.leave();
  await until('he is gone there, too', WAIT_MS, () => ![alice, anna, bert].some(peer => peer.sees(bob)));
  await wholeAgain([alice, anna, bert]);
  await bert.leave();
  await until('the other site is gone', WAIT_MS, () => ![alice, anna].some(peer => peer.sees(bert)));
  await wholeAgain([alice, anna]);

  const again = peerOf(federation.sites[1], 0);
  await again.join();
  await whole([alice, anna, again]);
  await Promise.all([alice, anna, again].map(peer => peer.leave()));
  for (const { focus } of federation.sites) {
    expect(focus.ended()).toBeUndefined();
    expect(await readFile(focus.logFile, 'utf8')).not.toMatch(/"level":"error"|WEIR_INTERNAL/);
  }
}, 240_000);
