/** Browsers on different workers: what they see and hear of each other, as on one. */
import { observer, type types } from 'mediasoup';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SPREAD } from '../../src/media/routers/placement.ts';
import type { Media } from '../../src/ports.ts';
import type { ConferenceKey } from '../../src/session.ts';
import {
  BrowserPeer,
  eventually,
  framesFlow,
  newConference,
  type Pages,
  seesWidth,
  serve,
  startChromium,
  startMedia,
  videoOf,
} from './harness.ts';

/** Transport-wide sequence numbers of some packets that are sent; no number of one without. */
async function numbersOf(consumers: readonly types.Consumer[]): Promise<unknown[]> {
  const numbers: unknown[] = [];
  for (const consumer of consumers) {
    consumer.on('trace', ({ type, info }) => {
      if (type !== 'rtp') return;
      const packet: unknown = Reflect.get(Object(info), 'rtpPacket');
      numbers.push(Reflect.get(Object(packet), 'wideSequenceNumber'));
    });
    await consumer.enableTraceEvent(['rtp']);
  }
  await eventually('packets', () => numbers.length >= 20);
  return numbers;
}

describe('Chromium, each on a worker of its own', () => {
  /** Those in use, in the order in which they came into use: which one is taken depends on how busy they are. */
  const workers: types.Worker[] = [];
  /** Consumers of all workers. */
  const sent: types.Consumer[] = [];
  const open: BrowserPeer[] = [];
  let pages: Pages;
  let media: Media;
  let conference: ConferenceKey;

  async function participant(name: string): Promise<BrowserPeer> {
    const peer = await BrowserPeer.open(pages, media, conference, name);
    open.push(peer);
    await peer.join();
    return peer;
  }

  beforeAll(async () => {
    pages = await startChromium();
  });

  beforeEach(async () => {
    workers.length = 0;
    sent.length = 0;
    observer.on('newworker', worker => {
      worker.observer.once('newrouter', () => workers.push(worker));
      worker.observer.on('newrouter', router => {
        router.observer.on('newtransport', transport => {
          transport.observer.on('newconsumer', consumer => sent.push(consumer));
        });
      });
    });
    media = await startMedia({ workers: 2, spread: { ...DEFAULT_SPREAD, load: 0 } });
    conference = newConference();
  });

  afterEach(async () => {
    for (const peer of open.splice(0)) await peer.close();
    await media.close();
    observer.removeAllListeners('newworker');
  });

  afterAll(() => pages.close());

  it('gets the layer that it is granted, sound, and an estimate of its link that holds the voices too', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    expect(media.figures().workers.map(({ participants }) => participants)).toEqual([1, 1]);
    const { offer } = await bob.receive(alice.tracks());
    // Voices are numbered for transport-cc behind a pipe as well; without it they would stay out of the estimate.
    const voice = offer.split(/\r\nm=/).find(section => section.startsWith('audio') && section.includes('a=sendonly'));
    expect(voice).toMatch(
      /a=extmap:\d+ http:\/\/www\.ietf\.org\/id\/draft-holmer-rmcat-transport-wide-cc-extensions-01/,
    );
    expect(voice).toMatch(/a=rtcp-fb:\d+ transport-cc/);
    const { ref } = videoOf(alice);
    await seesWidth(bob, ref.trackId, 640);
    await serve(bob.peer, ref, 1);
    await seesWidth(bob, ref.trackId, 320);
    await serve(bob.peer, ref, 2);
    await seesWidth(bob, ref.trackId, 640);
    await eventually('sound', async () => {
      const [inbound] = await bob.page.evaluate(() => window.client.inboundAudio());
      return inbound !== undefined && inbound.energy > 0;
    });
    expect(bob.log.estimates.at(-1)).toBeGreaterThan(300_000);
    expect(bob.log.shown.at(-1)).toBe(2);
    await framesFlow(bob, ref.trackId, { more: 10, withinMs: 10_000 });
    const numbers = await numbersOf(sent.filter(({ kind, type }) => kind === 'audio' && type === 'simple'));
    expect(new Set(numbers.map(number => typeof number))).toEqual(new Set(['number']));
  });

  it('is heard as a speaker, whichever worker it is on, and when the other one dies', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    // Not by levels: Chromium takes the tone of its fake microphone for noise after some seconds, and it is hardly heard then.
    await eventually('a main speaker', () => alice.log.dominant.length + bob.log.dominant.length > 0);
    const [first] = workers;
    if (first === undefined) throw new Error('no worker');
    process.kill(first.pid, 'SIGKILL');
    await eventually('death', () => alice.log.failed.length > 0);
    bob.log.dominant.length = 0;
    await eventually('a main speaker among who is left', () => bob.log.dominant.length > 0);
    expect(bob.log.failed).toEqual([]);
  });

  it('sees the same picture again when it comes back after its worker died', async () => {
    const alice = await participant('alice');
    const bob = await participant('bob');
    const { ref } = videoOf(alice);
    await bob.receive(alice.tracks());
    await seesWidth(bob, ref.trackId, 640);
    const [, second] = workers;
    if (second === undefined) throw new Error('no worker');
    process.kill(second.pid, 'SIGKILL');
    await eventually('death', () => bob.log.failed.length > 0);
    await bob.close();
    const again = await participant('bob again');
    await again.receive(alice.tracks());
    await seesWidth(again, ref.trackId, 640);
    expect(alice.log.failed).toEqual([]);
  });
});
