/** Media in the clear, in calls where it is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  type BenchClient,
  benchClient,
  callOfMany,
  ConferenceBench,
  encrypted,
  newsIn,
  offersIn,
  toldIn,
  videoOf,
  wantedOf,
} from '../testing/conference-bench.ts';
import type { Effect } from './messages.ts';

const LARGE = { width: 1280, height: 720 };

function require(bench: ConferenceBench, required = true): Effect[] {
  return bench.take({ kind: 'encryption-required', required });
}

/** A client whose invite says that it encrypts. */
function encryptingClient(name: string): BenchClient {
  const client = benchClient(name);
  return { ...client, metadata: encrypted(client.metadata) };
}

function says(bench: ConferenceBench, client: BenchClient, format: string | false): Effect[] {
  return bench.say(client, { kind: 'metadata_changed', metadata: encrypted(client.metadata, format) });
}

/** Ana and Bo watch each other, and say nothing of encryption. */
function call() {
  const { bench, clients } = callOfMany('ana', 'bo');
  const [ana, bo] = clients;
  bench.subscribe(ana, bo, LARGE);
  bench.subscribe(bo, ana, LARGE);
  bench.agree(ana, bo);
  return { bench, ana, bo };
}

/** Kinds of the publisher's tracks that flow to the viewer. */
function flows(bench: ConferenceBench, viewer: BenchClient, publisher: BenchClient): string[] {
  const offered = bench.conference.participants.get(viewer.call.key)?.offered;
  return publisher.tracks.flatMap(({ ref, kind }) =>
    offered?.get(keyOfSubscription(ref))?.paused === false ? [kind] : [],
  );
}

function shown(bench: ConferenceBench, viewer: BenchClient, publisher: BenchClient) {
  return bench.lastMetadata(viewer)?.[audioOf(publisher).streamId];
}

function complaints(effects: readonly Effect[], client: BenchClient): unknown[] {
  return newsIn(effects, client, 'error').flatMap(news =>
    news.kind === 'error' ? [[news.error.code, news.tracks]] : [],
  );
}

describe('a stream in the clear', () => {
  it('is forwarded where nobody asks for encryption', () => {
    const { bench, ana, bo } = call();
    require(bench, false);
    expect(flows(bench, bo, ana)).toEqual(['audio', 'video']);
    expect(shown(bench, bo, ana)).not.toHaveProperty(['org.weir.refused']);
  });

  it('is answered and shown with the reason, and offered to nobody', () => {
    const bench = new ConferenceBench();
    require(bench);
    const [ana, bo] = [benchClient('ana'), encryptingClient('bo')];
    for (const client of [ana, bo]) bench.join(client);
    expect(bench.newsFor(ana, 'admission')).toHaveLength(1);
    bench.effects.length = 0;
    bench.want(bo, { auto: { lastN: 9, ...LARGE } });
    bench.agree(ana, bo);
    expect(offersIn(bench.effects)).toEqual([]);
    bench.subscribe(bo, ana, LARGE);
    bench.agree(ana, bo);
    expect(offersIn(bench.effects)).toEqual([]);
    expect(complaints(bench.effects, bo), 'who asks for it waits for it').toEqual([]);
    says(bench, ana, 'sframe');
    bench.agree(ana, bo);
    expect(flows(bench, bo, ana)).toEqual(['audio', 'video']);
  });

  it('is not offered early either', () => {
    const bench = new ConferenceBench();
    require(bench);
    bench.join(benchClient('ana'));
    bench.invite(encryptingClient('bo'), true);
    bench.finishAll();
    expect(offersIn(bench.effects)).toEqual([]);
  });

  it('stops in the step in which the room becomes one that asks for it', () => {
    const { bench, ana, bo } = call();
    const effects = require(bench);
    expect(flows(bench, bo, ana)).toEqual([]);
    expect(adjustsIn(effects).filter(({ paused }) => !paused)).toEqual([]);
    expect(shown(bench, bo, ana)).toMatchObject({
      'org.weir.refused': 'WEIR_CLEAR_MEDIA',
      user_id: '@ana:example.org',
    });
    expect(Object.keys(shown(bench, bo, ana)?.tracks ?? {})).toHaveLength(2);
  });

  it('flows once its publisher says that it is encrypted, without an offer, and no more when that is taken back', () => {
    const { bench, ana, bo } = call();
    require(bench);
    const effects = says(bench, ana, 'sframe');
    expect(flows(bench, bo, ana)).toEqual(['audio', 'video']);
    expect(flows(bench, ana, bo), 'the other one is still in the clear').toEqual([]);
    expect(offersIn(effects)).toEqual([]);
    expect(shown(bench, bo, ana)).toMatchObject({ 'org.weir.encryption': 'sframe' });
    expect(shown(bench, bo, ana)).not.toHaveProperty(['org.weir.refused']);
    says(bench, ana, false);
    expect(flows(bench, bo, ana)).toEqual([]);
  });

  it('beside one that is encrypted is refused alone', () => {
    const { bench, ana, bo } = call();
    const screen = {
      ref: { streamId: 'screen', trackId: 'screen-video' },
      kind: 'video',
      codec: 'VP8',
      layers: [{ rid: undefined }],
    } as const;
    ana.tracks.push({ ...screen, layers: [...screen.layers] });
    const metadata: StreamMetadata = {
      ...encrypted(ana.metadata),
      screen: { purpose: 'm.screenshare', tracks: { 'screen-video': { kind: 'video' } } },
    };
    bench.say(ana, { kind: 'negotiate', description: { type: 'offer', sdp: 'offer' }, metadata });
    bench.agree(ana, bo);
    bench.want(bo, { subscribe: [{ ...screen.ref, ...LARGE }] });
    bench.agree(ana, bo);
    expect(flows(bench, bo, ana)).toEqual(['audio', 'video', 'video']);
    require(bench);
    expect(flows(bench, bo, ana)).toEqual(['audio', 'video']);
    expect(bench.conference.participants.get(bo.call.key)?.offered.get(keyOfSubscription(screen.ref))).toMatchObject({
      paused: true,
    });
  });

  it('does not speak, and takes nobody the place among those who spoke last', () => {
    const { bench, clients } = callOfMany('ana', 'bo', 'cy');
    const [ana, bo, cy] = clients;
    require(bench);
    says(bench, bo, 'sframe');
    bench.want(cy, { auto: { lastN: 1, ...LARGE }, tell: ['speakers', 'audio_levels'] });
    bench.agree(cy);
    expect(flows(bench, cy, bo), 'ana, who came first, is no choice').toEqual(['audio', 'video']);
    bench.speak(bo);
    bench.effects.length = 0;
    bench.speak(ana);
    bench.take({ kind: 'loud', call: ana.call, track: audioOf(ana), level: -20 });
    bench.pass(500);
    bench.agree(cy);
    expect(toldIn(bench.effects, cy, 'speakers')).toEqual([]);
    expect(toldIn(bench.effects, cy, 'audio_levels')).toEqual([]);
    expect([flows(bench, cy, ana), flows(bench, cy, bo)]).toEqual([[], ['audio', 'video']]);
  });

  it('cannot be marked as refused, or let in, by its publisher', () => {
    const { bench, ana, bo } = call();
    const { streamId } = audioOf(ana);
    const [stream] = Object.values(ana.metadata);
    if (stream === undefined) throw new Error('no stream');
    bench.say(ana, { kind: 'metadata_changed', metadata: { [streamId]: { ...stream, 'org.weir.refused': 'WEIR_X' } } });
    expect(shown(bench, bo, ana)).not.toHaveProperty(['org.weir.refused']);
    expect(flows(bench, bo, ana)).toEqual(['audio', 'video']);
  });
});

describe('its publisher', () => {
  it('is told once, and again when it takes its word back', () => {
    const { bench, ana } = call();
    const said = [['WEIR_CLEAR_MEDIA', [audioOf(ana), videoOf(ana)]]];
    expect(complaints(require(bench), ana)).toEqual(said);
    bench.effects.length = 0;
    bench.say(ana, { kind: 'negotiate', description: { type: 'offer', sdp: 'again' }, metadata: ana.metadata });
    bench.finishAll();
    for (let ticks = 0; ticks < 10; ticks++) bench.pass(500);
    expect(complaints(bench.effects, ana)).toEqual([]);
    says(bench, ana, 'sframe');
    expect(complaints(says(bench, ana, false), ana)).toEqual(said);
  });

  it('is told when its channel opens, and its log line and count have the code', () => {
    const bench = new ConferenceBench();
    require(bench);
    const ana = benchClient('ana');
    bench.invite(ana);
    bench.finishAll();
    expect(complaints(bench.effects, ana)).toEqual([]);
    const effects = bench.take({ kind: 'control-open', call: ana.call });
    expect(complaints(effects, ana)).toHaveLength(1);
    expect(effects.filter(({ kind }) => kind === 'note')).toMatchObject([{ code: 'WEIR_CLEAR_MEDIA' }]);
  });

  it('is told nothing where it encrypts, or publishes nothing', () => {
    const bench = new ConferenceBench();
    require(bench);
    const [ana, bo] = [encryptingClient('ana'), { ...benchClient('bo'), tracks: [] }];
    for (const client of [ana, bo]) bench.join(client);
    expect([...complaints(bench.effects, ana), ...complaints(bench.effects, bo)]).toEqual([]);
  });

  it('is asked to send none of it, and all that somebody wants once it is encrypted', () => {
    const { bench, ana } = call();
    expect(wantedOf(require(bench), ana)).toEqual(['']);
    expect(wantedOf(says(bench, ana, 'sframe'), ana)).toEqual(['0 2']);
  });
});

it('flows if, and only if, its publisher says so last or nobody asks', () => {
  const word = fc.record({ who: fc.nat(1), format: fc.constantFrom('sframe', 'another', false as const) });
  const moves = fc.array(fc.oneof(word, fc.boolean()), { maxLength: 12 });
  fc.assert(
    fc.property(moves, list => {
      const { bench, ana, bo } = call();
      const said: (string | false)[] = [false, false];
      let required = false;
      for (const move of list) {
        if (typeof move === 'boolean') require(bench, (required = move));
        else says(bench, move.who === 0 ? ana : bo, (said[move.who] = move.format));
        for (const [viewer, publisher, format] of [
          [bo, ana, said[0]],
          [ana, bo, said[1]],
        ] as const) {
          const isForwarded = !required || format !== false;
          expect(flows(bench, viewer, publisher)).toEqual(isForwarded ? ['audio', 'video'] : []);
          expect(shown(bench, viewer, publisher)?.['org.weir.refused']).toBe(
            isForwarded ? undefined : 'WEIR_CLEAR_MEDIA',
          );
          expect(shown(bench, viewer, publisher)?.['org.weir.encryption'] ?? false).toBe(format);
        }
      }
    }),
    { seed: 20_261_129, numRuns: 200 },
  );
});
