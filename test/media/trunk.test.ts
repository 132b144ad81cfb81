/** Tracks between two foci: each layer crosses because somebody behind the trunk wants it, and once. */
import { observer, type types } from 'mediasoup';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { Media, MediaHandles, OfferedTrack, PublishedTrack } from '../../src/ports.ts';
import type { ConferenceKey } from '../../src/session.ts';
import { eventually, newConference, serve, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';
import { TrunkPair } from './trunk-pair.ts';

/** Packets that tell that a track flows. */
const FLOWS = 20;

const workers: types.Worker[] = [];
const open: { close(): void }[] = [];
let near: Media;
let far: Media;
let conference: ConferenceKey;
let atTheStart: MediaHandles[];

beforeEach(async () => {
  observer.on('newworker', worker => workers.push(worker));
  [near, far] = [await startMedia(), await startMedia()];
  atTheStart = [near.handles(), far.handles()];
  conference = newConference();
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) each.close();
  await Promise.all([near.close(), far.close()]);
  workers.length = 0;
  observer.removeAllListeners('newworker');
});

async function join(media: Media, name: string): Promise<StackPeer> {
  const peer = await StackPeer.join(
    media,
    conference,
    name,
    events => new DatachannelEndpoint(events, { media: 'recorded' }),
  );
  open.push(peer);
  return peer;
}

async function openPair(): Promise<TrunkPair> {
  const pair = await TrunkPair.open(near, far, conference);
  open.push(pair);
  return pair;
}

const publishedBy = (peer: StackPeer): PublishedTrack[] => peer.answered?.published ?? [];

/** Resolves once the peer gets a good number of packets more of the track. */
async function flows(peer: StackPeer, { ref }: Pick<OfferedTrack, 'ref'>): Promise<void> {
  const before = peer.count(ref);
  await eventually(
    () => `${ref.trackId}: ${peer.count(ref) - before} packets`,
    () => peer.count(ref) >= before + FLOWS,
  );
}

/** Alice on the near focus, her tracks announced to the far one. */
async function announced() {
  const alice = await join(near, 'alice');
  const pair = await openPair();
  const tracks = await pair.announce(publishedBy(alice), alice.session);
  const voice = tracks.find(({ layer }) => layer === undefined);
  const camera = tracks.find(({ layer }) => layer !== undefined);
  if (voice === undefined || camera === undefined) throw new Error('two tracks');
  return { alice, pair, tracks, voice, camera };
}

it('lets a viewer behind it hear and see, each layer as it is wanted', async () => {
  const { pair, tracks, voice, camera } = await announced();
  expect(tracks.map(({ ref }) => ref.trackId)).toEqual(['alice-audio', 'alice-video']);
  const bob = await join(far, 'bob');
  await bob.receive(tracks);
  await pair.want(voice.ref, [0], 1);
  await flows(bob, voice);
  await pair.want(camera.ref, [0, 1, 2]);
  await flows(bob, camera);
  for (const layer of [2, 0, 1, 2]) {
    await serve(bob.peer, camera.ref, layer);
    await eventually(`layer ${layer}`, () => bob.log.shown.at(-1) === layer);
    await flows(bob, camera);
  }
});
