/** What participants are told of each other's streams, and when: all, or what has changed. */
import { describe, expect, it } from 'vitest';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import {
  audioOf,
  type BenchClient,
  benchClient,
  cameraOf,
  ConferenceBench,
  newsIn,
  videoOf,
} from '../testing/conference-bench.ts';
import type { Effect } from './messages.ts';
import { metadataFor } from './metadata.ts';

/** Alice and Bob publish, Carol and Dave only watch; Bob and Carol take changes. */
function call() {
  const bench = new ConferenceBench();
  const [alice, bob] = [benchClient('alice'), takesChanges(benchClient('bob'))];
  const [carol, dave] = [takesChanges(silent('carol')), silent('dave')];
  for (const client of [alice, bob, carol, dave]) bench.join(client);
  bench.finishAll();
  return { bench, alice, bob, carol, dave };
}

function silent(name: string): BenchClient {
  return { ...benchClient(name), metadata: {}, tracks: [] };
}

function takesChanges(client: BenchClient): BenchClient {
  return { ...client, takesChanges: true };
}

function mute(bench: ConferenceBench, client: BenchClient, isMuted = true): Effect[] {
  return bench.say(client, { kind: 'metadata_changed', metadata: mutedMetadata(client, isMuted) });
}

function mutedMetadata({ metadata }: BenchClient, isMuted: boolean): StreamMetadata {
  return Object.fromEntries(Object.entries(metadata).map(([id, stream]) => [id, { ...stream, audio_muted: isMuted }]));
}

/** Kinds of what clients are told of streams. */
function toldOfStreams(effects: readonly Effect[], client: BenchClient): string[] {
  return newsIn(effects, client).flatMap(({ kind }) => (kind === 'metadata' || kind === 'streams_changed' ? kind : []));
}

describe('a change of a stream', () => {
  it('is told alone to who takes changes, and with all others to who does not', () => {
    const { bench, alice, bob, carol, dave } = call();
    const effects = mute(bench, bob);
    const { streamId } = videoOf(bob);
    expect(newsIn(effects, carol)).toMatchObject([
      { kind: 'streams_changed', changed: { [streamId]: { audio_muted: true } }, gone: [] },
    ]);
    for (const other of [alice, dave]) expect(toldOfStreams(effects, other)).toEqual(['metadata']);
    for (const other of [alice, carol, dave])
      expect(bench.lastMetadata(other)?.[streamId]).toMatchObject({ audio_muted: true });
  });

  it('is not told to whom nothing changes: its publisher', () => {
    const { bench, alice, bob } = call();
    expect(toldOfStreams(mute(bench, bob), bob)).toEqual([]);
    expect(toldOfStreams(mute(bench, alice), alice)).toEqual([]);
  });

  it('is one message to all who know the same', () => {
    const { bench, bob, carol } = call();
    const erin = takesChanges(silent('erin'));
    bench.join(erin);
    const effects = mute(bench, bob);
    expect(newsIn(effects, carol)[0]).toBe(newsIn(effects, erin)[0]);
  });

  it('tells of who goes', () => {
    const { bench, alice, carol } = call();
    const effects = bench.take({ kind: 'hung-up', call: alice.call });
    expect(newsIn(effects, carol)).toMatchObject([{ kind: 'streams_changed', gone: [videoOf(alice).streamId] }]);
  });

  it('brings the copies that a viewer has of the stream, as they are now', () => {
    const { bench, alice, carol } = call();
    bench.want(carol, { subscribe: [cameraOf(alice), cameraOf(alice, { variant: 'thumb' })] });
    bench.agree(carol);
    const effects = mute(bench, alice);
    const { streamId } = videoOf(alice);
    expect(newsIn(effects, carol)).toMatchObject([
      { changed: { [streamId]: { audio_muted: true }, [`${streamId}+thumb`]: { audio_muted: true } } },
    ]);
    bench.take({ kind: 'hung-up', call: alice.call });
    expect(Object.keys(bench.lastMetadata(carol) ?? {})).toEqual([videoOf(call().bob).streamId]);
  });
});

describe('who publishes nothing', () => {
  it('comes and goes without a word to the others', () => {
    const { bench, alice, bob, carol, dave } = call();
    bench.effects.length = 0;
    const erin = silent('erin');
    bench.join(erin);
    bench.take({ kind: 'hung-up', call: erin.call });
    for (const other of [alice, bob, carol, dave]) expect(toldOfStreams(bench.effects, other)).toEqual([]);
  });

  it('is told of all when its channel opens, empty or not', () => {
    const bench = new ConferenceBench();
    const carol = takesChanges(silent('carol'));
    bench.join(carol);
    expect(bench.newsFor(carol, 'metadata')).toEqual([{ kind: 'metadata', metadata: {} }]);
  });
});

describe('a client that takes changes', () => {
  it('is told of the stream before the offer that carries its tracks, which repeats nothing', () => {
    const { bench, alice, carol } = call();
    bench.subscribe(carol, alice);
    bench.finishAll();
    bench.answer(carol);
    bench.effects.length = 0;
    const erin = benchClient('erin');
    bench.join(erin);
    bench.subscribe(carol, erin);
    bench.finishAll();
    const told = bench.newsFor(carol).map(({ kind }) => kind);
    expect(told).toEqual(['streams_changed', 'offer']);
    expect(bench.newsFor(carol, 'offer')).toMatchObject([{ metadata: undefined }]);
    expect(bench.lastMetadata(carol)).toHaveProperty(audioOf(erin).streamId);
  });

  it('is told all again when it was away', () => {
    const { bench, bob, carol } = call();
    const again = bench.take({ kind: 'line', call: carol.call, state: 'opened' });
    expect(toldOfStreams(again, carol)).toEqual(['metadata']);
    expect(toldOfStreams(mute(bench, bob), carol)).toEqual(['streams_changed']);
  });

  it('is told of very many streams in several messages, and in the answer of those that it is offered', () => {
    const bench = new ConferenceBench();
    const publishers = Array.from({ length: 200 }, (_, index) => benchClient(`p${index}`));
    for (const publisher of publishers) bench.join(publisher);
    const late = takesChanges(silent('late'));
    bench.effects.length = 0;
    bench.invite(late, true);
    bench.finishAll();
    const [admission] = bench.newsFor(late, 'admission');
    if (admission?.kind !== 'admission') throw new Error('not admitted');
    const offered = bench.conference.participants.get(late.call.key)?.offered.values() ?? [];
    for (const { source } of offered) expect(admission.metadata).toHaveProperty(source.streamId);
    expect(Object.keys(admission.metadata).length).toBeLessThan(200);
    bench.take({ kind: 'path', call: late.call, state: 'heard' }, { kind: 'control-open', call: late.call });
    const parts = bench.newsFor(late).filter(({ kind }) => kind === 'metadata' || kind === 'streams_changed');
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(25_000);
    const viewer = bench.conference.participants.get(late.call.key);
    expect(viewer && metadataFor(bench.conference, viewer)).toEqual(bench.lastMetadata(late));
  });
});

describe('in a large call', () => {
  /** 60 who watch, a second after the last change. */
  function large() {
    const bench = new ConferenceBench();
    const viewers = Array.from({ length: 60 }, (_, index) => takesChanges(silent(`v${index}`)));
    for (const viewer of viewers) bench.join(viewer);
    bench.pass(1_000);
    bench.effects.length = 0;
    return { bench, viewer: viewers[0] ?? silent('nobody') };
  }

  it('the first change is told at once, those that follow together', () => {
    const { bench, viewer } = large();
    const [one, two, three] = [benchClient('one'), benchClient('two'), benchClient('three')];
    bench.join(one);
    expect(toldOfStreams(bench.effects, viewer)).toEqual(['streams_changed']);
    bench.effects.length = 0;
    bench.join(two);
    bench.join(three);
    expect(toldOfStreams(bench.effects, viewer)).toEqual([]);
    const [wake, ...others] = bench.effects.flatMap(effect => (effect.kind === 'wake' ? effect.afterMs : []));
    expect(wake).toBeGreaterThan(0);
    expect(wake).toBeLessThanOrEqual(200);
    expect(others).toEqual([]);
    bench.now += wake ?? 0;
    const effects = bench.take({ kind: 'wake' });
    expect(toldOfStreams(effects, viewer)).toEqual(['streams_changed']);
    expect(Object.keys(bench.lastMetadata(viewer) ?? {})).toEqual(['stream-two-s1', 'stream-three-s1']);
  });

  it('who is new does not wait', () => {
    const { bench } = large();
    bench.join(benchClient('one'));
    const two = takesChanges(benchClient('two'));
    bench.join(two);
    expect(toldOfStreams(bench.effects, two)).toEqual(['metadata']);
    expect(bench.lastMetadata(two)).toHaveProperty('stream-one-s1');
  });
});
