/** Who is heard over a trunk, with peers whose packets say how loud they are. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NativeEndpoint } from '../../loadtest/native-peer/native-endpoint.ts';
import { NativeEngine } from '../../loadtest/native-peer/native-engine.ts';
import type { Media } from '../../src/ports.ts';
import { eventually, newConference, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';
import { TrunkPair } from './trunk-pair.ts';

let near: Media;
let far: Media;
let engine: NativeEngine;

beforeAll(async () => {
  const binary = process.env['WEIR_LOAD_PEER_BIN'];
  if (binary === undefined) throw new Error('WEIR_LOAD_PEER_BIN names no engine: npm test builds one');
  [near, far, engine] = [await startMedia(), await startMedia(), await NativeEngine.start(binary)];
});

afterAll(async () => {
  await engine.close();
  await Promise.all([near.close(), far.close()]);
});

it('tells behind the trunk who speaks in front of it, and how loud, once their voice is wanted', async () => {
  const conference = newConference();
  const join = (media: Media, name: string) =>
    StackPeer.join(media, conference, name, events => new NativeEndpoint(engine, events, { media: 'recorded' }));
  const alice = await join(near, 'alice');
  const bob = await join(far, 'bob');
  const pair = await TrunkPair.open(near, far, conference);
  try {
    const tracks = await pair.announce(alice.answered?.published ?? [], alice.session);
    const voice = tracks.find(({ layer }) => layer === undefined);
    if (voice === undefined) throw new Error('no voice');
    expect(pair.far.log.levels).toBe(0);
    await bob.receive([voice]);
    await pair.want(voice.ref, [0], 1);
    await eventually('a level', () => pair.far.log.levels > 0);
    bob.endpoint.setMuted({ streamId: 'bob-stream', trackId: 'bob-audio' }, true);
    await eventually('the speaker', () => pair.far.log.dominant.includes(voice.ref.trackId));
    await eventually('the voice itself', () => bob.count(voice.ref) > 0);
  } finally {
    pair.close();
    alice.close();
    bob.close();
  }
});
