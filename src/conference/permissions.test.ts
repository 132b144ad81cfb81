/** Who may publish what, in a call. */
import { describe, expect, it } from 'vitest';
import { mayPublish, type Permissions, type PublishedKind } from '../../signalling/wire/permissions.ts';
import { keyOfSubscription } from '../session.ts';
import {
  adjustsIn,
  audioOf,
  type BenchClient,
  benchClient,
  callOfMany,
  clientOf,
  ConferenceBench,
  newsIn,
  offersIn,
  toldIn,
  videoOf,
  wantedOf,
} from '../testing/conference-bench.ts';
import type { Effect } from './messages.ts';

const LARGE = { width: 1280, height: 720 };

/** Only moderators (level 50) may publish these kinds. Mo is one. */
function moderatorsOnly(...kinds: PublishedKind[]): Permissions {
  return {
    publish: Object.fromEntries(kinds.map(kind => [kind, 50])),
    floor: undefined,
    power: { levels: { users: new Map([['@mo:example.org', 50]]), usersDefault: 0 }, creation: undefined },
  };
}

function permit(bench: ConferenceBench, permissions: Permissions): Effect[] {
  return bench.take({ kind: 'permissions-changed', permissions });
}

/** Mo, a moderator, and Ana, who is none, watch each other. */
function call() {
  const { bench, clients } = callOfMany('mo', 'ana');
  const [mo, ana] = clients;
  bench.subscribe(mo, ana, LARGE);
  bench.subscribe(ana, mo, LARGE);
  bench.agree(mo, ana);
  return { bench, mo, ana };
}

/** Kinds of the publisher's tracks that flow to the viewer. */
function flows(bench: ConferenceBench, viewer: BenchClient, publisher: BenchClient): string[] {
  const offered = bench.conference.participants.get(viewer.call.key)?.offered;
  return publisher.tracks.flatMap(({ ref, kind }) =>
    offered?.get(keyOfSubscription(ref))?.paused === false ? [kind] : [],
  );
}

/** Tracks of the publisher that the viewer was told of last. */
function seen(bench: ConferenceBench, viewer: BenchClient, publisher: BenchClient): string[] {
  const stream = bench.lastMetadata(viewer)?.[audioOf(publisher).streamId];
  return Object.values(stream?.tracks ?? {}).flatMap(({ kind }) => kind ?? []);
}

function complaints(effects: readonly Effect[], client: BenchClient): unknown[] {
  return newsIn(effects, client, 'error').flatMap(news =>
    news.kind === 'error' ? [[news.error.code, news.error.message, news.tracks]] : [],
  );
}

describe('what may not be published', () => {
  it('is answered like all else, but not told to others', () => {
    const bench = new ConferenceBench();
    permit(bench, moderatorsOnly('audio', 'video'));
    const [mo, ana] = [benchClient('mo'), benchClient('ana')];
    for (const client of [mo, ana]) bench.join(client);
    expect(bench.newsFor(ana, 'admission')).toHaveLength(1);
    expect(bench.lastMetadata(mo)).toEqual({});
    expect(seen(bench, ana, mo)).toEqual(['audio', 'video']);
  });

  it('is left out of a stream of which the rest may be seen, and counts as muted there', () => {
    const { bench, mo, ana } = call();
    permit(bench, moderatorsOnly('audio'));
    expect(seen(bench, mo, ana)).toEqual(['video']);
    expect(bench.lastMetadata(mo)?.[audioOf(ana).streamId]).toMatchObject({ audio_muted: true });
    expect(bench.lastMetadata(mo)?.[audioOf(ana).streamId]).not.toHaveProperty('video_muted');
  });

  it('is left out of the early offer, too', () => {
    const bench = new ConferenceBench();
    permit(bench, moderatorsOnly('audio', 'video'));
    bench.join(benchClient('ana'));
    bench.invite(benchClient('mo'), true);
    bench.finishAll();
    expect(offersIn(bench.effects)).toEqual([]);
  });

  it('is an unknown track to who asks for it', () => {
    const { bench, mo, ana } = call();
    permit(bench, moderatorsOnly('video'));
    const effects = bench.subscribe(mo, ana, LARGE);
    expect(complaints(effects, mo)).toEqual([['WEIR_UNKNOWN_TRACK', expect.any(String), [videoOf(ana)]]]);
  });

  it('is not followed by who lets the focus choose', () => {
    const { bench, clients } = callOfMany('mo', 'ana', 'bo');
    const [mo, ana, bo] = clients;
    permit(bench, moderatorsOnly('video'));
    bench.want(bo, { auto: { lastN: 1, ...LARGE } });
    bench.speak(ana);
    bench.agree(bo);
    expect([flows(bench, bo, mo), flows(bench, bo, ana)]).toEqual([['audio', 'video'], ['audio']]);
  });

  it('does not speak', () => {
    const { bench, mo, ana } = call();
    permit(bench, moderatorsOnly('audio'));
    bench.want(mo, { tell: ['speakers', 'audio_levels'] });
    bench.effects.length = 0;
    bench.speak(ana);
    bench.take({ kind: 'loud', call: ana.call, track: audioOf(ana), level: -20 });
    bench.pass(500);
    expect(toldIn(bench.effects, mo, 'speakers')).toEqual([]);
    expect(toldIn(bench.effects, mo, 'audio_levels')).toEqual([]);
  });
});

describe('its publisher', () => {
  it('is told once for each kind', () => {
    const { bench, ana } = call();
    const effects = permit(bench, moderatorsOnly('audio', 'video', 'screen'));
    expect(complaints(effects, ana)).toEqual([
      ['WEIR_MAY_NOT_PUBLISH', 'audio: not with this power level', [audioOf(ana)]],
      ['WEIR_MAY_NOT_PUBLISH', 'video: not with this power level', [videoOf(ana)]],
    ]);
    bench.effects.length = 0;
    bench.say(ana, { kind: 'negotiate', description: { type: 'offer', sdp: 'again' }, metadata: ana.metadata });
    bench.finishAll();
    for (let ticks = 0; ticks < 10; ticks++) bench.pass(500);
    expect(complaints(bench.effects, ana)).toEqual([]);
  });

  it('is told when its channel opens, and not before', () => {
    const bench = new ConferenceBench();
    permit(bench, moderatorsOnly('audio'));
    const ana = benchClient('ana');
    bench.invite(ana);
    bench.finishAll();
    bench.take({ kind: 'path', call: ana.call, state: 'heard' });
    expect(complaints(bench.effects, ana)).toEqual([]);
    expect(complaints(bench.take({ kind: 'control-open', call: ana.call }), ana)).toHaveLength(1);
  });

  it('is asked to send none of it at once, and all that somebody wants when it may', () => {
    const { bench, ana } = call();
    expect(wantedOf(permit(bench, moderatorsOnly('video')), ana)).toEqual(['']);
    expect(wantedOf(permit(bench, moderatorsOnly()), ana)).toEqual(['0 2']);
  });

  it('is asked so of a voice as well', () => {
    const { bench, ana } = call();
    const voice = (effects: readonly Effect[]): unknown =>
      toldIn(effects, ana, 'layers_wanted').map(({ tracks }) => tracks);
    expect(voice(permit(bench, moderatorsOnly('audio')))).toEqual([[{ ...audioOf(ana), layers: [{ active: false }] }]]);
    expect(voice(permit(bench, moderatorsOnly()))).toEqual([[{ ...audioOf(ana), layers: [{ active: true }] }]]);
  });

  it('is not asked for it by a newcomer', () => {
    const { bench, ana } = call();
    permit(bench, moderatorsOnly('video'));
    bench.effects.length = 0;
    bench.join(benchClient('bo'));
    for (let ticks = 0; ticks < 10; ticks++) bench.pass(500);
    expect(wantedOf(bench.effects, ana)).toEqual([]);
  });
});

describe('a change of permissions', () => {
  it('stops what flows in the same step', () => {
    const { bench, mo, ana } = call();
    expect(flows(bench, mo, ana)).toEqual(['audio', 'video']);
    const effects = permit(bench, moderatorsOnly('audio', 'video'));
    expect(adjustsIn(effects).map(({ track, paused }) => [track, paused])).toEqual(
      [audioOf(ana), videoOf(ana)].map(ref => [keyOfSubscription(ref), true]),
    );
    expect(flows(bench, mo, ana)).toEqual([]);
    expect(flows(bench, ana, mo)).toEqual(['audio', 'video']);
  });

  it('lets it flow again without a negotiation', () => {
    const { bench, mo, ana } = call();
    permit(bench, moderatorsOnly('audio', 'video'));
    const effects = permit(bench, moderatorsOnly());
    expect(flows(bench, mo, ana)).toEqual(['audio', 'video']);
    expect(seen(bench, mo, ana)).toEqual(['audio', 'video']);
    expect(offersIn(effects)).toEqual([]);
  });

  it('of one kind leaves the others as they are', () => {
    const { bench, mo, ana } = call();
    permit(bench, moderatorsOnly('video'));
    expect(flows(bench, mo, ana)).toEqual(['audio']);
  });

  it('counts for who joins after it', () => {
    const { bench, mo } = call();
    permit(bench, moderatorsOnly('audio', 'video'));
    const bo = benchClient('bo');
    bench.join(bo);
    expect(bench.lastMetadata(mo)).toEqual({});
  });

  it('is told again to who lost a permission twice', () => {
    const { bench, ana } = call();
    permit(bench, moderatorsOnly('audio'));
    permit(bench, moderatorsOnly());
    expect(complaints(permit(bench, moderatorsOnly('audio')), ana)).toHaveLength(1);
  });

  it('that is none changes nothing', () => {
    const { bench } = call();
    const same = moderatorsOnly('audio');
    permit(bench, same);
    expect(permit(bench, same)).toEqual([]);
  });
});

describe('what a stream is for', () => {
  /** Ana's stream is a shared screen with its sound. */
  function sharing() {
    const { bench, mo, ana } = call();
    const { streamId } = videoOf(ana);
    const stream = ana.metadata[streamId];
    if (stream === undefined) throw new Error('no stream');
    bench.say(ana, { kind: 'metadata_changed', metadata: { [streamId]: { ...stream, purpose: 'm.screenshare' } } });
    return { bench, mo, ana };
  }

  it('makes its video a screen', () => {
    const { bench, mo, ana } = sharing();
    permit(bench, moderatorsOnly('video'));
    expect(flows(bench, mo, ana)).toEqual(['audio', 'video']);
    permit(bench, moderatorsOnly('screen'));
    expect(flows(bench, mo, ana)).toEqual(['audio']);
  });

  it('does not make its sound anything else: nobody speaks by calling a microphone a screen', () => {
    const { bench, mo, ana } = sharing();
    permit(bench, moderatorsOnly('audio'));
    expect(flows(bench, mo, ana)).toEqual(['video']);
  });
});

it('one speaks to many where only moderators may', () => {
  const { bench, clients } = callOfMany('mo', 'ana', 'bo', 'cy');
  const [mo, ...audience] = clients;
  permit(bench, moderatorsOnly('audio', 'video', 'screen'));
  for (const viewer of audience) bench.want(viewer, { auto: { lastN: 9, ...LARGE } });
  bench.agree(...clients);
  for (const viewer of audience) {
    expect(Object.keys(bench.lastMetadata(viewer) ?? {})).toEqual([videoOf(mo).streamId]);
    expect(flows(bench, viewer, mo)).toEqual(['audio', 'video']);
  }
  expect(bench.lastMetadata(mo)).toEqual({});
});

it('whether data may be published is known of each participant', () => {
  const { bench, ana, mo } = call();
  permit(bench, moderatorsOnly('data'));
  const barred = (client: BenchClient): unknown => clientOf(bench.conference, client.call.key)?.barred;
  expect([barred(mo), barred(ana)]).toEqual([new Set(), new Set(['data'])]);
  expect(mayPublish(bench.conference.permissions, '@mo:example.org', 'data')).toBe(true);
});
