/** The peers of the load test in a call on a real focus: recorded simulcast, seen by Chromium; and the other way round. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChromiumEndpoint, type ReceivedTrack } from '../../loadtest/peers/chromium-endpoint.ts';
import { LoadBrowser } from '../../loadtest/peers/load-browser.ts';
import { Publishers } from '../../loadtest/peers/publishers.ts';
import { until } from '../../loadtest/peers/until.ts';
import type { Address } from '../../loadtest/peers/via-relay.ts';
import { eventually, report, Stage, WAIT_MS } from './stage.ts';

const LARGE = { width: 640, height: 360 };
const SMALL = { width: 160, height: 90 };

let stage: Stage;
let browser: LoadBrowser;
beforeAll(async () => {
  [stage, browser] = await Promise.all([Stage.start(), LoadBrowser.start()]);
});
afterAll(async () => {
  await browser.close();
  await stage.end();
});

test('Chromium decodes the recorded layers, and each change of the size that it wants', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  const publisher = await scene.peer(alice, room, { media: 'recorded', subscribe: 'nothing' }).join();
  await using page = await ChromiumEndpoint.open(browser);
  const viewer = scene.peer(bob, room, {
    viewsOnly: true,
    subscribe: LARGE,
    endpoint: events => page.attach(events),
  });
  await viewer.join();
  report('recorded simulcast', { 'first at 640 ms': await shows(page, 640) });
  await until('packets are counted', WAIT_MS, () => viewer.missing([publisher]).length === 0);

  viewer.subscribeTo(SMALL);
  const down = await shows(page, 160);
  viewer.subscribeTo(LARGE);
  report('recorded simulcast', { 'down to 160 ms': down, 'up to 640 ms': await shows(page, 640) });

  // The publisher switches its highest layer off, and on again.
  const camera = publisher.tracks().at(-1);
  if (camera === undefined) throw new Error('no camera');
  publisher.setLayers(camera, [true, true, false]);
  const without = await shows(page, 320);
  publisher.setLayers(camera, [true, true, true]);
  report('recorded simulcast', { 'without its highest layer ms': without, 'with it ms': await shows(page, 640) });

  const { received } = await page.stats();
  const audio = received.find(track => track.kind === 'audio');
  expect(audio?.totalSamplesReceived).toBeGreaterThan(48_000);
  expect(video(received)).toMatchObject({ streamId: publisher.streamId, packetsLost: 0 });
  expect([...viewer.seen.errors, ...viewer.seen.unreadable, ...page.complaints]).toEqual([]);
});

test('a page of Chromium publishes three layers under the ids that its peer announces', async () => {
  await using scene = stage.scene();
  const [alice, bob] = await scene.users(2);
  const room = await scene.callRoom([alice, bob]);
  await using page = await ChromiumEndpoint.open(browser);
  const publisher = await scene.peer(alice, room, { endpoint: events => page.attach(events) }).join();
  const viewer = await scene.peer(bob, room, { subscribe: LARGE }).join();
  await until('both tracks arrive', WAIT_MS, () => viewer.missing([publisher]).length === 0);
  const encoded = async (): Promise<string[]> => {
    const { sent } = await page.stats();
    return sent.flatMap(({ rid, width, framesEncoded }) => (rid !== '' && framesEncoded > 0 ? `${rid} ${width}` : []));
  };
  await eventually('it sends three layers', async () => (await encoded()).toSorted().join() === 'f 640,h 320,q 160');
  expect([...publisher.seen.errors, ...publisher.seen.unreadable, ...page.complaints]).toEqual([]);
});

test('publishers of a process of their own reach the focus through a relay that loses packets', async () => {
  await using scene = stage.scene();
  const [host, ...users] = await scene.users(5);
  const room = await scene.callRoom([host, ...users]);
  await using page = await ChromiumEndpoint.open(browser);
  const viewer = scene.peer(host, room, { viewsOnly: true, subscribe: LARGE, endpoint: events => page.attach(events) });
  const focusAt = await scene.focusAddress(host, room);
  await using relay = await LossyRelay.open(focusAt);
  const { userId, deviceId } = stage.focus.user;
  const { baseUrl } = stage.synapse;
  const options = { baseUrl, users, room, focus: { userId, deviceId }, relay: relay.address };
  await using publishers = Publishers.start(options);
  await publishers.joined;
  await until('all are connected', WAIT_MS, () => publishers.status.filter(({ connected }) => connected).length === 4);
  await viewer.join();
  const seen = async (): Promise<number[]> => {
    const { received } = await page.stats();
    return received.flatMap(track => (track.kind === 'video' && track.framesDecoded > 30 ? track.frameWidth : []));
  };
  await eventually('the page shows all of them', async () => (await seen()).join() === '640,640,640,640');
  relay.loss = 0.03;
  await until('lost packets are sent again', WAIT_MS, () => publishers.status.every(({ sent }) => sent.repaired > 5));
  relay.loss = 0;
  publishers.setLayers(2, [true, false, false]);
  publishers.mute(1, 'video', true);
  await eventually('one of them sends its lowest layer only', async () => (await seen()).includes(160));
  publishers.leave(3);
  await until('the others are told', WAIT_MS, () => Object.keys(viewer.metadata).length === 3);
  expect(publishers.failures).toEqual([]);
  expect(publishers.status.flatMap(({ errors }) => errors)).toEqual([]);
});

/** Hands datagrams of many clients on to one address, and answers back; loses some of the former. */
class LossyRelay {
  /** Share of the clients' packets that is lost. */
  loss = 0;
  readonly #near: Socket;
  readonly #far = new Map<number, Socket>();

  static async open(focus: Address): Promise<LossyRelay> {
    const relay = new LossyRelay(focus);
    await new Promise<void>(resolve => relay.#near.bind(0, '127.0.0.1', resolve));
    return relay;
  }

  private constructor(focus: Address) {
    this.#near = createSocket('udp4', (packet, from) => {
      let far = this.#far.get(from.port);
      if (far === undefined) {
        far = createSocket('udp4', answer => {
          this.#near.send(answer, from.port, from.address);
        });
        this.#far.set(from.port, far);
      }
      // Media alone: handshakes repeat themselves too slowly for a test.
      const isMedia = (packet[0] ?? 0) >= 128;
      if (!isMedia || Math.random() >= this.loss) far.send(packet, focus.port, focus.host);
    });
  }

  get address(): Address {
    return { host: '127.0.0.1', port: this.#near.address().port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#near, ...this.#far.values()]) socket.close();
  }
}

function video(received: readonly ReceivedTrack[]): Extract<ReceivedTrack, { kind: 'video' }> | undefined {
  return received.find(track => track.kind === 'video');
}

/** Waits until the page decodes pictures of this width in px; gives how long that took in ms. */
async function shows(page: ChromiumEndpoint, width: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const { received } = await page.stats();
    const seen = video(received);
    if (seen?.frameWidth === width && seen.framesDecoded > 10) return performance.now() - begun;
    if (performance.now() - begun > WAIT_MS) throw new Error(`the page decodes ${JSON.stringify(received)}`);
    await delay(50);
  }
}
