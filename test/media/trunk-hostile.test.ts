/** A focus that lies, or is broken: what it says is refused, and nobody else notices. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatachannelEndpoint } from '../../loadtest/peers/datachannel-endpoint.ts';
import {
  readTrunkOffer,
  type TrunkEnd,
  type TrunkOffer,
  type TrunkTrack,
  writeTrunkOffer,
} from '../../signalling/wire/trunk-description.ts';
import type { Media, OfferedTrack } from '../../src/ports.ts';
import type { ConferenceKey } from '../../src/session.ts';
import { eventually, newConference, openTrunk, startMedia } from './harness.ts';
import { StackPeer } from './stack-peer.ts';
import { type TrunkSide, TrunkPair } from './trunk-pair.ts';

const FLOWS = 20;
/** In which anything that is sent would have come. */
const WAITED_MS = 2_000;

const open: { close(): void }[] = [];
let near: Media;
let far: Media;
let conference: ConferenceKey;

beforeEach(async () => {
  [near, far] = [await startMedia(), await startMedia()];
  conference = newConference();
});

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) each.close();
  await Promise.all([near.close(), far.close()]);
});

async function join(media: Media, name: string): Promise<StackPeer> {
  const peer = await StackPeer.join(media, conference, name, events => new DatachannelEndpoint(events));
  open.push(peer);
  return peer;
}

async function trunkTo(media: Media, name: string): Promise<TrunkSide> {
  const side = await openTrunk(media, conference, name);
  open.push(side.peer);
  return side;
}

async function flows(peer: StackPeer, tracks: readonly OfferedTrack[]): Promise<void> {
  const before = tracks.map(({ ref }) => peer.count(ref));
  await eventually('packets', () => tracks.every(({ ref }, index) => peer.count(ref) >= (before[index] ?? 0) + FLOWS));
}

/** A call on the far focus that nothing of a trunk may touch. */
async function localCall(): Promise<() => Promise<void>> {
  const [carol, dave] = [await join(far, 'carol'), await join(far, 'dave')];
  await dave.receive(carol.tracks());
  return () => flows(dave, carol.tracks());
}

/** What a near focus would honestly say of Alice. */
async function honestOffer(): Promise<TrunkOffer> {
  const alice = await join(near, 'alice');
  const { peer } = await trunkTo(near, 'far-focus');
  const { sdp } = await peer.offer(alice.tracks().map(track => ({ ...track, paused: true })));
  const parsed = readTrunkOffer(sdp);
  if (parsed.kind === 'bad') throw parsed.error;
  return parsed.value;
}

describe('a description', () => {
  it('that is none is refused whole, and what was there goes on', async () => {
    const goesOn = await localCall();
    const { peer, log } = await trunkTo(far, 'near-focus');
    const offer = await honestOffer();
    const first = await peer.answer(writeTrunkOffer(offer));
    expect(first.published).toHaveLength(2);
    const handles = far.handles();
    const [track] = offer.tracks;
    if (track === undefined) throw new Error('no track');
    const wrong = [
      '',
      '[]',
      'v=0\r\n',
      JSON.stringify({ ...offer, version: 99 }),
      `{"version":1,"x":"${'x'.repeat(8_000_000)}"}`,
      writeTrunkOffer({ ...offer, tracks: [track, track] }),
      writeTrunkOffer({ ...offer, tracks: Array.from({ length: 1_000 }, () => track) }),
    ];
    for (const text of wrong) {
      await expect(peer.answer(text)).rejects.toMatchObject({ code: 'WEIR_BAD_SDP' });
      await expect(peer.accept(text)).rejects.toMatchObject({ code: 'WEIR_BAD_SDP' });
    }
    expect(far.handles()).toEqual(handles);
    const again = await peer.answer(writeTrunkOffer(offer));
    expect(again.published).toEqual(first.published);
    expect(log.failed).toEqual([]);
    await goesOn();
  });

  const lies: [string, string, (track: TrunkTrack) => TrunkTrack][] = [
    [
      'a codec that is not forwarded',
      'WEIR_NO_COMMON_CODEC',
      track => ({ ...track, codec: { ...track.codec, mime_type: `${track.kind}/secret` } }),
    ],
    [
      'another flavour of a codec',
      'WEIR_NO_COMMON_CODEC',
      track => ({ ...track, codec: { ...track.codec, clock_rate: 16_000 } }),
    ],
    [
      'ids of a local member',
      'WEIR_TRACK_TAKEN',
      track => ({ ...track, stream_id: 'carol-stream', track_id: `carol-${track.kind}` }),
    ],
  ];
  it.each(lies)('with %s is refused track by track', async (_, code, lie) => {
    const goesOn = await localCall();
    const { peer } = await trunkTo(far, 'near-focus');
    const { tracks, extensions } = await honestOffer();
    const [honest, other] = tracks;
    if (honest === undefined || other === undefined) throw new Error('two tracks');
    const answered = await peer.answer(writeTrunkOffer({ extensions, tracks: [honest, lie(other)] }));
    expect(answered.published.map(({ ref }) => ref.trackId)).toEqual([honest.track_id]);
    expect(answered.refused.map(refused => refused.code)).toEqual([code]);
    await goesOn();
  });

  it('that moves its ssrcs to other tracks is taken as it stands last', async () => {
    const { peer } = await trunkTo(far, 'near-focus');
    const { tracks, extensions } = await honestOffer();
    const renamed = tracks.map(track => ({ ...track, track_id: `new-${track.track_id}` }));
    await peer.answer(writeTrunkOffer({ extensions, tracks }));
    const answered = await peer.answer(writeTrunkOffer({ extensions, tracks: renamed }));
    expect(answered.refused).toEqual([]);
    expect(answered.published.map(({ ref }) => ref.trackId)).toEqual(renamed.map(({ track_id: id }) => id));
  });

  it('cannot take the tracks of another focus', async () => {
    const one = await trunkTo(far, 'near-focus');
    const two = await trunkTo(far, 'third-focus');
    const offer = writeTrunkOffer(await honestOffer());
    expect((await one.peer.answer(offer)).published).toHaveLength(2);
    const answered = await two.peer.answer(offer);
    expect(answered.published).toEqual([]);
    expect(answered.refused.map(({ code }) => code)).toEqual(['WEIR_TRACK_TAKEN', 'WEIR_TRACK_TAKEN']);
    one.peer.close();
    expect((await two.peer.answer(offer)).published).toHaveLength(2);
  });

  it('that declines a track keeps it from crossing, and an answer to nothing is refused', async () => {
    const alice = await join(near, 'alice');
    const { peer, log } = await trunkTo(near, 'far-focus');
    const nothing = JSON.stringify({ version: 1, refused: [] });
    await expect(peer.accept(nothing)).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
    const offered = await peer.offer(alice.tracks());
    expect(readTrunkOffer(offered.sdp)).toMatchObject({ value: { tracks: [{}, {}] } });
    const refused = alice.tracks().map(({ ref }) => ({ stream_id: ref.streamId, track_id: ref.trackId, code: 'X' }));
    await peer.accept(JSON.stringify({ version: 1, refused }));
    expect(await peer.figures()).toMatchObject({ tracksSent: 0, layersSent: 0 });
    expect(readTrunkOffer((await peer.offer(alice.tracks())).sdp)).toMatchObject({ value: { tracks: [] } });
    expect(log.failed).toEqual([]);
  });
});

describe('an end', () => {
  it('with another key is not understood, and harms nobody', async () => {
    const goesOn = await localCall();
    const alice = await join(near, 'alice');
    const bob = await join(near, 'bob');
    const pair = await TrunkPair.open(near, far, conference, end => ({
      ...end,
      srtp: { ...end.srtp, key: randomBytes(44).toString('base64') },
    }));
    open.push(pair);
    const tracks = await pair.announce(alice.answered?.published ?? [], alice.session);
    for (const { ref } of tracks) await pair.want(ref, [0]);
    await bob.receive(alice.tracks());
    await eventually('sent', async () => (await pair.near.peer.figures()).mediaBytesSent > 0);
    await sleep(WAITED_MS);
    expect((await pair.far.peer.figures()).mediaBytesReceived).toBe(0);
    expect([...pair.near.log.failed, ...pair.far.log.failed]).toEqual([]);
    await Promise.all([goesOn(), flows(bob, alice.tracks())]);
  });

  it('listens where it is told to, and nowhere else', async () => {
    const probe = createSocket('udp4').bind(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address();
    probe.close();
    const media = await startMedia({
      listen: [{ ip: '127.0.0.1', announcedAddress: '192.0.2.7' }],
      trunkPorts: { min: port, max: port },
    });
    try {
      const { end } = (await trunkTo(media, 'far-focus')).peer;
      expect(end).toMatchObject({ ip: '192.0.2.7', port });
      await expect(openTrunk(media, conference, 'third-focus')).rejects.toMatchObject({ code: 'WEIR_MEDIA_FAILED' });
      expect(media.handles().transport).toBe(2);
    } finally {
      await media.close();
    }
  });

  it('that is none is refused, and cannot be changed afterwards', async () => {
    const { peer, log } = await trunkTo(near, 'far-focus');
    const { end } = (await trunkTo(far, 'near-focus')).peer;
    const wrong: TrunkEnd[] = [
      { ...end, ip: 'example.org' },
      { ...end, ip: '127.0.0.1; rm' },
      { ...end, port: 0 },
      { ...end, srtp: { ...end.srtp, key: 'c2hvcnQ=' } },
    ];
    for (const each of wrong) await expect(peer.connect(each)).rejects.toMatchObject({ code: 'WEIR_BAD_MESSAGE' });
    expect(log.path).toEqual([]);
    await peer.connect(end);
    await peer.connect(end);
    expect(log.path).toEqual(['heard']);
    await expect(peer.connect({ ...end, port: 9 })).rejects.toMatchObject({ code: 'WEIR_UNEXPECTED_MESSAGE' });
  });
});
