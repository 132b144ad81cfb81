import { describe, expect, it } from 'vitest';
import { countPairs, type Interval, judgePairs, type Pair } from './pairs.ts';
import type { ReceivedAudio, ReceivedVideo, SentLayer, Snapshot } from './probe.ts';

const TEN_SECONDS_MS = 10_000;

function snapshot(name: string, parts: Partial<Snapshot>): Snapshot {
  return {
    constructed: 1,
    open: 1,
    connected: true,
    publishedStreams: [`stream of ${name}`],
    sent: [],
    video: [],
    audio: [],
    remoteEnds: [],
    ...parts,
  };
}

function layer(at: number, height: number, framesEncoded: number): SentLayer {
  return { at, rid: `${height}p`, width: (height * 16) / 9, height, framesEncoded };
}

function video(at: number, height: number, framesDecoded: number): ReceivedVideo {
  return {
    at,
    streamId: 'stream of ana',
    trackId: 'v',
    width: (height * 16) / 9,
    height,
    framesDecoded,
    freezes: 0,
    frozenMs: 0,
  };
}

function audio(at: number, energy: number, samples: number, concealed: number): ReceivedAudio {
  return { at, streamId: 'stream of ana', trackId: 'a', energy, samples, concealed };
}

const ana: Interval = {
  name: 'ana',
  before: snapshot('ana', { sent: [layer(0, 360, 1_000), layer(0, 180, 2_000)] }),
  after: snapshot('ana', { sent: [layer(TEN_SECONDS_MS, 360, 1_150), layer(TEN_SECONDS_MS, 180, 2_150)] }),
};

function bobOfAna(before: Partial<Snapshot>, after: Partial<Snapshot>): Pair {
  const bob = { name: 'bob', before: snapshot('bob', before), after: snapshot('bob', after) };
  const pair = judgePairs([ana, bob]).find(({ viewer }) => viewer === 'bob');
  if (pair === undefined) throw new Error('no pair');
  return pair;
}

describe('video', () => {
  const decodes = (frames: number, height = 360): Pair =>
    bobOfAna({ video: [video(0, height, 0)] }, { video: [video(TEN_SECONDS_MS, height, frames)] });

  it('counts from 80 % of the frames that the sender encodes for the layer', () => {
    expect(decodes(120).video.passed).toBe(true);
    expect(decodes(119).video.passed).toBe(false);
  });
  it('compares with the layer that the viewer gets', () => {
    const lower = { ...ana, after: snapshot('ana', { sent: [layer(TEN_SECONDS_MS, 180, 2_040)] }) };
    const bob = {
      name: 'bob',
      before: snapshot('bob', { video: [video(0, 180, 0)] }),
      after: snapshot('bob', { video: [video(TEN_SECONDS_MS, 180, 40)] }),
    };
    expect(judgePairs([lower, bob])[1]?.video).toEqual({
      passed: true,
      because: 'decodes 4.0 of 4.0 frames/s of 320x180',
    });
  });
  it('compares rates: the two sides read their counters at slightly different times', () => {
    const pair = bobOfAna({ video: [video(500, 360, 0)] }, { video: [video(5_500, 360, 75)] });
    expect(pair.video.passed).toBe(true);
  });
  it('does not count a size that the sender does not encode', () => expect(decodes(150, 270).video.passed).toBe(false));
  it('does not count what stands still', () => expect(decodes(0).video.passed).toBe(false));
  it('does not count where nothing is encoded', () => {
    const still = { ...ana, after: { ...ana.before, sent: [layer(TEN_SECONDS_MS, 360, 1_000)] } };
    const bob = {
      name: 'bob',
      before: snapshot('bob', { video: [video(0, 360, 7)] }),
      after: snapshot('bob', { video: [video(TEN_SECONDS_MS, 360, 7)] }),
    };
    expect(judgePairs([still, bob])[1]?.video.passed).toBe(false);
  });
  it('does not count what came only during the window', () => {
    expect(bobOfAna({}, { video: [video(TEN_SECONDS_MS, 360, 150)] }).video.passed).toBe(false);
  });
  it('does not count the stream of somebody else', () => {
    const of = (at: number, frames: number): ReceivedVideo => ({
      ...video(at, 360, frames),
      streamId: 'stream of eve',
    });
    expect(bobOfAna({ video: [of(0, 0)] }, { video: [of(TEN_SECONDS_MS, 150)] }).video.passed).toBe(false);
  });
});

describe('audio', () => {
  const hears = (energy: number, concealed: number, samples = 480_000): Pair =>
    bobOfAna(
      { audio: [audio(0, 1, 1_000, 500)] },
      { audio: [audio(TEN_SECONDS_MS, 1 + energy, 1_000 + samples, 500 + concealed)] },
    );

  it('counts while its energy grows and under 2 % is concealed', () => {
    expect(hears(0.1, 9_599).audio.passed).toBe(true);
    expect(hears(0.1, 9_600).audio.passed).toBe(false);
  });
  it('does not count without energy', () => expect(hears(0, 0).audio.passed).toBe(false));
  it('does not count where nothing is played', () => expect(hears(0.1, 0, 0).audio.passed).toBe(false));
  it('does not count where nothing came', () => expect(bobOfAna({}, {}).audio.passed).toBe(false));
});

describe('countPairs', () => {
  it('counts what passed and tells what is missing, with its reason', () => {
    const pair = bobOfAna({ video: [video(0, 360, 0)] }, { video: [video(TEN_SECONDS_MS, 360, 150)] });
    expect(countPairs([pair], 'video')).toEqual({ passed: 1, missing: [] });
    expect(countPairs([pair], 'audio')).toEqual({
      passed: 0,
      missing: ['audio of ana at bob: no audio arrives'],
    });
  });
  it('knows every ordered pair', () => {
    const page = (name: string): Interval => ({ name, before: snapshot(name, {}), after: snapshot(name, {}) });
    const pairs = judgePairs(['a', 'b', 'c'].map(page)).map(({ sender, viewer }) => `${sender}${viewer}`);
    expect(pairs.toSorted()).toEqual(['ab', 'ac', 'ba', 'bc', 'ca', 'cb']);
  });
});
