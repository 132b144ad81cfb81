/** What crosses a trunk: what somebody on the other focus wants, and nothing else. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Federation } from '../../demo/federated/federation.ts';
import type { Site } from '../../demo/site.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { eventually, WAIT_MS, whole } from '../e2e/stage.ts';
import { startFederatedStage } from './stage.ts';

let federation: Federation;
let owned = new AsyncDisposableStack();

beforeAll(async () => {
  ({ federation, owned } = await startFederatedStage({
    places: [{ users: ['alice'] }, { users: ['bob'] }],
    config: { overload: { enabled: false } },
  }));
}, 300_000);

afterAll(() => owned.disposeAsync());

/** The member of a site, on the focus of that site, who wants nothing yet. */
function memberOf({ synapse, focus, users: [user] }: Site): LightPeer {
  if (user === undefined) throw new Error('the site has no users');
  const { room } = federation;
  const peer = new LightPeer({ baseUrl: synapse.baseUrl, user, focus: focus.user, room, subscribe: 'nothing' });
  owned.defer(() => peer.leave());
  return peer;
}

/** A metric of a site's focus about its trunks, of one direction where it has any; `undefined` while it is not told. */
async function metricOf({ focus }: Site, name: string, direction?: 'sent' | 'received'): Promise<number | undefined> {
  const answer = await fetch(`${focus.baseUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const lines = (await answer.text()).split('\n').filter(line => line.startsWith(`${name}{`));
  const line = lines.find(one => direction === undefined || one.includes(`direction="${direction}"`));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

it('is nothing while nobody wants it, then what is wanted, then nothing again', async () => {
  const [east, west] = federation.sites;
  const [alice, bob] = [memberOf(east), memberOf(west)];
  await Promise.all([alice.join(), bob.join()]);
  await until('they know of each other', WAIT_MS, () => alice.sees(bob) && bob.sees(alice));
  await eventually('both tracks are offered', async () => (await metricOf(east, 'weir_trunk_tracks', 'sent')) === 2);
  expect(await metricOf(east, 'weir_trunk_layers')).toBe(0);
  expect(await metricOf(east, 'weir_trunk_media_bytes', 'sent')).toBe(0);

  for (const peer of [alice, bob]) peer.subscribeTo('all');
  await whole([alice, bob]);
  await eventually('it is metered', async () => ((await metricOf(east, 'weir_trunk_media_bytes', 'sent')) ?? 0) > 0);

  for (const peer of [alice, bob]) peer.subscribeTo(() => []);
  await eventually('nothing flows any more', async () => (await metricOf(east, 'weir_trunk_layers')) === 0);
  const before = await metricOf(east, 'weir_trunk_media_bytes', 'sent');
  await new Promise(resolve => setTimeout(resolve, 6_000));
  expect(await metricOf(east, 'weir_trunk_media_bytes', 'sent')).toBe(before);
  for (const { focus } of federation.sites)
    expect(await readFile(focus.logFile, 'utf8')).not.toMatch(/"level":"error"|WEIR_INTERNAL/);
}, 240_000);
