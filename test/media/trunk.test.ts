/** Tracks between two foci: each layer crosses because somebody behind the trunk wants it, and once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { observer, type types } from 'mediasoup';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { DEFAULT_SPREAD } from '../../src/media/routers/placement.ts';
import type { Media, OfferedTrack, PublishedTrack } from '../../src/ports.ts';
import type { ConferenceKey } from '../../src/session.ts';
import { eventually, newConference, serve, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';
import { TrunkPair } from './trunk-pair.ts';

/** Packets that tell that a track flows. */
const FLOWS = 20;
/** Of rates, and of silence. */
const MEASURED_MS = 3_000;

const workers: types.Worker[] = [];
const open: { close(): void }[] = [];
const others: Media[] = [];
let near: Media;
let far: Media;
let conference: ConferenceKey;

beforeEach(async () => {
  observer.on('newworker', worker => workers.push(worker));
  [near, far] = [await startMedia(), await startMedia()];
  conference = newConference();
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) each.close();
  await Promise.all([near, far, ...others.splice(0)].map(each => each.close()));
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

/** bit/s of media on the trunk, over some seconds. */
async function rateOf({ near: { peer } }: TrunkPair): Promise<number> {
  const before = await peer.figures();
  const begun = performance.now();
  await sleep(MEASURED_MS);
  const after = await peer.figures();
  return ((after.mediaBytesSent - before.mediaBytesSent) * 8_000) / (performance.now() - begun);
}

describe('a trunk', () => {
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
    expect(pair.near.log.estimates.at(-1)).toBeGreaterThan(0);
    expect(pair.far.log.bitrates.get('alice-video')?.every(bitrate => bitrate > 0)).toBe(true);
  });

  it('carries each layer once, however many watch it', async () => {
    const { pair, camera } = await announced();
    const viewers = await Promise.all(['bob', 'carol', 'dave', 'erin'].map(name => join(far, name)));
    const [bob, carol] = viewers;
    if (bob === undefined || carol === undefined) throw new Error('no viewers');
    await pair.want(camera.ref, [0, 2]);
    await bob.receive([camera]);
    await carol.receive([{ ...camera, layer: 2 }]);
    const sees = (viewer: StackPeer, layer: number): Promise<boolean> =>
      eventually(`layer ${layer}`, () => viewer.log.shown.at(-1) === layer);
    await Promise.all([sees(bob, 0), sees(carol, 2)]);
    expect((await pair.near.peer.figures()).layersSent).toBe(2);
    const few = await rateOf(pair);
    for (const [index, viewer] of viewers.slice(2).entries()) await viewer.receive([{ ...camera, layer: index * 2 }]);
    await Promise.all(viewers.map((viewer, index) => sees(viewer, (index % 2) * 2)));
    const many = await rateOf(pair);
    expect((await pair.near.peer.figures()).layersSent).toBe(2);
    expect(many).toBeLessThan(few * 1.25);
    // The low and the high one alone: the sum of all three would be more.
    const [low = 0, , high = 0] = pair.far.log.bitrates.get('alice-video') ?? [];
    expect(pair.far.log.bitrates.get('alice-video')?.[1]).toBe(0);
    expect(many).toBeLessThan((low + high) * 1.25);
  });

  it('carries no media while nobody wants any, and goes on when somebody does', async () => {
    const { pair, voice, camera, tracks } = await announced();
    const bob = await join(far, 'bob');
    await bob.receive(tracks);
    await sleep(MEASURED_MS);
    expect(await pair.near.peer.figures()).toMatchObject({ mediaBytesSent: 0, tracksSent: 2, layersSent: 0 });
    expect(await pair.far.peer.figures()).toMatchObject({ mediaBytesReceived: 0, tracksReceived: 2 });
    await pair.want(voice.ref, [0], 1);
    await pair.want(camera.ref, [0]);
    await Promise.all([flows(bob, voice), flows(bob, camera)]);
    await pair.want(voice.ref, [], 1);
    await pair.want(camera.ref, []);
    await eventually('silence', async () => (await pair.near.peer.figures()).layersSent === 0);
    const { mediaBytesSent } = await pair.near.peer.figures();
    await sleep(MEASURED_MS);
    expect((await pair.near.peer.figures()).mediaBytesSent).toBe(mediaBytesSent);
    await pair.want(camera.ref, [0]);
    await flows(bob, camera);
  });

  it('carries a layer under its own ssrc alone: it stands still while its publisher does not send it', async () => {
    const { alice, pair, camera } = await announced();
    const bob = await join(far, 'bob');
    await pair.want(camera.ref, [0, 1, 2]);
    await bob.receive([{ ...camera, layer: 2 }]);
    const sent = async (): Promise<number> => (await pair.near.peer.figures()).layersSent;
    const measured = (): boolean[] => (pair.far.log.bitrates.get('alice-video') ?? []).map(bitrate => bitrate > 0);
    await eventually('the highest', () => bob.log.shown.at(-1) === 2);
    alice.endpoint.setLayers(alice.video(), [true, true, false]);
    await eventually('two layers', async () => (await sent()) === 2);
    await eventually('the next', () => bob.log.shown.at(-1) === 1);
    await eventually('no highest', () => !(measured()[2] ?? true));
    alice.endpoint.setLayers(alice.video(), [true, true, true]);
    await eventually('three layers', async () => (await sent()) === 3);
    await eventually('the highest', () => bob.log.shown.at(-1) === 2);
    expect(measured()).toEqual([true, true, true]);
  });

  it.each(['first', 'again'] as const)(
    'gives a layer that begins (%s) to who waits for it, and no other in its place',
    async when => {
      const { alice, pair, camera } = await announced();
      const bob = await join(far, 'bob');
      if (when === 'again') {
        await pair.want(camera.ref, [0, 2]);
        await bob.receive([{ ...camera, layer: 2 }]);
        await eventually('the highest', () => bob.log.shown.at(-1) === 2);
        // One that ends sooner than this is not trusted when it comes back.
        await sleep(MEASURED_MS);
      }
      alice.endpoint.setLayers(alice.video(), [true, false, false]);
      await pair.want(camera.ref, [0, 2]);
      if (when === 'first') await bob.receive([{ ...camera, layer: 2 }]);
      await eventually('the lowest', () => bob.log.shown.at(-1) === 0);
      await sleep(MEASURED_MS);
      pair.near.log.shown.length = 0;
      bob.log.shown.length = 0;
      const measured = pair.far.log.bitrates;
      alice.endpoint.setLayers(alice.video(), [true, false, true]);
      await eventually('the highest', () => bob.log.shown.at(-1) === 2);
      expect(new Set([...pair.near.log.shown, ...bob.log.shown])).toEqual(new Set([2]));
      expect(measured.get('alice-video')?.[1]).toBe(0);
    },
  );

  it('goes both ways at once', async () => {
    const { alice, pair, camera } = await announced();
    const bob = await join(far, 'bob');
    const back = await pair.reversed().announce(publishedBy(bob), bob.session);
    await pair.want(camera.ref, [0]);
    for (const { ref, layer } of back) await pair.reversed().want(ref, [0], layer === undefined ? 1 : 3);
    await bob.receive([camera]);
    await alice.receive(back);
    await Promise.all([flows(bob, camera), ...back.map(track => flows(alice, track))]);
  });

  it('ends tracks that are not announced any more, and takes new ones, while the others go on', async () => {
    const { alice, pair, voice, camera } = await announced();
    const bob = await join(far, 'bob');
    await pair.want(camera.ref, [0]);
    await pair.want(voice.ref, [0], 1);
    await bob.receive([voice, camera]);
    await Promise.all([flows(bob, voice), flows(bob, camera)]);
    const [only] = publishedBy(alice);
    if (only === undefined) throw new Error('no track');
    expect(await pair.announce([only], alice.session)).toEqual([voice]);
    await flows(bob, voice);
    const carol = await join(near, 'carol');
    const tracks = await pair.announce(publishedBy(carol), carol.session);
    expect(tracks.map(({ ref }) => ref.trackId)).toEqual(['carol-audio', 'carol-video']);
  });

  it.each([
    ['of the publisher', 'near'],
    ['of the viewer', 'far'],
  ] as const)('reaches all workers of the focus %s', async (_, wide) => {
    const spread = await startMedia({ workers: 2, spread: { ...DEFAULT_SPREAD, load: 0 } });
    others.push(spread);
    const [here, there] = wide === 'near' ? [spread, far] : [near, spread];
    const alice = await join(here, 'alice');
    const pair = await TrunkPair.open(here, there, conference);
    open.push(pair);
    const tracks = await pair.announce(publishedBy(alice), alice.session);
    const bob = await join(there, 'bob');
    for (const { ref, layer } of tracks)
      await pair.want(ref, layer === undefined ? [0] : [0, 1, 2], layer === undefined ? 1 : 3);
    await bob.receive(tracks.map(track => (track.layer === undefined ? track : { ...track, layer: 2 })));
    await eventually('the highest', () => bob.log.shown.at(-1) === 2);
    await Promise.all(tracks.map(track => flows(bob, track)));
    expect(spread.figures().pipedTracks).toBeGreaterThan(0);
  });

  it('leaves nothing behind, and closes in the middle of its calls', async () => {
    const before = [near.handles(), far.handles()];
    const { alice, pair, tracks } = await announced();
    const bob = await join(far, 'bob');
    await bob.receive(tracks);
    const calls = [pair.near.peer.offer([]), pair.far.peer.answer('{}'), pair.near.peer.accept('{}')];
    pair.close();
    pair.close();
    for (const outcome of await Promise.allSettled(calls)) expect(outcome.status).toBe('rejected');
    alice.close();
    bob.close();
    await eventually('nothing', () => JSON.stringify([near.handles(), far.handles()]) === JSON.stringify(before));
    for (const worker of workers) expect((await worker.dump()).routerIds).toEqual([]);
    await expect(pair.near.peer.offer([])).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
    expect(pair.near.peer.sendControl('late')).toBe(false);
  });

  it.each(['near', 'far'] as const)('ends with the worker of the %s end, and can be opened again', async dead => {
    const { alice, pair, camera } = await announced();
    const bob = await join(far, 'bob');
    await pair.want(camera.ref, [0]);
    await bob.receive([camera]);
    await flows(bob, camera);
    const [victim, survivor] = dead === 'near' ? [pair.near, pair.far] : [pair.far, pair.near];
    const pid = workers[dead === 'near' ? 0 : 1]?.pid;
    if (pid === undefined) throw new Error('no worker');
    process.kill(pid, 'SIGKILL');
    await eventually('death', () => victim.log.failed.length > 0);
    expect(victim.log.failed).toEqual(['WEIR_WORKER_DIED']);
    expect(survivor.log.failed).toEqual([]);
    await expect(victim.peer.offer([])).rejects.toMatchObject({ code: 'WEIR_WORKER_DIED' });
    pair.close();
    (dead === 'near' ? alice : bob).close();
    await eventually('replacement', () => (dead === 'near' ? near : far).health().alive === 1);
    const source = dead === 'near' ? await join(near, 'again') : alice;
    const viewer = dead === 'near' ? bob : await join(far, 'again');
    const again = await openPair();
    const tracks = await again.announce(publishedBy(source), source.session);
    for (const { ref } of tracks) await again.want(ref, [0]);
    await viewer.receive(tracks);
    await Promise.all(tracks.map(track => flows(viewer, track)));
  });
});
