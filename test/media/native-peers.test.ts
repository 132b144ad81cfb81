/** Peers of the native engine against a real router: what they send, count, repair, and say. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startRelay } from '../../loadtest/lab/link/relay.ts';
import { steady } from '../../loadtest/lab/link/script.ts';
import { NativeEndpoint, type NativeOptions } from '../../loadtest/native-peer/native-endpoint.ts';
import { NativeEngine } from '../../loadtest/native-peer/native-engine.ts';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import type { ReceivedTrack } from '../../loadtest/peers/received-media.ts';
import { candidateOf, viaRelay } from '../../loadtest/peers/via-relay.ts';
import type { ConferenceKey } from '../../src/session.ts';
import type { Media } from '../../src/ports.ts';
import { eventually, newConference, serve, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';

let media: Media;
let engine: NativeEngine;
let binary: string;
const open: { close(): void }[] = [];

beforeAll(async () => {
  const named = process.env['WEIR_LOAD_PEER_BIN'];
  if (named === undefined) throw new Error('WEIR_LOAD_PEER_BIN names no engine: npm test builds one');
  binary = named;
  [media, engine] = await Promise.all([startMedia(), NativeEngine.start(binary)]);
});

afterEach(() => {
  for (const peer of open.splice(0)) peer.close();
  expect(engine.complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await engine.close();
  await media.close();
});

async function join(conference: ConferenceKey, name: string, options: NativeOptions = {}) {
  const peer = await StackPeer.join(media, conference, name, events => new NativeEndpoint(engine, events, options));
  open.push(peer);
  return peer;
}

/** What came of a kind since the last time. */
async function counted(peer: StackPeer<NativeEndpoint>, kind: ReceivedTrack['kind']): Promise<ReceivedTrack> {
  await engine.report();
  const track = peer.endpoint.report().tracks.find(each => each.kind === kind);
  if (track === undefined) throw new Error(`no ${kind} is received`);
  return track;
}

/** Counts up to here and on, until the sum is as it should be. */
async function countsUpTo(
  peer: StackPeer<NativeEndpoint>,
  kind: ReceivedTrack['kind'],
  enough: (sum: ReceivedTrack) => boolean,
): Promise<ReceivedTrack> {
  let sum: ReceivedTrack | undefined;
  return eventually(
    () => JSON.stringify(sum),
    async () => {
      const more = await counted(peer, kind);
      sum = {
        ...more,
        packets: more.packets + (sum?.packets ?? 0),
        frames: more.frames + (sum?.frames ?? 0),
        keyframes: more.keyframes + (sum?.keyframes ?? 0),
        lost: more.lost + (sum?.lost ?? 0),
        repaired: more.repaired + (sum?.repaired ?? 0),
      };
      return enough(sum) ? sum : undefined;
    },
  );
}

it('writes what others must understand as its RFCs say', async () => {
  await promisify(execFile)(binary, ['--self-test']);
});

it('publishes three layers and a voice, which another native peer counts as frames that can be shown', async () => {
  const conference = newConference();
  const alice = await join(conference, 'alice', { media: 'recorded' });
  const bob = await join(conference, 'bob');
  expect(alice.answered?.published.map(({ kind, layers }) => [kind, layers.length])).toEqual([
    ['audio', 1],
    ['video', 3],
  ]);
  await bob.receive(alice.tracks());
  const small = await countsUpTo(bob, 'video', ({ frames }) => frames > 20);
  expect(small).toMatchObject({ lost: 0, size: { width: 160, height: 90 } });
  const voice = await countsUpTo(bob, 'audio', ({ packets }) => packets > 50);
  expect(voice).toMatchObject({ lost: 0, keyframes: 0 });

  await serve(bob.peer, alice.video(), 2);
  const large = await countsUpTo(bob, 'video', ({ size }) => size?.width === 640);
  expect(large.keyframes).toBeGreaterThan(0);
  await engine.report();
  const { sent } = alice.endpoint.report();
  expect(sent.keyframesAsked).toBeGreaterThan(0);
});

it('is heard and seen by another stack, and hears and sees that', async () => {
  const conference = newConference();
  const native = await join(conference, 'native');
  const other = await StackPeer.join(media, conference, 'other', events => new DatachannelEndpoint(events));
  open.push(other);
  await other.receive(native.tracks());
  await native.receive(other.tracks());
  for (const { ref, kind } of native.answered?.published ?? []) {
    await eventually(`${kind} of the native peer`, () => other.count(ref) > 10);
  }
  for (const { ref, kind } of other.answered?.published ?? []) {
    await eventually(`${kind} of the other`, () => native.count(ref) > 10);
  }
});

it('carries control messages both ways, also long ones and such in any script', async () => {
  const alice = await join(newConference(), 'alice');
  for (const text of ['short', '„Grüße“ \u{1F44B} \n\t"\\', 'long '.repeat(20_000)]) {
    expect(alice.peer.sendControl(text)).toBe(true);
    await eventually('message of the focus', () => alice.control.includes(text));
    await eventually('open channel', () => alice.endpoint.sendControl(text));
    await eventually('message of the client', () => alice.log.control.includes(text));
  }
});

it('asks for what a link loses, and counts what came then', async () => {
  const conference = newConference();
  const alice = await join(conference, 'alice', { media: 'recorded' });
  const lossy = steady({ queueMs: 100, delayMs: 5, lossPct: 5 });
  const clean = steady({ queueMs: 100, delayMs: 5 });
  let relay: Awaited<ReturnType<typeof startRelay>> | undefined;
  const bob = await StackPeer.join(media, conference, 'bob', events => new NativeEndpoint(engine, events), {
    rewrite: async sdp => {
      const target = candidateOf(sdp);
      if (target === undefined) throw new Error('no candidate');
      relay ??= await startRelay({ target, up: clean, down: clean, seed: 1 });
      return viaRelay(sdp, relay);
    },
  });
  open.push(bob);
  try {
    await bob.receive(alice.tracks().map(track => (track.layer === undefined ? track : { ...track, layer: 2 })));
    await countsUpTo(bob, 'video', ({ size }) => size?.width === 640);
    relay?.setScripts(clean, lossy);
    await counted(bob, 'video');
    const { repaired, lost, frames } = await countsUpTo(bob, 'video', ({ packets }) => packets > 400);
    expect(repaired).toBeGreaterThan(5);
    expect(lost).toBeLessThan(repaired);
    expect(frames).toBeGreaterThan(0);
  } finally {
    await relay?.close();
  }
});

it('sends again what the focus asks for', async () => {
  const conference = newConference();
  const lossy = steady({ queueMs: 100, delayMs: 5, lossPct: 5 });
  const clean = steady({ queueMs: 100, delayMs: 5 });
  let relay: Awaited<ReturnType<typeof startRelay>> | undefined;
  const options = { media: 'recorded' } as const;
  const alice = await StackPeer.join(
    media,
    conference,
    'alice',
    events => new NativeEndpoint(engine, events, options),
    {
      rewrite: async sdp => {
        const target = candidateOf(sdp);
        if (target === undefined) throw new Error('no candidate');
        relay ??= await startRelay({ target, up: clean, down: clean, seed: 2 });
        return viaRelay(sdp, relay);
      },
    },
  );
  open.push(alice);
  try {
    relay?.setScripts(lossy, clean);
    let repaired = 0;
    await eventually('repairs', async () => {
      await engine.report();
      repaired += alice.endpoint.report().sent.repaired;
      return repaired > 10;
    });
  } finally {
    await relay?.close();
  }
});

it('stops a layer, and what is muted, and goes on', async () => {
  const conference = newConference();
  const alice = await join(conference, 'alice', { media: 'recorded' });
  const bob = await join(conference, 'bob');
  const [voice, camera] = alice.tracks();
  if (voice === undefined || camera === undefined) throw new Error('two tracks');
  await bob.receive(alice.tracks());
  await serve(bob.peer, camera.ref, 2);
  await countsUpTo(bob, 'video', ({ size }) => size?.width === 640);
  alice.endpoint.setLayers(camera.ref, [true, true, false]);
  await countsUpTo(bob, 'video', ({ size }) => size?.width === 320);
  alice.endpoint.setMuted(camera.ref, true);
  await eventually('a picture that stands still', async () => (await counted(bob, 'video')).packets === 0);
  alice.endpoint.setMuted(camera.ref, false);
  await countsUpTo(bob, 'video', ({ frames, keyframes }) => keyframes > 0 && frames > 10);
});

it('tells how old stamped packets are', async () => {
  const conference = newConference();
  const alice = await join(conference, 'alice', { media: 'recorded', stamped: true });
  const bob = await join(conference, 'bob');
  await bob.receive(alice.tracks());
  await countsUpTo(bob, 'audio', ({ packets }) => packets > 20);
  const latency = await eventually('stamps', async () => engine.report());
  expect(latency.count).toBeGreaterThan(0);
  expect(latency.p50Ms).toBeGreaterThan(0);
  expect(latency.p50Ms).toBeLessThanOrEqual(latency.p99Ms);
  expect(latency.p99Ms).toBeLessThanOrEqual(latency.maxMs * 1.05);
});

it('refuses descriptions that cannot be used, and goes on', async () => {
  const alice = await join(newConference(), 'alice');
  const { sdp } = await alice.peer.offer([]);
  for (const bad of ['', 'v=0\r\n', sdp.replace(/a=ice-pwd:.*\r\n/g, ''), sdp.replaceAll('a=mid:c', 'a=mod:c')]) {
    await expect(alice.endpoint.answer(bad)).rejects.toThrow('description of the focus');
  }
  await alice.peer.accept(await alice.endpoint.answer(sdp));
  expect(alice.endpoint.isConnected()).toBe(true);
});

it('loses its peers with its process, and says so', async () => {
  const own = await NativeEngine.start(binary);
  const peer = await StackPeer.join(media, newConference(), 'alice', events => new NativeEndpoint(own, events));
  open.push(peer);
  expect(peer.endpoint.isConnected()).toBe(true);
  await own.close();
  expect(peer.endpoint.isConnected()).toBe(false);
  expect(peer.endpoint.sendControl('to nobody')).toBe(false);
  await expect(own.report()).rejects.toThrow('ended');
});
