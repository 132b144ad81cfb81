/** Application data of a call over two foci: it crosses once it is wanted, whole where it is reliable, within its bounds. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataChannel } from 'node-datachannel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Federation } from '../../demo/federated/federation.ts';
import type { Site } from '../../demo/site.ts';
import type { MatrixUser } from '../../demo/synapse.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { LightPeer } from '../../loadtest/peers/light-peer.ts';
import { until } from '../../loadtest/peers/until.ts';
import { eventually, WAIT_MS } from '../e2e/stage.ts';
import { startFederatedStage } from './stage.ts';

const LOSSY = { unordered: true, maxRetransmits: 0 };
const LABELS = ['events', 'positions', 'excess'];

let federation: Federation;
let owned = new AsyncDisposableStack();

beforeAll(async () => {
  ({ federation, owned } = await startFederatedStage({
    places: [{ users: ['alice', 'anna'] }, { users: ['bob', 'ben'] }],
    config: { overload: { enabled: false } },
  }));
}, 300_000);

afterAll(() => owned.disposeAsync());

/** A member with data channels alone, and what came on them, by label. */
class Member {
  readonly peer: LightPeer;
  readonly got = new Map<string, string[]>();
  readonly #channels: DataChannel[] = [];
  #endpoint: DatachannelEndpoint | undefined;

  constructor({ synapse, focus }: Site, user: MatrixUser | undefined) {
    if (user === undefined) throw new Error('the site has no such user');
    this.peer = new LightPeer({
      baseUrl: synapse.baseUrl,
      user,
      focus: focus.user,
      room: federation.room,
      viewsOnly: true,
      subscribe: 'nothing',
      endpoint: events => {
        this.#endpoint = new DatachannelEndpoint(events, { onChannel: channel => this.#listen(channel) });
        return this.#endpoint;
      },
    });
    owned.defer(() => this.peer.leave());
  }

  open(label: string, options = {}): DataChannel {
    if (this.#endpoint === undefined) throw new Error('it has no endpoint');
    return this.#endpoint.openChannel(label, options);
  }

  messages(label: string): string[] {
    return this.got.get(label) ?? [];
  }

  codes(): string[] {
    return this.peer.seen.errors.map(({ code }) => code);
  }

  #listen(channel: DataChannel): void {
    this.#channels.push(channel);
    const messages: string[] = [];
    this.got.set(channel.getLabel(), messages);
    channel.onMessage(message => messages.push(typeof message === 'string' ? message : '(bytes)'));
  }
}

/** Messages of application data that a focus has passed on. */
async function forwardedBy({ focus }: Site): Promise<number> {
  const answer = await fetch(`${focus.baseUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const line = /^weir_data_messages_total\{outcome="forwarded"\} (\d+)$/m.exec(await answer.text());
  return Number(line?.[1] ?? 0);
}

it('crosses when somebody there wants it, once, and nothing of a reliable channel is lost or out of order', async () => {
  const [east, west] = federation.sites;
  const alice = new Member(east, east.users[0]);
  const anna = new Member(east, east.users[1]);
  const [bob, ben] = [new Member(west, west.users[0]), new Member(west, west.users[1])];
  const listeners = [anna, bob, ben];
  await Promise.all([alice, ...listeners].map(({ peer }) => peer.join()));
  await until('all are in the call', WAIT_MS, () => [alice, ...listeners].every(({ peer }) => peer.hasControl()));
  const channels = {
    events: alice.open('events'),
    positions: alice.open('positions', LOSSY),
    excess: alice.open('excess', LOSSY),
  };
  await until('they are open', WAIT_MS, () => Object.values(channels).every(channel => channel.isOpen()));

  // Nobody there wants it yet.
  anna.peer.subscribeData(LABELS);
  await until('it comes to who is here', WAIT_MS, () => {
    channels.events.sendMessage('for who is here');
    return anna.messages('events').length > 0;
  });
  expect(await forwardedBy(west)).toBe(0);

  for (const { peer } of [bob, ben]) peer.subscribeData(LABELS);
  await until('all of it comes to all', WAIT_MS, () => {
    for (const channel of Object.values(channels)) channel.sendMessage('probe');
    return listeners.every(each => LABELS.every(label => each.messages(label).length > 0));
  });
  channels.events.sendMessage('last probe');
  await until('the last probe is there', WAIT_MS, () =>
    listeners.every(each => each.messages('events').includes('last probe')),
  );
  for (const each of listeners) for (const messages of each.got.values()) messages.length = 0;

  const numbers = Array.from({ length: 600 }, (_, number) => String(number));
  const before = await forwardedBy(west);
  for (const number of numbers) {
    channels.events.sendMessage(number);
    channels.positions.sendMessage(number);
    await sleep(10);
  }
  for (const each of listeners) {
    await until('all that is reliable', WAIT_MS, () => each.messages('events').length >= numbers.length);
    expect(each.messages('events')).toEqual(numbers);
    const lossy = each.messages('positions');
    expect(new Set(lossy).size, 'none twice').toBe(lossy.length);
    expect(lossy.every(number => numbers.includes(number))).toBe(true);
    expect(lossy.length).toBeGreaterThan(numbers.length / 2);
  }
  // Once for both who are there.
  expect((await forwardedBy(west)) - before).toBeLessThanOrEqual(2 * numbers.length);

  // More than one may send does not cross.
  for (let count = 0; count < 3_000; count++) channels.excess.sendMessage('x');
  await eventually('it is told', async () => alice.codes().includes('WEIR_DATA_LIMIT'));
  // What one may send is counted over all of one's channels: it has to come back first.
  await sleep(2_000);
  channels.events.sendMessage('after the flood');
  await until('the rest goes on', WAIT_MS, () =>
    listeners.every(each => each.messages('events').includes('after the flood')),
  );
  for (const each of listeners) {
    expect(each.messages('excess').length).toBeLessThan(1_000);
    expect(each.codes()).toEqual([]);
  }
  for (const { focus } of federation.sites)
    expect(await readFile(focus.logFile, 'utf8')).not.toMatch(/"level":"error"|WEIR_INTERNAL|WEIR_TRUNK_STREAM/);
}, 240_000);
