/** What participants encrypt end to end passes bit by bit, though the focus can read nothing of it but a frame's first bytes. */
import { afterEach, describe, expect, it } from 'vitest';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import { DEFAULT_SPREAD } from '../../src/media/routers/placement.ts';
import type { Media, OfferedTrack } from '../../src/ports.ts';
import { FrameLedger, VOICE } from './frame-ledger.ts';
import { eventually, newConference, serve, startMedia } from './harness.ts';
import { opaqueSource } from './opaque-source.ts';
import { StackPeer } from './stack-peer.ts';
import { TrunkPair } from './trunk-pair.ts';

/** Packets that tell that a layer flows. */
const FLOWS = 30;
const LAYERS = [0, 1, 2, 1, 0, 2] as const;

const conference = newConference();
const open: { close(): void }[] = [];
const engines: Media[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) each.close();
  await Promise.all(engines.splice(0).map(engine => engine.close()));
});

async function engine(options: Parameters<typeof startMedia>[0] = {}): Promise<Media> {
  const started = await startMedia(options);
  engines.push(started);
  return started;
}

/** Alice publishes random bytes, Bob looks at what comes of them. */
async function pair(near: Media, far: Media): Promise<{ alice: StackPeer; bob: StackPeer; ledger: FrameLedger }> {
  const ledger = new FrameLedger();
  const alice = await StackPeer.join(
    near,
    conference,
    'alice',
    events => new DatachannelEndpoint(events, { source: (kind, send) => opaqueSource(kind, send, ledger) }),
  );
  open.push(alice);
  const bob = await StackPeer.join(
    far,
    conference,
    'bob',
    events => new DatachannelEndpoint(events, { onRtp: (_, packet) => ledger.came(packet) }),
  );
  open.push(bob);
  return { alice, bob, ledger };
}

type Pair = Awaited<ReturnType<typeof pair>>;

/** What Bob can have of Alice, and how he gets a layer of her camera. */
interface Watched extends Pair {
  tracks: OfferedTrack[];
  watch(camera: OfferedTrack, layer: number): Promise<void>;
}

async function onWorkers(workers: number): Promise<Watched> {
  const media = await engine({ workers, spread: { ...DEFAULT_SPREAD, load: 0 } });
  const both = await pair(media, media);
  expect(media.figures().workers.map(({ participants }) => participants)).toEqual(workers === 1 ? [2] : [1, 1]);
  return { ...both, tracks: both.alice.tracks(), watch: (camera, layer) => serve(both.bob.peer, camera.ref, layer) };
}

async function overATrunk(): Promise<Watched> {
  const [near, far] = [await engine(), await engine()];
  const both = await pair(near, far);
  const trunk = await TrunkPair.open(near, far, conference);
  open.push(trunk);
  const tracks = await trunk.announce(both.alice.answered?.published ?? [], both.alice.session);
  const voice = tracks.find(({ layer }) => layer === undefined);
  if (voice !== undefined) await trunk.want(voice.ref, [0], 1);
  const watch = async (camera: OfferedTrack, layer: number): Promise<void> => {
    await trunk.want(camera.ref, [layer]);
    await serve(both.bob.peer, camera.ref, layer);
  };
  return { ...both, tracks, watch };
}

describe.each<[string, () => Promise<Watched>]>([
  ['a worker', () => onWorkers(1)],
  ['two workers', () => onWorkers(2)],
  ['a trunk', overATrunk],
])('over %s', (_, start) => {
  it('every byte behind the headers comes as it was sent, of each layer and of the voice', async () => {
    const { bob, ledger, tracks, watch } = await start();
    const camera = tracks.find(({ layer }) => layer !== undefined);
    if (camera === undefined) throw new Error('no camera');
    await bob.receive(tracks);
    for (const layer of LAYERS) {
      const before = ledger.count(layer);
      await watch(camera, layer);
      await eventually(
        () => `layer ${layer}: ${ledger.count(layer) - before} packets; ${ledger.wrong[0] ?? 'none wrong'}`,
        () => ledger.count(layer) >= before + FLOWS,
      );
    }
    await eventually('the voice', () => ledger.count(VOICE) >= FLOWS);
    expect(ledger.wrong).toEqual([]);
  });
});
