/** One call over two servers: everybody connects to the focus of their own, and the foci carry it between them. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Federation } from '../../demo/federated/federation.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { eventually, whole, wholeAgain } from '../e2e/stage.ts';
import { startFederatedStage } from './stage.ts';

let federation: Federation;
let owned = new AsyncDisposableStack();
const peers: LightPeer[] = [];

beforeAll(async () => {
  ({ federation, owned } = await startFederatedStage({
    places: [{ users: ['alice', 'anna'] }, { users: ['bob', 'berta'] }],
    // The machine is busy: nobody is to be refused for that.
    config: { overload: { enabled: false }, log: { level: 'debug' } },
  }));
  for (const { synapse, focus, users } of federation.sites) {
    for (const user of users) {
      peers.push(new LightPeer({ baseUrl: synapse.baseUrl, user, focus: focus.user, room: federation.room }));
    }
  }
}, 300_000);

afterAll(async () => {
  await Promise.allSettled(peers.map(peer => peer.leave()));
  await owned.disposeAsync();
});

async function metric(site: 0 | 1, line: string): Promise<number> {
  const answer = await fetch(`${federation.sites[site].focus.baseUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const found = (await answer.text()).split('\n').find(one => one.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? Number.NaN);
}

const trunksOpen = (site: 0 | 1): Promise<number> => metric(site, 'weir_trunks{state="open"}');

it('needs no trunk while all are on one focus', async () => {
  const [alice, anna] = peers;
  if (alice === undefined || anna === undefined) throw new Error('nobody is there');
  await Promise.all([alice.join(), anna.join()]);
  await whole([alice, anna]);
  expect(await trunksOpen(0)).toBe(0);
});

it('carries every track to everybody on the other focus, whoever comes when', async () => {
  for (const [index, peer] of peers.entries()) {
    if (index < 2) continue;
    await peer.join();
    await whole(peers.slice(0, index + 1));
  }
  expect([await trunksOpen(0), await trunksOpen(1)]).toEqual([1, 1]);
});

it('comes back after a focus was killed, for those on the other one, too', async () => {
  const [, b] = federation.sites;
  const there = peers.slice(2);
  await b.focus.kill();
  await b.focus.restart();
  // Load peers do not come back by themselves.
  await Promise.all(there.map(peer => peer.vanish()));
  const again = b.users.map(
    user => new LightPeer({ baseUrl: b.synapse.baseUrl, user, focus: b.focus.user, room: federation.room }),
  );
  peers.splice(2, 2, ...again);
  await Promise.all(again.map(peer => peer.join()));
  await wholeAgain(peers);
});

it('ends its trunk with the last one of a side', async () => {
  await Promise.all(peers.splice(2).map(peer => peer.leave()));
  await eventually('the trunk is gone', async () => (await trunksOpen(0)) === 0 && (await trunksOpen(1)) === 0);
  await wholeAgain(peers);
});

it('leaves nothing in the log that was not expected, and no secret', async () => {
  for (const { focus } of federation.sites) {
    const log = await readFile(focus.logFile, 'utf8');
    for (const word of ['WEIR_INTERNAL', 'nhandled', 'ice-pwd', focus.user.accessToken])
      expect(log).not.toContain(word);
  }
});
