import { describe, expect, it } from 'vitest';
import type { PageReport, ReceivedStream, SelectedPath } from '../../demo/check/page-report.ts';
import { type CodecCount, judgeCodecs, objectionTo as notIn } from './codecs.ts';
import { countPagePairs, type PageInterval } from './page-pairs.ts';
import { byRelay, judgePaths, objectionTo as notBy, overTcp, type Paths, relayPairs } from './paths.ts';

const TCP: SelectedPath = {
  type: 'prflx',
  protocol: 'tcp',
  relayProtocol: '',
  remoteAddress: '192.0.2.1',
  remotePort: 7900,
};
const RELAY: SelectedPath = { ...TCP, type: 'relay', protocol: 'udp', relayProtocol: 'tcp' };

function stream(userId: string, more: Partial<ReceivedStream> = {}): ReceivedStream {
  return {
    userId,
    purpose: 'm.usermedia',
    streamId: `stream of ${userId}`,
    videoTrackId: 'video',
    frames: 0,
    width: 320,
    codec: 'video/VP8',
    audioPackets: 0,
    audioEnergy: 0,
    undecodable: undefined,
    tile: '',
    ...more,
  };
}

function report(received: ReceivedStream[], paths: SelectedPath[]): PageReport {
  return {
    kind: 'report',
    state: 'connected',
    problem: undefined,
    connections: 1,
    sentVideo: [{ rid: 'f', frames: 30, mid: '1', codec: 'video/VP8', scalabilityMode: '' }],
    sentAudioPackets: 100,
    received,
    remoteAddresses: [],
    paths,
  };
}

/** Two pages that see and hear each other, by a path. */
function call(path: SelectedPath, more: Partial<ReceivedStream> = {}): [PageInterval, PageInterval] {
  const page = (userId: string, other: string, got: Partial<ReceivedStream>): PageInterval => ({
    userId,
    before: report([stream(other, { frames: 100, audioEnergy: 1 })], [path]),
    after: report([stream(other, { frames: 130, audioEnergy: 2, ...got })], [path]),
  });
  return [page('ann', 'ben', more), page('ben', 'ann', {})];
}

describe('pairs by a path', () => {
  it('count where both ends keep to it', () => {
    expect(countPagePairs(call(TCP), notBy(overTcp))).toEqual({ pairs: 2, of: 2, missing: [] });
    expect(countPagePairs(call(RELAY), notBy(byRelay('tcp')))).toMatchObject({ pairs: 2 });
  });

  it('do not where one end goes another way, at either moment', () => {
    const [ann, ben] = call(TCP);
    const strayed = { ...ben, before: { ...ben.before, paths: [{ ...TCP, protocol: 'udp' }] } };
    expect(countPagePairs([ann, strayed], notBy(overTcp))).toMatchObject({ pairs: 0, of: 2 });
    expect(countPagePairs([ann, strayed], notBy(overTcp)).missing[0]).toContain('media of ben goes by prflx udp');
  });

  it('do not where a relay is reached otherwise, or there is no path at all', () => {
    expect(countPagePairs(call(RELAY), notBy(byRelay('udp')))).toMatchObject({ pairs: 0 });
    expect(countPagePairs(call(RELAY), notBy(overTcp))).toMatchObject({ pairs: 0 });
    const [ann, ben] = call(TCP);
    const nowhere = { ...ben, after: { ...ben.after, paths: [] } };
    expect(countPagePairs([ann, nowhere], notBy(overTcp))).toMatchObject({ pairs: 0 });
  });

  it.each([
    { what: 'pictures', more: { frames: 103 }, reason: '3 frames decoded' },
    { what: 'sound', more: { audioEnergy: 1 }, reason: 'no sound' },
  ])('do not without $what', ({ more, reason }) => {
    const { pairs, missing } = countPagePairs(call(TCP, more), notBy(overTcp));
    expect({ pairs, missing }).toEqual({ pairs: 1, missing: [`ben at ann: ${reason}`] });
  });

  it('do not where one does not know the other', () => {
    const [ann, ben] = call(TCP);
    const alone = { ...ann, after: { ...ann.after, received: [] } };
    expect(countPagePairs([alone, ben], notBy(overTcp)).missing).toEqual(['ben at ann: is not known there']);
  });

  it('count the stream that flows of somebody who has just joined again', () => {
    const [ann, ben] = call(TCP);
    const left = stream('ben', { streamId: 'left', frames: 900 });
    const twice = {
      ...ann,
      before: { ...ann.before, received: [left, ...ann.before.received] },
      after: { ...ann.after, received: [left, ...ann.after.received] },
    };
    expect(countPagePairs([twice, ben], notBy(overTcp))).toMatchObject({ pairs: 2 });
  });
});

describe('pairs in a codec', () => {
  it('count where it is sent and decoded', () => {
    expect(countPagePairs(call(TCP), notIn('VP8'))).toMatchObject({ pairs: 2, of: 2 });
  });

  it('do not where another is decoded, or sent beside it', () => {
    expect(countPagePairs(call(TCP), notIn('AV1')).missing[0]).toContain('decodes video/VP8');
    const [ann, ben] = call(TCP);
    const sentVideo = [{ rid: 'f', frames: 30, mid: '1', codec: 'video/H264', scalabilityMode: '' }];
    const mixed = { ...ann, after: { ...ann.after, sentVideo } };
    expect(countPagePairs([mixed, ben], notIn('VP8')).missing).toEqual(['ann at ben: sends video/H264']);
  });
});

describe('the bounds', () => {
  const all = { pairs: 6, of: 6, missing: [] };
  const whole: Paths = { tcp: all, relay: { udp: all, tcp: all } };
  const fewer = { pairs: 5, of: 6, missing: ['ann at ben: no sound'] };

  it('are six pairs by each path', () => {
    expect(judgePaths(whole)).toEqual([]);
    expect(judgePaths({ ...whole, tcp: fewer })).toEqual([
      '5 of 6 pairs call over TCP',
      'over TCP, ann at ben: no sound',
    ]);
    expect(judgePaths({ ...whole, relay: { udp: all, tcp: fewer } })).toHaveLength(2);
    expect(judgePaths({ ...whole, relay: { udp: fewer, tcp: all } })).toHaveLength(2);
    expect(judgePaths(null)).toEqual(['paths were not measured']);
  });

  it('take of relays what holds however they are reached', () => {
    expect(relayPairs(whole)).toBe(6);
    expect(relayPairs({ ...whole, relay: { udp: all, tcp: fewer } })).toBe(5);
  });

  it('are two pairs in each codec', () => {
    const counts = (['VP8', 'VP9', 'H264', 'AV1'] as const).map(
      (codec): CodecCount => ({
        codec,
        pairs: 2,
        of: 2,
        missing: [],
      }),
    );
    expect(judgeCodecs(counts)).toEqual([]);
    expect(judgeCodecs(counts.slice(1))).toEqual(['VP8 was not measured']);
    expect(judgeCodecs(counts.map(one => (one.codec === 'AV1' ? { ...one, pairs: 1, missing: ['x'] } : one)))).toEqual([
      '1 of 2 pairs in AV1',
      'AV1, x',
    ]);
    expect(judgeCodecs(null)).toEqual(['codecs were not measured']);
  });
});
