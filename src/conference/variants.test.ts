/** The same track twice to one viewer: as a thumbnail and as a full picture, say. */
import { describe, expect, it } from 'vitest';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  benchClient,
  type BenchClient,
  callOfMany,
  cameraOf,
  type ConferenceBench,
  newsIn,
  offersIn,
  toldIn,
  videoOf,
  watchedCall,
} from '../testing/conference-bench.ts';

const LARGE = { width: 1280, height: 720 };
const SMALL = { width: 160, height: 90 };
const THUMB = { ...SMALL, variant: 'thumb' };

/** Bob watches Alice large, and as a thumbnail beside; Carol watches her, too. */
function watchedTwice() {
  const { bench, clients } = callOfMany('alice', 'bob', 'carol');
  const [alice, bob, carol] = clients;
  bench.want(bob, { subscribe: [cameraOf(alice, LARGE), cameraOf(alice, THUMB)] });
  bench.want(carol, { subscribe: [cameraOf(alice, LARGE)] });
  bench.agree(bob, carol);
  return { bench, alice, bob, carol };
}

/** Ids of the streams that a client was told of last. */
function streamsOf(bench: ConferenceBench, client: BenchClient): string[] {
  return Object.keys(bench.lastMetadata(client) ?? {}).sort();
}

describe('a track without a variant', () => {
  it('is sent once, however often it is asked for', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    bench.want(bob, { subscribe: [cameraOf(alice, SMALL), cameraOf(alice, LARGE)] });
    expect(offersIn(bench.effects).map(({ tracks }) => tracks.map(({ ref, layer }) => [ref, layer]))).toEqual([
      [[videoOf(alice), 2]],
    ]);
  });
});

describe('two copies of a track', () => {
  it('are offered with ids and layers of their own, from one source', () => {
    const { bench, alice, bob } = watchedTwice();
    const { streamId, trackId } = videoOf(alice);
    const [offer] = offersIn(bench.effects).filter(({ call }) => call.callId === bob.call.callId);
    expect(offer?.tracks).toMatchObject([
      { ref: { streamId, trackId }, source: { streamId, trackId }, layer: 2, paused: false },
      {
        ref: { streamId: `${streamId}+thumb`, trackId: `${trackId}+thumb` },
        source: { streamId, trackId },
        layer: 0,
        paused: false,
      },
    ]);
  });

  it('stand in the metadata of who asked, once each, and of nobody else', () => {
    const { bench, alice, bob, carol } = watchedTwice();
    const { streamId, trackId } = videoOf(alice);
    expect(streamsOf(bench, bob)).toEqual([streamId, `${streamId}+thumb`, 'stream-carol-s1']);
    expect(bench.lastMetadata(bob)?.[`${streamId}+thumb`]).toEqual({
      user_id: alice.session.userId,
      device_id: alice.session.deviceId,
      purpose: 'm.usermedia',
      tracks: {
        [`${trackId}+thumb`]: {
          kind: 'video',
          width: 1280,
          height: 720,
          'org.weir.copy_of': { stream_id: streamId, track_id: trackId, variant: 'thumb' },
        },
      },
    });
    expect(streamsOf(bench, carol)).toEqual([streamId, 'stream-bob-s1']);
    expect(streamsOf(bench, alice)).toEqual(['stream-bob-s1', 'stream-carol-s1']);
  });

  it('are announced before, or with, the offer that carries them', () => {
    const { bench, alice, bob } = watchedTwice();
    const news = bench.newsFor(bob);
    const isNamed = (index: number): boolean => {
      const one = news[index];
      return (
        one !== undefined &&
        'metadata' in one &&
        one.metadata !== undefined &&
        `${videoOf(alice).streamId}+thumb` in one.metadata
      );
    };
    const named = news.findIndex((_, index) => isNamed(index));
    expect(named).toBeGreaterThanOrEqual(0);
    expect(named).toBeLessThanOrEqual(news.findIndex(({ kind }) => kind === 'offer'));
  });

  it('change their layers each by itself, without a negotiation', () => {
    const { bench, alice, bob } = watchedTwice();
    const effects = bench.want(bob, { subscribe: [cameraOf(alice, { ...LARGE, variant: 'thumb' })] });
    const key = keyOfSubscription({ ...videoOf(alice), variant: 'thumb' });
    expect(adjustsIn(effects)).toMatchObject([{ track: key, layer: 2, paused: false }]);
    expect(offersIn(effects)).toEqual([]);
  });

  it('both count on the link: the large one falls first', () => {
    const { bench, alice, bob } = watchedTwice();
    bench.settleBitrates([alice], [150_000, 500_000, 1_500_000]);
    bench.estimate(bob, 1_450_000);
    expect(bench.served(bob, alice, 'thumb')).toMatchObject({ layer: 0, paused: false });
    expect(bench.served(bob, alice)).toMatchObject({ layer: 1, paused: false });
  });

  it('end one by one', () => {
    const { bench, alice, bob } = watchedTwice();
    const { streamId } = videoOf(alice);
    const noThumb = bench.want(bob, { unsubscribe: [cameraOf(alice, { variant: 'thumb' })] });
    bench.agree(bob);
    expect(bench.served(bob, alice, 'thumb')).toBeUndefined();
    expect(bench.served(bob, alice)).toMatchObject({ layer: 2, paused: false });
    expect(newsIn(noThumb, bob, 'metadata')).toHaveLength(1);
    expect(streamsOf(bench, bob)).toEqual([streamId, 'stream-carol-s1']);
    bench.want(bob, { subscribe: [cameraOf(alice, THUMB)], unsubscribe: [videoOf(alice)] });
    bench.agree(bob);
    expect(bench.served(bob, alice, 'thumb')).toMatchObject({ layer: 0, paused: false });
    expect(bench.served(bob, alice)).toMatchObject({ paused: true });
    expect(streamsOf(bench, bob)).toEqual([streamId, `${streamId}+thumb`, 'stream-carol-s1']);
  });

  it('keep the lowest layer running at the publisher while one is left', () => {
    const { bench, alice, bob, carol } = watchedTwice();
    bench.pass(5_000);
    bench.want(carol, { unsubscribe: [videoOf(alice)] });
    bench.want(bob, { unsubscribe: [videoOf(alice)] });
    bench.pass(2_000);
    expect(toldIn(bench.effects, alice, 'layers_wanted').at(-1)?.tracks[0]?.layers).toEqual([
      { rid: 'q', active: true },
      { rid: 'h', active: false },
      { rid: 'f', active: false },
    ]);
  });

  it('vanish with their publisher', () => {
    const { bench, alice, bob } = watchedTwice();
    bench.effects.length = 0;
    bench.take({ kind: 'hung-up', call: alice.call });
    expect(streamsOf(bench, bob)).toEqual(['stream-carol-s1']);
    expect(offersIn(bench.pass(5_000))).toContainEqual(expect.objectContaining({ call: bob.call, tracks: [] }));
    expect(bench.conference.participants.get(bob.call.key)?.wanted.size).toBe(0);
  });

  it('are hidden while their publisher is silent, and back with it', () => {
    const { bench, alice, bob } = watchedTwice();
    const { streamId } = videoOf(alice);
    bench.take({ kind: 'path', call: alice.call, state: 'silent' });
    expect(streamsOf(bench, bob)).toEqual(['stream-carol-s1']);
    expect(bench.served(bob, alice, 'thumb')).toMatchObject({ paused: true });
    bench.take({ kind: 'path', call: alice.call, state: 'heard' });
    expect(streamsOf(bench, bob)).toEqual([streamId, `${streamId}+thumb`, 'stream-carol-s1']);
    expect(bench.served(bob, alice, 'thumb')).toMatchObject({ layer: 0, paused: false });
  });

  it('may be of a voice', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    bench.want(bob, { subscribe: [{ ...audioOf(alice), variant: 'again' }] });
    const { streamId, trackId } = audioOf(alice);
    expect(offersIn(bench.effects)).toMatchObject([
      { tracks: [{ ref: { streamId: `${streamId}+again`, trackId: `${trackId}+again` }, paused: false }] },
    ]);
  });
});

describe('copies have bounds', () => {
  it('16 for a viewer; what is too many is refused, what was there before stays', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    const variants = Array.from({ length: 20 }, (_, index) => cameraOf(alice, { ...SMALL, variant: `v${index}` }));
    const effects = bench.want(bob, { subscribe: [cameraOf(alice, LARGE), ...variants] });
    expect(newsIn(effects, bob, 'error')).toMatchObject([
      {
        error: { code: 'WEIR_BAD_MESSAGE' },
        inReplyTo: 'm.call.track_subscription',
        tracks: Array(4).fill(videoOf(alice)),
      },
    ]);
    expect(offersIn(effects)).toMatchObject([{ call: bob.call }]);
    expect(offersIn(effects)[0]?.tracks).toHaveLength(17);
    bench.agree(bob);
    const again = bench.want(bob, { subscribe: variants.slice(0, 16) });
    expect(newsIn(again, bob, 'error')).toEqual([]);
  });

  it('ids that nobody could read are refused', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    const long = { streamId: 's'.repeat(250), trackId: 't'.repeat(250) };
    const tracks = { [long.trackId]: { kind: 'video' as const } };
    bench.say(alice, { kind: 'metadata_changed', metadata: { [long.streamId]: { purpose: 'm.usermedia', tracks } } });
    const effects = bench.want(bob, {
      subscribe: [
        { ...long, variant: 'thumb' },
        { ...long, variant: 'v' },
      ],
    });
    expect(newsIn(effects, bob, 'error')).toMatchObject([{ error: { code: 'WEIR_BAD_MESSAGE' }, tracks: [long] }]);
  });

  it('a copy of a track that nobody publishes is unknown', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [, bob] = clients;
    const nobody = { streamId: 'no', trackId: 'no' };
    const effects = bench.want(bob, { subscribe: [{ ...nobody, variant: 'thumb' }] });
    expect(newsIn(effects, bob, 'error')).toMatchObject([{ error: { code: 'WEIR_UNKNOWN_TRACK' }, tracks: [nobody] }]);
  });

  it('nobody announces one of their own making', () => {
    const { bench, clients } = callOfMany('alice', 'bob');
    const [alice, bob] = clients;
    const copyOf = { stream_id: 'stream-bob-s1', track_id: 'video-bob-s1', variant: 'thumb' };
    const tracks = { t: { kind: 'video' as const, 'org.weir.copy_of': copyOf } };
    bench.say(alice, { kind: 'metadata_changed', metadata: { s: { purpose: 'm.usermedia', tracks } } });
    expect(bench.lastMetadata(bob)?.['s']?.tracks).toEqual({ t: { kind: 'video' } });
  });
});

describe('copies and those who would abuse them', () => {
  it('are as few as may be, however often others are asked for', () => {
    const { bench, alice, bob } = watchedCall();
    for (let round = 0; round < 40; round += 1) {
      const copies = Array.from({ length: 16 }, (_, index) => cameraOf(alice, { variant: `r${round}v${index}` }));
      bench.want(bob, { subscribe: copies });
      bench.agree(bob);
      bench.want(bob, { unsubscribe: copies });
      bench.agree(bob);
    }
    for (const { tracks } of offersIn(bench.effects)) expect(tracks.length).toBeLessThanOrEqual(2 + 16);
    expect(offersIn(bench.effects).at(-1)?.tracks).toHaveLength(2);
  });

  it('do not count once their publisher has left', () => {
    const { bench, clients } = callOfMany('alice', 'bob', 'carol');
    const [alice, bob, carol] = clients;
    const copiesOf = (publisher: BenchClient) =>
      Array.from({ length: 16 }, (_, index) => cameraOf(publisher, { variant: `v${index}` }));
    bench.want(bob, { subscribe: copiesOf(alice) });
    bench.agree(bob);
    bench.take({ kind: 'hung-up', call: alice.call });
    const effects = bench.want(bob, { subscribe: copiesOf(carol) });
    expect(newsIn(effects, bob, 'error')).toEqual([]);
    expect(offersIn(effects).at(-1)?.tracks).toHaveLength(16);
  });

  it('cannot be passed off: the ids of a copy of somebody else are taken', () => {
    const { bench, alice, bob } = watchedCall();
    const { streamId, trackId } = videoOf(alice);
    const mallory = benchClient('mallory');
    const forged = { streamId: `${streamId}+thumb`, trackId: `${trackId}+thumb` };
    mallory.metadata = {
      [forged.streamId]: { purpose: 'm.usermedia', tracks: { [forged.trackId]: { kind: 'video' } } },
    };
    mallory.tracks = [{ ref: forged, kind: 'video', codec: 'VP8', layers: [{ rid: undefined }] }];
    bench.join(mallory);
    expect(bench.lastMetadata(bob)?.[forged.streamId]).toBeUndefined();
    expect([...bench.conference.tracks.values()].map(({ track }) => track.ref)).not.toContainEqual(forged);
    expect(newsIn(bench.effects, mallory, 'error')).toMatchObject([{ error: { code: 'WEIR_TRACK_TAKEN' } }]);
  });

  it('leave nothing behind of a publisher who left', () => {
    const { bench, alice, bob } = watchedCall();
    bench.show(bob, alice, 2);
    bench.take({ kind: 'hung-up', call: alice.call });
    expect(bench.conference.participants.get(bob.call.key)?.viewing.shown.size).toBe(0);
  });
});
