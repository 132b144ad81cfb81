/** Calls of clients that have not all the same codecs. */
import { describe, expect, it } from 'vitest';
import { keyOfSubscription } from '../session.ts';
import {
  audioOf,
  type BenchClient,
  benchClient,
  cameraOf,
  ConferenceBench,
  newsIn,
  offersIn,
  toldIn,
  videoOf,
  wantedOf,
} from '../testing/conference-bench.ts';

const LARGE = { width: 1280, height: 720 };

/** A client that sends its camera in one codec, and takes that and opus alone. */
function only(name: string, codec: string): BenchClient {
  const client = benchClient(name);
  client.receives = ['opus', codec];
  client.tracks = client.tracks.map(track => (track.kind === 'video' ? { ...track, codec } : track));
  return client;
}

function call(...clients: BenchClient[]): ConferenceBench {
  const bench = new ConferenceBench();
  for (const client of clients) bench.join(client);
  return bench;
}

function complaints(effects: Parameters<typeof newsIn>[0], client: BenchClient) {
  return newsIn(effects, client, 'error').map(news =>
    news.kind === 'error' ? { code: news.error.code, tracks: news.tracks, codec: news.codec } : undefined,
  );
}

describe('a track in a codec that a viewer has not', () => {
  it('is not offered, its sound is, and the viewer is told once why', () => {
    const [hana, vera] = [only('hana', 'H264'), only('vera', 'VP8')];
    const bench = call(hana, vera);
    const effects = bench.subscribe(vera, hana, LARGE);
    expect(offersIn(effects).map(({ tracks }) => tracks.map(({ ref }) => ref.trackId))).toEqual([['audio-hana-s1']]);
    expect(complaints(effects, vera)).toEqual([
      { code: 'WEIR_NO_COMMON_CODEC', tracks: [videoOf(hana)], codec: 'H264' },
    ]);
    bench.finishAll();
    bench.answer(vera);
    bench.effects.length = 0;
    bench.subscribe(vera, hana, { width: 640, height: 360 });
    bench.pass(5_000);
    expect(complaints(bench.effects, vera)).toEqual([]);
    expect(offersIn(bench.effects)).toEqual([]);
  });

  it('takes nothing of the viewer’s link, and is not asked of its publisher', () => {
    const [hana, vera] = [only('hana', 'H264'), only('vera', 'VP8')];
    const bench = call(hana, vera);
    bench.subscribe(vera, hana, LARGE);
    bench.agree(vera);
    bench.want(vera, { tell: ['allocation'] });
    const granted = toldIn(bench.pass(10_000), vera, 'allocation').flatMap(({ tracks }) => tracks);
    expect(granted).toEqual([]);
    expect(bench.served(vera, hana)).toBeUndefined();
    const { grants } = bench.conference.participants.get(vera.call.key)?.viewing.allocation ?? {};
    expect([...(grants?.keys() ?? [])], 'her voice alone').toEqual([keyOfSubscription(audioOf(hana))]);
    bench.pass(1_000);
    expect(wantedOf(bench.effects, hana).at(-1)).toBe('');
  });

  it('reaches those who have it', () => {
    const [hana, vera, ada] = [only('hana', 'H264'), only('vera', 'VP8'), benchClient('ada')];
    const bench = call(hana, vera, ada);
    bench.subscribe(ada, hana, LARGE);
    bench.agree(ada);
    bench.subscribe(ada, vera, LARGE);
    bench.agree(ada);
    expect(bench.served(ada, hana)).toMatchObject({ paused: false });
    expect(bench.served(ada, vera)).toMatchObject({ paused: false });
  });

  it('is offered once it is sent in another', () => {
    const [hana, vera] = [only('hana', 'H264'), only('vera', 'VP8')];
    const bench = call(hana, vera);
    bench.subscribe(vera, hana, LARGE);
    bench.agree(vera);
    hana.tracks = hana.tracks.map(track => (track.kind === 'video' ? { ...track, codec: 'VP8' } : track));
    bench.say(hana, { kind: 'negotiate', description: { type: 'offer', sdp: 'offer' }, metadata: undefined });
    bench.agree(hana, vera);
    expect(bench.served(vera, hana)).toMatchObject({ paused: false });
    // And back: who saw it is told again.
    hana.tracks = hana.tracks.map(track => (track.kind === 'video' ? { ...track, codec: 'H264' } : track));
    bench.effects.length = 0;
    bench.say(hana, { kind: 'negotiate', description: { type: 'offer', sdp: 'offer' }, metadata: undefined });
    bench.agree(hana, vera);
    expect(complaints(bench.effects, vera)).toMatchObject([{ tracks: [videoOf(hana)], codec: 'H264' }]);
    expect(bench.served(vera, hana)).toBeUndefined();
  });

  it('leaves its place to the next speaker in "auto", and is told of', () => {
    const [hana, vic, vera] = [only('hana', 'H264'), only('vic', 'VP8'), only('vera', 'VP8')];
    const bench = call(hana, vic, vera);
    bench.speak(vic);
    bench.speak(hana);
    const effects = bench.want(vera, { auto: { lastN: 1, ...LARGE } });
    expect(complaints(effects, vera)).toEqual([
      { code: 'WEIR_NO_COMMON_CODEC', tracks: [videoOf(hana)], codec: 'H264' },
    ]);
    bench.agree(vera);
    expect(bench.served(vera, vic)).toMatchObject({ paused: false });
  });

  it('is offered to newcomers of whom nothing is known', () => {
    const [hana, ada] = [only('hana', 'H264'), benchClient('ada')];
    const bench = call(hana);
    bench.invite(ada, true);
    bench.finishAll();
    expect(offersIn(bench.effects)[0]?.tracks.map(({ ref }) => ref)).toContainEqual(videoOf(hana));
    const vera = only('vera', 'VP8');
    bench.effects.length = 0;
    bench.invite(vera, true);
    bench.finishAll();
    expect(offersIn(bench.effects)[0]?.tracks.map(({ ref }) => ref)).not.toContainEqual(videoOf(hana));
  });
});

it('hands scalability modes to the media engine, from the metadata that came with the offer', () => {
  const bench = new ConferenceBench();
  const ada = benchClient('ada');
  const { streamId, trackId } = videoOf(ada);
  ada.metadata = {
    [streamId]: {
      purpose: 'm.usermedia',
      tracks: { [trackId]: { kind: 'video', 'org.weir.scalability_mode': 'L3T3_KEY' } },
    },
  };
  const [open] = bench.invite(ada).filter(({ kind }) => kind === 'open');
  expect(open?.kind === 'open' && [...open.modes.values()]).toEqual(['L3T3_KEY']);
});

it('takes spatial layers of one stream for halves, of a screen too', () => {
  const [ada, ben] = [benchClient('ada'), benchClient('ben')];
  ada.tracks = ada.tracks.map(track =>
    track.kind === 'video'
      ? { ...track, codec: 'VP9', svc: true, layers: track.layers.map(() => ({ rid: undefined })) }
      : track,
  );
  for (const stream of Object.values(ada.metadata)) stream.purpose = 'm.screenshare';
  const bench = call(ada, ben);
  bench.want(ben, { subscribe: [cameraOf(ada, { width: 640, height: 360 })] });
  bench.agree(ben);
  expect(bench.served(ben, ada)).toMatchObject({ layer: 1 });
});
