/** Two Synapse servers that federate, a focus on each: what foci need of it to find each other. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Federation } from '../../demo/federated/federation.ts';
import { matrixRequest } from '../../demo/matrix-api.ts';
import { until } from '../../loadtest/peers/until.ts';
import { ListeningFocus, sendHangup } from '../matrix/listening-focus.ts';
import { startFederatedStage } from './stage.ts';

const PAGE = process.env['WEIR_PAGE_DIR'] ?? resolve(import.meta.dirname, '..', '..', 'dist', 'page');
/** A busy machine federates slowly; nothing here is a bound of the product. */
const PATIENCE_MS = 45_000;

let federation: Federation;
let owned = new AsyncDisposableStack();

beforeAll(async () => {
  ({ federation, owned } = await startFederatedStage({
    pageDir: PAGE,
    places: [{ users: ['alice', 'anna'] }, { users: ['bob'] }],
  }));
}, 300_000);

afterAll(() => owned.disposeAsync());

it('brings members and foci of both servers into one room', async () => {
  const { sites, room } = federation;
  for (const { synapse, users } of sites) {
    const answer = await matrixRequest(synapse.baseUrl, {
      method: 'GET',
      path: `/_matrix/client/v3/rooms/${encodeURIComponent(room.roomId)}/joined_members`,
      accessToken: users[0]?.accessToken ?? '',
    });
    const { joined } = answer as { joined: object };
    const everybody = sites.flatMap(site => [...site.users, site.focus.user]).map(({ userId }) => userId);
    expect(Object.keys(joined).toSorted()).toEqual(everybody.toSorted());
  }
  const servers = sites.map(({ synapse }) => synapse.serverName);
  expect(new Set(servers).size).toBe(2);
});

it('tells the clients of each server which focus is their own', async () => {
  for (const { synapse, focus } of federation.sites) {
    const answer = await matrixRequest(synapse.baseUrl, { method: 'GET', path: '/.well-known/matrix/client' });
    expect(answer).toMatchObject({ 'org.weir.foci': [{ url: focus.baseUrl }] });
  }
});

it('carries a to-device message from one focus to the other', async () => {
  const [a, b] = federation.sites;
  // Another account beside each focus: two sync loops of one device would take each other's messages.
  const [sender, account] = [await a.register('sender'), await b.register('listener')];
  const listener = await ListeningFocus.start({ synapse: b.synapse, account });
  try {
    await sendHangup(a.synapse, sender, account, 'over');
    await until('the message is there', PATIENCE_MS, () => listener.callIds('hangup').includes('over'));
    const [message] = listener.batches.flatMap(batch => batch.toDevice);
    expect(message?.sender).toBe(sender.userId);
  } finally {
    await listener.stop();
  }
});

it('goes on within seconds after one server was away', async () => {
  const [a, b] = federation.sites;
  const [sender, account] = [await a.register('sender2'), await b.register('listener2')];
  const listener = await ListeningFocus.start({ synapse: b.synapse, account });
  try {
    await b.synapse.stop();
    await sendHangup(a.synapse, sender, account, 'while away');
    await b.synapse.restart();
    await sendHangup(a.synapse, sender, account, 'after');
    await until('both messages are there', PATIENCE_MS, () => {
      const ids = listener.callIds('hangup');
      return (ids.includes('while away') && ids.includes('after')) || ids.join();
    });
  } finally {
    await listener.stop();
  }
});

it('starts foci that find nothing to complain of', async () => {
  for (const { focus } of federation.sites) {
    expect(focus.ended()).toBeUndefined();
    expect(await readFile(focus.logFile, 'utf8')).not.toMatch(/"level":"error"|WEIR_INTERNAL/);
  }
});
