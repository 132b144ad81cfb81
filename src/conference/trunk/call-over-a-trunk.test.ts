/** One call on two foci: each has a client, and a trunk carries the call between them. */
import { describe, expect, it } from 'vitest';
import { metadataFor } from '../metadata.ts';
import {
  audioOf,
  type BenchClient,
  benchClient,
  callOfMany,
  layersOfCamera,
  toldIn,
  videoOf,
} from '../../testing/conference-bench.ts';
import { TwoSites } from '../../testing/two-sites.ts';

const FULL = { width: 1280, height: 720 };
const THUMBNAIL = { width: 160, height: 90 };

/** Ann is on the eastern focus, Wim and Will on the western one. */
function call() {
  const sites = new TwoSites();
  const [ann, wim, will] = [benchClient('ann'), benchClient('wim'), benchClient('will')];
  sites.east.bench.join(ann);
  sites.west.bench.join(wim);
  sites.west.bench.join(will);
  sites.open({ east: [ann], west: [wim, will] });
  return { sites, ann, wim, will, east: sites.east, west: sites.west };
}

/** A western viewer wants Ann's camera and voice. */
function watch({ sites, ann, west }: ReturnType<typeof call>, viewer: BenchClient, size = FULL): void {
  west.bench.subscribe(viewer, ann, size);
  sites.settle();
  west.bench.agree(viewer);
  sites.settle();
}

function stopWatching({ sites, ann, west }: ReturnType<typeof call>, viewer: BenchClient): void {
  west.bench.want(viewer, { unsubscribe: ann.tracks.map(({ ref }) => ref) });
  sites.settle();
}

describe('members of two foci', () => {
  it('see each other under their own names', () => {
    const { east, west, ann, wim, will } = call();
    expect(Object.values(west.bench.lastMetadata(wim) ?? {}).map(({ user_id: user }) => user)).toEqual([
      '@will:example.org',
      '@ann:example.org',
    ]);
    expect(Object.keys(east.bench.lastMetadata(ann) ?? {}).toSorted()).toEqual(
      [wim, will].map(client => videoOf(client).streamId).toSorted(),
    );
  });

  it('make nothing cross before somebody wants it, voices included', () => {
    const { east, ann } = call();
    expect(east.crossing(ann)).toEqual([]);
    expect(east.sent(audioOf(ann))).toMatchObject([{ paused: true }]);
    expect(east.sent(videoOf(ann))).toHaveLength(3);
  });

  it('find a camera running when their trunk opens, for they are about to ask for it', () => {
    const { sites, east, ann } = call();
    const asked = (): boolean[] | undefined =>
      toldIn(east.bench.effects, ann, 'layers_wanted')
        .flatMap(({ tracks }) => tracks)
        .findLast(({ trackId }) => trackId === videoOf(ann).trackId)
        ?.layers.map(({ active }) => active);
    expect(asked()).toEqual([true, true, true]);
    sites.pass(5_000);
    expect(asked(), 'nobody did').toEqual([false, false, false]);
  });

  it('get the layer that they draw, beside the lowest, which all fall back to', () => {
    const it = call();
    watch(it, it.wim);
    expect(it.east.crossing(it.ann)).toEqual([0, 2]);
    expect(it.east.sent(audioOf(it.ann))).toMatchObject([{ paused: false }]);
    expect(it.west.bench.served(it.wim, it.ann)).toMatchObject({ layer: 2, paused: false });
  });

  it('of two sizes make each of the two layers cross once', () => {
    const it = call();
    watch(it, it.wim, THUMBNAIL);
    expect(it.east.crossing(it.ann)).toEqual([0]);
    watch(it, it.will, FULL);
    expect(it.east.crossing(it.ann)).toEqual([0, 2]);
    expect(it.west.bench.served(it.wim, it.ann)).toMatchObject({ layer: 0, paused: false });
    expect(it.west.bench.served(it.will, it.ann)).toMatchObject({ layer: 2, paused: false });
  });

  it('who draw it smaller let the high layer go, after a while', () => {
    const it = call();
    watch(it, it.wim);
    watch(it, it.wim, THUMBNAIL);
    expect(it.east.crossing(it.ann), 'who only turns the page comes back to a running layer').toEqual([0, 2]);
    it.sites.pass(20_000);
    expect(it.east.crossing(it.ann)).toEqual([0]);
  });

  it('let nothing cross once nobody watches, and her focus asks Ann for nothing', () => {
    const it = call();
    watch(it, it.wim);
    it.sites.pass(5_000);
    stopWatching(it, it.wim);
    it.sites.pass(25_000);
    expect(it.east.crossing(it.ann)).toEqual([]);
    expect(it.east.sent(audioOf(it.ann))).toMatchObject([{ paused: true }]);
    const told = toldIn(it.east.bench.effects, it.ann, 'layers_wanted').flatMap(({ tracks }) => tracks);
    expect(told.at(-1)).toMatchObject({
      ...videoOf(it.ann),
      layers: [{ active: false }, { active: false }, { active: false }],
    });
  });

  it('see who is muted', () => {
    const { sites, east, west, ann, wim } = call();
    const { streamId } = videoOf(ann);
    const muted = Object.fromEntries(
      Object.entries(ann.metadata).map(([id, stream]) => [id, { ...stream, audio_muted: true }]),
    );
    east.bench.say(ann, { kind: 'metadata_changed', metadata: muted });
    sites.settle();
    expect(west.bench.lastMetadata(wim)?.[streamId]).toMatchObject({ audio_muted: true, user_id: '@ann:example.org' });
  });

  it('see who leaves go, and nobody wants anything of them any more', () => {
    const it = call();
    watch(it, it.wim);
    const carol = benchClient('carol');
    it.east.bench.join(carol);
    it.east.bench.take({ kind: 'hung-up', call: it.ann.call });
    it.sites.settle();
    expect(Object.keys(it.west.bench.lastMetadata(it.wim) ?? {})).toEqual([videoOf(it.will).streamId]);
    expect(it.west.bench.conference.participants.get(it.wim.call.key)?.wanted.size).toBe(0);
  });

  it('are told who speaks there', () => {
    const { west, ann, wim } = call();
    west.bench.want(wim, { tell: ['speakers'] });
    west.bench.take({ kind: 'dominant', call: west.far.call, track: audioOf(ann) });
    expect(toldIn(west.bench.effects, wim, 'speakers').at(-1)).toEqual({ kind: 'speakers', latest: [audioOf(ann)] });
  });
});

describe('the focus of a viewer', () => {
  it('says how many want each layer, in powers of two', () => {
    const it = call();
    watch(it, it.wim, THUMBNAIL);
    watch(it, it.will, FULL);
    const wanted = [...(it.east.remote?.wanted.values() ?? [])].map(({ only }) => only);
    expect(wanted).toContainEqual({ layer: 0, viewers: 2 });
    expect(wanted).toContainEqual({ layer: 2, viewers: 1 });
  });

  it('moves its viewers before a layer stops, and then asks for it no more', () => {
    const it = call();
    watch(it, it.wim);
    it.west.bench.take({
      kind: 'shown',
      call: it.wim.call,
      track: [...(it.west.bench.conference.participants.get(it.wim.call.key)?.offered.keys() ?? [])].find(key =>
        key.includes('video'),
      )!,
      layer: 2,
    });
    it.east.bench.say(it.ann, { kind: 'layers_available', tracks: [layersOfCamera(it.ann, [true, true, false])] });
    it.sites.settle();
    expect(it.west.bench.served(it.wim, it.ann)?.layer).toBe(1);
    expect(it.east.crossing(it.ann), 'it is still shown').toContain(2);
    it.west.bench.show(it.wim, it.ann, 1);
    it.sites.settle();
    expect(it.east.crossing(it.ann)).toEqual([0, 1]);
  });
});

describe('a trunk that is narrow', () => {
  it('carries voices, then the lowest layers of all, then more for those whom more want', () => {
    const sites = new TwoSites();
    const [ann, abe] = [benchClient('ann'), benchClient('abe')];
    const { bench: west, clients } = {
      bench: sites.west.bench,
      clients: ['w1', 'w2', 'w3'].map(name => benchClient(name)),
    };
    for (const client of [ann, abe]) sites.east.bench.join(client);
    for (const client of clients) west.join(client);
    sites.open({ east: [ann, abe], west: clients });
    sites.east.bench.settleBitrates([ann, abe], [100_000, 400_000, 1_500_000]);
    const [one, two, three] = clients;
    if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');
    for (const viewer of [one, two]) west.subscribe(viewer, abe, FULL);
    west.subscribe(three, ann, FULL);
    sites.settle();
    west.agree(...clients);
    sites.settle();
    sites.east.bench.take({ kind: 'estimated', call: sites.east.far.call, available: 2_000_000 });
    sites.pass(3_000);
    expect([sites.east.crossing(ann), sites.east.crossing(abe)]).toEqual([[0], [0, 2]]);
    sites.east.bench.take({ kind: 'estimated', call: sites.east.far.call, available: 400_000 });
    sites.pass(3_000);
    expect([sites.east.crossing(ann), sites.east.crossing(abe)]).toEqual([[0], [0]]);
    expect(sites.east.sent(audioOf(ann))).toMatchObject([{ paused: false }]);
    expect(west.served(one, abe), 'its viewers were moved').toMatchObject({ layer: 0, paused: false });
    sites.east.bench.take({ kind: 'estimated', call: sites.east.far.call, available: 10_000_000 });
    sites.pass(30_000);
    expect([sites.east.crossing(ann), sites.east.crossing(abe)]).toEqual([
      [0, 2],
      [0, 2],
    ]);
  });
});

describe('a trunk that is cut', () => {
  it('changes nothing while it comes back in time, and what happened meanwhile is told then', () => {
    const it = call();
    watch(it, it.wim);
    it.sites.link('broken');
    const before = it.west.bench.effects.length;
    it.sites.pass(20_000);
    const adjusts = it.west.bench.effects.slice(before).filter(({ kind }) => kind === 'adjust');
    expect(adjusts).toEqual([]);
    const carol = benchClient('carol');
    it.east.bench.join(carol);
    it.west.bench.take({ kind: 'speaks-for', call: it.west.far.call, devices: [it.ann.session, carol.session] });
    it.sites.link('resumed');
    expect(Object.keys(it.west.bench.lastMetadata(it.wim) ?? {})).toContain(videoOf(carol).streamId);
    expect(it.east.crossing(it.ann)).toEqual([0, 2]);
  });

  it('takes those behind it with it when it stays so', () => {
    const it = call();
    it.sites.link('broken');
    it.sites.pass(46_000);
    expect(it.west.remote).toBeUndefined();
    expect(Object.keys(it.west.bench.lastMetadata(it.wim) ?? {})).toEqual([videoOf(it.will).streamId]);
    expect(it.west.bench.effects).toContainEqual({
      kind: 'close-trunk',
      call: it.west.far.call,
      code: 'WEIR_KEEP_ALIVE',
    });
  });
});

describe('a conference', () => {
  it('in which nobody is but another focus is empty', () => {
    const { east, ann } = call();
    east.bench.take({ kind: 'hung-up', call: ann.call });
    expect(east.bench.conference.participants.size).toBe(0);
    expect(east.bench.effects).toContainEqual({ kind: 'close-trunk', call: east.far.call, code: 'WEIR_TRUNK_CLOSED' });
  });

  it('does not count foci among those whom it has room for', () => {
    const { bench, clients } = callOfMany('ann', 'ben');
    expect(bench.conference.participants.size).toBe(clients.length);
  });

  it('tells one trunk nothing of what came by another', () => {
    const { west, sites, ann } = call();
    const session = { userId: '@focus:north.example', deviceId: 'NORTH', sessionId: 'e' };
    west.bench.take({ kind: 'trunk-opened', session, callId: 'trunk-north', speaksFor: [] });
    sites.settle();
    const north = [...west.bench.conference.roster.foci].find(({ callId }) => callId === 'trunk-north');
    if (north === undefined) throw new Error('north is there');
    expect(Object.keys(metadataFor(west.bench.conference, north))).not.toContain(videoOf(ann).streamId);
    const sources = [...north.offered.values()].map(({ source }) => source.streamId);
    expect(sources).not.toContain(videoOf(ann).streamId);
    expect(new Set(sources).size).toBe(2);
  });
});

describe('another focus that lies', () => {
  /** The western site as the eastern one sees it says this of streams. */
  function says(it: ReturnType<typeof call>, metadata: Record<string, { user_id?: string; device_id?: string }>): void {
    const streams = Object.fromEntries(
      Object.entries(metadata).map(([id, owner]) => [
        id,
        { ...owner, purpose: 'm.usermedia', tracks: { t: { kind: 'video' as const } } },
      ]),
    );
    it.east.hear(
      JSON.stringify({ type: 'm.call.sdp_stream_metadata_changed', content: { sdp_stream_metadata: streams } }),
    );
  }

  function complaints({ east }: ReturnType<typeof call>): string[] {
    return east.bench.effects.flatMap(effect =>
      effect.kind === 'tell' && effect.news.kind === 'error' && effect.call.callId === east.far.call.callId
        ? [effect.news.error.code]
        : [],
    );
  }

  it('speaks for nobody whom the room does not put on it, and for nobody who is here', () => {
    const it = call();
    const stranger = { user_id: '@eve:example.org', device_id: 'EVEDEV' };
    const ann = { user_id: it.ann.session.userId, device_id: it.ann.session.deviceId };
    it.east.bench.take({ kind: 'speaks-for', call: it.east.far.call, devices: [it.wim.session, it.ann.session] });
    says(it, { made: stranger, up: ann });
    it.sites.pass(20_000);
    expect(it.east.bench.lastMetadata(it.ann)).toEqual({});
    expect(complaints(it)).toEqual(['WEIR_TRUNK_STREAM']);
    says(it, { nobodys: {} });
    expect(complaints(it), 'of nobody at once').toHaveLength(2);
  });

  it('is believed once the room puts them on it, and nobody complains of a room that is late', () => {
    const it = call();
    const late = { user_id: '@late:example.org', device_id: 'LATEDEV' };
    says(it, { lately: late });
    expect(it.east.bench.lastMetadata(it.ann)).toEqual({});
    const devices = [it.wim.session, { userId: late.user_id, deviceId: late.device_id }];
    it.east.bench.take({ kind: 'speaks-for', call: it.east.far.call, devices });
    expect(it.east.bench.lastMetadata(it.ann)).toMatchObject({ lately: late });
    it.sites.pass(20_000);
    expect(complaints(it)).toEqual([]);
  });

  it('takes no id from who is here, whoever comes first', () => {
    const it = call();
    const wim = { user_id: it.wim.session.userId, device_id: it.wim.session.deviceId };
    const carol = benchClient('carol');
    says(it, { [videoOf(it.ann).streamId]: wim, [videoOf(carol).streamId]: wim });
    expect(complaints(it)).toContain('WEIR_TRACK_TAKEN');
    it.east.bench.join(carol);
    expect(it.east.bench.newsFor(carol, 'error')).toEqual([]);
    expect(it.east.bench.lastMetadata(it.ann)?.[videoOf(carol).streamId]).toMatchObject({
      user_id: carol.session.userId,
    });
    it.east.bench.take({ kind: 'hung-up', call: carol.call });
    expect(it.east.bench.lastMetadata(it.ann)?.[videoOf(carol).streamId], 'free again').toMatchObject(wim);
  });

  it('may not publish what the room does not let its members', () => {
    const it = call();
    const barred = { publish: { video: 50, screen: 50, audio: 50 }, floor: undefined } as const;
    const power = { levels: { users: new Map([[it.ann.session.userId, 50]]), usersDefault: 0 }, creation: undefined };
    it.east.bench.take({ kind: 'permissions-changed', permissions: { ...barred, power } });
    expect(it.east.bench.lastMetadata(it.ann)).toEqual({});
  });
});
