/** Browsers on different foci: what they see and hear of each other over a trunk. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
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
import { TrunkPair } from './trunk-pair.ts';

const open: { close(): void | Promise<void> }[] = [];
let pages: Pages;
let near: Media;
let far: Media;
let conference: ConferenceKey;

beforeAll(async () => {
  pages = await startChromium();
});

beforeEach(async () => {
  [near, far] = [await startMedia(), await startMedia()];
  conference = newConference();
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
  await Promise.all([near.close(), far.close()]);
});

afterAll(() => pages.close());

/** `mode`: of a video in one stream (SVC). */
async function participant(media: Media, name: string, mode?: string): Promise<BrowserPeer> {
  const peer = await BrowserPeer.open(pages, media, conference, name);
  open.push(peer);
  await peer.join(640, 360, mode);
  return peer;
}

/** Announces what a browser sends, and wants all of it. */
async function bring(pair: TrunkPair, { published, session }: BrowserPeer) {
  const tracks = await pair.announce(published, session);
  for (const { ref, kind, layers } of published)
    await pair.want(ref, kind === 'audio' ? [0] : layers.map((_, layer) => layer), layers.length);
  return tracks;
}

it('shows and plays each to the other, and each layer that a viewer is granted', async () => {
  const alice = await participant(near, 'alice');
  const bob = await participant(far, 'bob');
  const pair = await TrunkPair.open(near, far, conference);
  open.push(pair);
  await bob.receive(await bring(pair, alice));
  await alice.receive(await bring(pair.reversed(), bob));
  for (const [viewer, publisher] of [
    [bob, alice],
    [alice, bob],
  ] as const) {
    const { ref } = videoOf(publisher);
    // Of so small a picture Chromium sends two of three layers.
    for (const [layer, width] of [
      [1, 320],
      [2, 640],
      [1, 320],
    ] as const) {
      await serve(viewer.peer, ref, layer);
      await seesWidth(viewer, ref.trackId, width);
    }
    await framesFlow(viewer, ref.trackId, { more: 10, withinMs: 10_000 });
    await eventually('sound', async () => {
      const [inbound] = await viewer.page.evaluate(() => window.client.inboundAudio());
      return inbound !== undefined && inbound.energy > 0;
    });
  }
  const { roundTripMs, lossSent } = await pair.near.peer.figures();
  expect(roundTripMs).toBeGreaterThan(0);
  expect(lossSent).toBe(0);
});

it('shows what is sent in another codec', async () => {
  const codecs = ['opus', 'H264'] as const;
  await Promise.all([near.close(), far.close()]);
  [near, far] = [await startMedia({ codecs }), await startMedia({ codecs })];
  const alice = await participant(near, 'alice');
  const bob = await participant(far, 'bob');
  const pair = await TrunkPair.open(near, far, conference);
  open.push(pair);
  expect(videoOf(alice).codec).toBe('H264');
  await bob.receive(
    (await bring(pair, alice)).map(track => (track.layer === undefined ? track : { ...track, layer: 2 })),
  );
  await seesWidth(bob, videoOf(alice).ref.trackId, 640);
  await framesFlow(bob, videoOf(alice).ref.trackId, { more: 10, withinMs: 10_000 });
});

// In these modes a viewer at home is sent lower layers in keyframes only; behind the trunk somebody may watch one of them.
it.each([
  ['VP9', 'L2T3_KEY'],
  ['VP9', 'L2T3'],
  ['AV1', 'L2T3_KEY'],
] as const)(
  'shows each layer of one stream (%s, %s) to those who are granted it, at the same time',
  async (codec, mode) => {
    const codecs = ['opus', codec] as const;
    await Promise.all([near.close(), far.close()]);
    [near, far] = [await startMedia({ codecs }), await startMedia({ codecs })];
    const alice = await participant(near, 'alice', mode);
    const bob = await participant(far, 'bob', mode);
    const carol = await participant(far, 'carol', mode);
    const pair = await TrunkPair.open(near, far, conference);
    open.push(pair);
    expect(videoOf(alice)).toMatchObject({ codec, svc: true });
    const { trackId } = videoOf(alice).ref;
    const tracks = await bring(pair, alice);
    const inLayer = (layer: number) => tracks.map(track => (track.layer === undefined ? track : { ...track, layer }));
    await bob.receive(inLayer(0));
    await carol.receive(inLayer(1));
    await Promise.all([seesWidth(bob, trackId, 320), seesWidth(carol, trackId, 640)]);
    await Promise.all([bob, carol].map(viewer => framesFlow(viewer, trackId, { more: 20, withinMs: 10_000 })));
    await Promise.all([seesWidth(bob, trackId, 320), seesWidth(carol, trackId, 640)]);
    for (const layer of [1, 0]) {
      await serve(bob.peer, videoOf(alice).ref, layer);
      await seesWidth(bob, trackId, layer === 1 ? 640 : 320);
      await framesFlow(bob, trackId, { more: 20, withinMs: 10_000 });
    }
  },
);
