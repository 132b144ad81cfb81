/** Application data of a conference on several workers. */
import { observer, type types } from 'mediasoup';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DEFAULT_SPREAD } from '../../src/media/routers/placement.ts';
import type { Media } from '../../src/ports.ts';
import { DataPeer, type SeenChannel } from './data-peer.ts';
import { eventually, newConference, startMedia } from './harness.ts';

/** Those in use, in the order in which they came into use: which one is taken depends on how busy they are. */
const workers: types.Worker[] = [];
const open: DataPeer[] = [];
let media: Media;

beforeAll(async () => {
  observer.on('newworker', worker => worker.observer.once('newrouter', () => workers.push(worker)));
  media = await startMedia({ workers: 3, spread: { ...DEFAULT_SPREAD, load: 0 } });
});

afterEach(() => {
  for (const peer of open.splice(0)) peer.close();
});

afterAll(async () => {
  await media.close();
  observer.removeAllListeners('newworker');
});

/** Each on a worker of its own, as long as there are any. */
async function call<const Names extends readonly string[]>(...names: Names): Promise<{ [K in keyof Names]: DataPeer }> {
  const conference = newConference();
  for (const name of names) open.push(await DataPeer.start(media, conference, name));
  return [...open] as { [K in keyof Names]: DataPeer };
}

/** Messages of a reliable channel come to each subscriber once, in order, from now on. */
async function reaches(channel: SeenChannel, subscribers: readonly SeenChannel[], from: string): Promise<void> {
  await eventually('open channels', () => {
    channel.channel.sendMessage('?');
    return subscribers.every(({ messages }) => messages.length > 0);
  });
  const messages = Array.from({ length: 100 }, (_, index) => `${from} ${index}`);
  for (const message of messages) channel.channel.sendMessage(message);
  for (const { messages: got } of subscribers) {
    await eventually('all messages', () => got.includes(`${from} 99`));
    expect(got.filter(message => message !== '?')).toEqual(messages);
  }
}

it('reaches the subscribers on every worker, once and in order', async () => {
  const [alice, bob, carol, dave] = await call('alice', 'bob', 'carol', 'dave');
  expect(media.figures().workers.map(({ participants }) => participants)).toEqual([2, 1, 1]);
  const channel = await alice.publish('events');
  const seen = await Promise.all([bob, carol, dave].map(viewer => viewer.subscribe(alice, channel.published)));
  await reaches(channel, seen, 'event');
  // It is this process that carries data from worker to worker: nothing of it is piped.
  expect(media.figures()).toMatchObject({ links: 0, pipedTracks: 0 });
});

it('goes to others still when a subscriber leaves its worker, and ends with its publisher', async () => {
  const [alice, bob, carol] = await call('alice', 'bob', 'carol');
  const channel = await alice.publish('events');
  const atBob = await bob.subscribe(alice, channel.published);
  const atCarol = await carol.subscribe(alice, channel.published);
  bob.close();
  await reaches(channel, [atCarol], 'event');
  alice.close();
  await eventually('its end', () => atCarol.isClosed);
  expect(carol.log.dataErrors).toEqual([]);
  expect(atBob.label).toBe('events');
});

it('goes on between those whose workers live', async () => {
  const [alice, bob, carol] = await call('alice', 'bob', 'carol');
  const channel = await alice.publish('events');
  const atBob = await bob.subscribe(alice, channel.published);
  const atCarol = await carol.subscribe(alice, channel.published);
  await eventually('open channels', () => {
    channel.channel.sendMessage('?');
    return atBob.messages.length > 0 && atCarol.messages.length > 0;
  });
  const [, second] = workers;
  if (second === undefined) throw new Error('no worker');
  process.kill(second.pid, 'SIGKILL');
  await eventually('death', () => bob.log.failed.length > 0);
  await reaches(channel, [atCarol], 'event');
  expect([alice, carol].flatMap(({ log }) => [...log.failed, ...log.dataErrors])).toEqual([]);
  await eventually('replacement', () => media.health().alive === 3);
});
