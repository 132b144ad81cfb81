/** Statistics as Chromium and Firefox give them, as counters and as figures. */
import { describe, expect, it } from 'vitest';
import { readStatistics, type StatisticsSample, type StreamCounters } from './statistics.ts';
import { LINE_SAMPLES, StatisticsHistory } from './statistics-history.ts';

const CHROMIUM = [
  { id: 'T01', type: 'transport', selectedCandidatePairId: 'CPused' },
  { id: 'CPother', type: 'candidate-pair', currentRoundTripTime: 9 },
  { id: 'CPused', type: 'candidate-pair', currentRoundTripTime: 0.023 },
  { id: 'SV', type: 'media-source', kind: 'video', trackIdentifier: 'camera' },
  {
    id: 'IT1',
    type: 'inbound-rtp',
    kind: 'video',
    mid: '4',
    timestamp: 1_000,
    bytesReceived: 900,
    headerBytesReceived: 100,
    packetsReceived: 10,
    packetsLost: 2,
    frameWidth: 640,
    frameHeight: 360,
    framesPerSecond: 29,
  },
  {
    id: 'OTf',
    type: 'outbound-rtp',
    kind: 'video',
    mid: '1',
    rid: 'f',
    active: true,
    mediaSourceId: 'SV',
    timestamp: 1_000,
    bytesSent: 5_000,
    headerBytesSent: 500,
    packetsSent: 50,
    frameWidth: 1_280,
    frameHeight: 720,
    framesPerSecond: 30,
    qualityLimitationReason: 'cpu',
  },
  { id: 'OTq', type: 'outbound-rtp', kind: 'video', mid: '1', rid: 'q', active: false, timestamp: 1_000 },
  { id: 'RIf', type: 'remote-inbound-rtp', kind: 'video', localId: 'OTf', packetsLost: 3, roundTripTime: 0.5 },
];

describe('a report', () => {
  it('of Chromium says what flows each way, and how long the way is', () => {
    const { streams, roundTripMs } = readStatistics(CHROMIUM);
    expect(roundTripMs).toBe(23);
    expect(streams.map(({ id }) => id)).toEqual(['IT1', 'OTf', 'OTq']);
    expect(streams[0]).toMatchObject({
      direction: 'received',
      mid: '4',
      bytes: 1_000,
      packets: 10,
      lost: 2,
      width: 640,
      height: 360,
      framesPerSecond: 29,
    });
    expect(streams[1]).toMatchObject({
      direction: 'sent',
      rid: 'f',
      bytes: 5_500,
      lost: 3,
      active: true,
      limitedBy: 'cpu',
      capturedTrackId: 'camera',
    });
    expect(streams[2]).toMatchObject({ active: false, bytes: 0, lost: undefined, width: undefined });
  });

  it('of Firefox marks the path in use; where that has no time, the focus’s reports have', () => {
    const pair = { id: 'a', type: 'candidate-pair', selected: true };
    const told = { id: 'b', type: 'remote-inbound-rtp', localId: 'x', roundTripTime: 0.04 };
    expect(readStatistics([pair, told]).roundTripMs).toBe(40);
    expect(readStatistics([{ ...pair, currentRoundTripTime: 0.011 }, told]).roundTripMs).toBe(11);
  });

  it('may hold anything', () => {
    const odd = [null, 7, 'x', [], {}, { id: 1 }, { id: 'a' }, { id: 'b', type: 'inbound-rtp', kind: 'data' }];
    expect(readStatistics(odd)).toEqual({ streams: [], roundTripMs: undefined });
    const [stream] = readStatistics([
      { id: 'c', type: 'inbound-rtp', kind: 'video', bytesReceived: 'many', packetsLost: Number.NaN, frameWidth: null },
    ]).streams;
    expect(stream).toMatchObject({ bytes: 0, lost: undefined, width: undefined, mid: undefined });
  });
});

const BASE: StreamCounters = {
  id: 'v',
  direction: 'received',
  kind: 'video',
  mid: '1',
  at: 0,
  bytes: 0,
  packets: 0,
  lost: 0,
  width: 320,
  height: 180,
  framesPerSecond: 15,
  rid: undefined,
  active: true,
  limitedBy: undefined,
  capturedTrackId: undefined,
};

const sample = (...streams: Partial<StreamCounters>[]): StatisticsSample => ({
  streams: streams.map(stream => ({ ...BASE, ...stream })),
  roundTripMs: undefined,
});
const ANA = [{ key: 'ana', mids: ['1', '2'] }];

describe('figures', () => {
  it('add what flows of sound and picture, and nothing of others', () => {
    const history = new StatisticsHistory();
    const at = (ms: number, video: number, audio: number): StatisticsSample =>
      sample(
        { at: ms, bytes: video },
        { id: 'a', kind: 'audio', mid: '2', at: ms, bytes: audio },
        { id: 'bo', mid: '3', at: ms, bytes: ms * 1_000 },
        { id: 'own', direction: 'sent', mid: '1', at: ms, bytes: ms * 1_000 },
      );
    expect(history.take(at(0, 0, 0), ANA).received.get('ana')?.bitrate).toBeUndefined();
    const figures = history.take(at(2_000, 50_000, 10_000), ANA).received.get('ana');
    expect(figures?.bitrate).toBe(240_000);
    expect(figures?.line).toEqual([undefined, 240_000]);
    expect(figures?.layers).toMatchObject([{ width: 320, height: 180, framesPerSecond: 15, bitrate: 200_000 }]);
  });

  it('have a gap where counting began anew, and never a negative flow', () => {
    const history = new StatisticsHistory();
    const bytes = [1_000, 2_000, 500, 1_500];
    const all = bytes.map((count, index) => history.take(sample({ at: index * 1_000, bytes: count }), ANA));
    expect(all.at(-1)?.received.get('ana')?.line).toEqual([undefined, 8_000, undefined, 8_000]);
    const [before, after] = [{ id: 'old' }, { id: 'new', at: 5_000, bytes: 9 }].map(stream => sample(stream));
    const other = new StatisticsHistory();
    if (before !== undefined) other.take(before, ANA);
    expect(after === undefined ? 0 : other.take(after, ANA).received.get('ana')?.bitrate).toBeUndefined();
  });

  it('hold a minute and no more', () => {
    const history = new StatisticsHistory();
    let length = 0;
    for (let index = 0; index < 200; index += 1) {
      const figures = history.take(sample({ at: index * 1_000, bytes: index }), ANA).received.get('ana');
      length = Math.max(length, figures?.line.length ?? 0);
    }
    expect(length).toBe(LINE_SAMPLES);
  });

  it('forget whoever is gone', () => {
    const history = new StatisticsHistory();
    history.take(sample({ at: 0 }), ANA);
    history.take(sample({ at: 1_000 }), ANA);
    expect([...history.take(sample({ at: 2_000 }), []).received]).toEqual([]);
    expect(history.take(sample({ at: 3_000 }), ANA).received.get('ana')?.line).toHaveLength(1);
  });

  it('tell loss over ten samples, of what came and of what we sent', () => {
    const history = new StatisticsHistory();
    const at = (second: number, lost: number): StatisticsSample =>
      sample(
        { at: second * 1_000, packets: second * 90, lost },
        { id: 'o', direction: 'sent', at: second * 1_000, packets: second * 100, lost },
      );
    history.take(at(0, 0), ANA);
    const lossy = history.take(at(1, 10), ANA);
    expect(lossy.received.get('ana')?.lossPercent).toBeCloseTo(10);
    expect(lossy.sent.lossPercent).toBeCloseTo(10);
    for (let second = 2; second <= 10; second += 1) history.take(at(second, 10), ANA);
    const calm = history.take(at(11, 10), ANA);
    expect(calm.received.get('ana')?.lossPercent).toBe(0);
    // Late packets are not lost: the count falls.
    expect(history.take(at(12, 4), ANA).sent.lossPercent).toBe(0);
  });

  it('know no loss where nobody tells of it, or nothing was sent', () => {
    const history = new StatisticsHistory();
    for (const at of [0, 1_000]) {
      const { sent, received } = history.take(
        sample({ id: 'o', direction: 'sent', at, packets: at, lost: undefined }, { at }),
        ANA,
      );
      expect([sent.lossPercent, received.get('ana')?.lossPercent]).toEqual([undefined, undefined]);
    }
  });

  it('list the layers that we send, sound left out, the largest first', () => {
    const history = new StatisticsHistory();
    const layers = ['q', 'f', 'h'].map(rid => ({ id: rid, rid, direction: 'sent' as const, active: rid !== 'f' }));
    const { sent } = history.take(sample(...layers, { id: 'a', kind: 'audio', direction: 'sent' }), []);
    expect(sent.layers.map(({ rid, active }) => [rid, active])).toEqual([
      ['f', false],
      ['h', true],
      ['q', true],
    ]);
  });
});
