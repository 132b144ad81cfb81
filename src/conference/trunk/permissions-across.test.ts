/** Who may publish over a trunk: each focus goes by the room as it knows it, whatever the other one lets through. */
import { describe, expect, it } from 'vitest';
import { OPEN_TO_ALL, type Permissions, type PublishedKind } from '../../../signalling/wire/permissions.ts';
import { audioOf, type BenchClient, benchClient, toldIn, videoOf } from '../../testing/conference-bench.ts';
import { TwoSites } from '../../testing/two-sites.ts';
import { errors } from '../../testing/walkie-talkie.ts';

const FULL = { width: 1280, height: 720 };

/** Wim, on the western focus, may not publish these kinds. */
function without(...kinds: PublishedKind[]): Permissions {
  return {
    publish: Object.fromEntries(kinds.map(kind => [kind, 50])),
    floor: undefined,
    power: { levels: { users: new Map([['@ann:example.org', 50]]), usersDefault: 0 }, creation: undefined },
  };
}

/** Ann is on the eastern focus, and wants all of Wim, on the western one. */
function call() {
  const sites = new TwoSites();
  const [ann, wim] = [benchClient('ann'), benchClient('wim')];
  sites.east.bench.join(ann);
  sites.west.bench.join(wim);
  sites.open({ east: [ann], west: [wim] });
  sites.east.bench.subscribe(ann, wim, FULL);
  sites.settle();
  sites.east.bench.agree(ann);
  sites.settle();
  return { sites, ann, wim, ...sites };
}

type Call = ReturnType<typeof call>;

function permit({ sites }: Call, site: 'east' | 'west', permissions: Permissions): void {
  sites[site].bench.take({ kind: 'permissions-changed', permissions });
  sites.settle();
}

/** What of Wim flows to Ann, as her focus has it. */
function flows({ east, ann, wim }: Call): string[] {
  const offered = east.bench.conference.participants.get(ann.call.key)?.offered.values() ?? [];
  const kindOf = (trackId: string): string => (trackId === audioOf(wim).trackId ? 'audio' : 'video');
  return [...offered].flatMap(({ source, paused }) => (paused ? [] : kindOf(source.trackId))).toSorted();
}

/** Kinds of Wim's that Ann is told of. */
function sees({ east, ann, wim }: Call): string[] {
  const stream = east.bench.lastMetadata(ann)?.[videoOf(wim).streamId];
  return Object.values(stream?.tracks ?? {}).map(({ kind }) => String(kind));
}

describe('the focus of a viewer', () => {
  it('lets flow, and shows, what the room lets its publisher publish', () => {
    const it = call();
    expect(flows(it)).toEqual(['audio', 'video']);
    expect(sees(it)).toEqual(['audio', 'video']);
  });

  it.each<[PublishedKind, string[]]>([
    ['video', ['audio']],
    ['audio', ['video']],
  ])('forwards no %s that it may not, though the focus of its publisher does', (kind, others) => {
    const it = call();
    permit(it, 'east', without(kind));
    expect(flows(it)).toEqual(others);
    expect(sees(it)).toEqual(others);
    const ref = kind === 'video' ? videoOf(it.wim) : audioOf(it.wim);
    expect(errors(it.east.bench.want(it.ann, { subscribe: [ref] }), it.ann)).toEqual([
      ['WEIR_UNKNOWN_TRACK', 'm.call.track_subscription'],
    ]);
    it.sites.pass(20_000);
    expect(
      it.west.sent(ref).every(sent => sent?.paused === true),
      'nor asks for it',
    ).toBe(true);
  });

  it('forwards no shared screen that it may not', () => {
    const it = call();
    const { streamId } = videoOf(it.wim);
    const [stream] = Object.values(it.wim.metadata);
    const screen = { [streamId]: { ...stream, purpose: 'm.screenshare' as const } };
    it.west.bench.say(it.wim, { kind: 'metadata_changed', metadata: screen });
    it.sites.settle();
    permit(it, 'east', without('screen'));
    expect(flows(it)).toEqual(['audio']);
  });

  it('forwards it again once it may, to who wanted it before', () => {
    const it = call();
    permit(it, 'east', without('video'));
    permit(it, 'east', { ...OPEN_TO_ALL });
    expect(sees(it)).toEqual(['audio', 'video']);
    expect(flows(it)).toEqual(['audio', 'video']);
  });
});

describe('the focus of a publisher', () => {
  it('sends nothing over the trunk that it may not, though the other focus wants it', () => {
    const it = call();
    permit(it, 'west', without('video'));
    expect(it.west.crossing(it.wim)).toEqual([]);
    expect(it.west.sent(audioOf(it.wim))).toMatchObject([{ paused: false }]);
    expect(wantedOfCamera(it.west.bench.effects, it.wim)).toEqual([false, false, false]);
  });
});

/** Layers of its camera that its focus asked a publisher for last. */
function wantedOfCamera(effects: Parameters<typeof toldIn>[0], publisher: BenchClient): boolean[] {
  const asked = toldIn(effects, publisher, 'layers_wanted').flatMap(({ tracks }) => tracks);
  return (asked.findLast(({ trackId }) => trackId === videoOf(publisher).trackId)?.layers ?? []).map(
    ({ active }) => active,
  );
}
