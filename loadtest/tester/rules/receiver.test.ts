import { describe, expect, it } from 'vitest';
import type { ReceivedTrack } from '../../peers/received-media.ts';
import type { Unhappiness } from '../result.ts';
import { judgeReceiver, newReceiver, type ReceiverInput, type Wanted } from './receiver.ts';

const AUDIO: Wanted = { key: 's a', kind: 'audio', excuse: undefined };
const VIDEO: Wanted = { key: 's v', kind: 'video', excuse: undefined };

function track(kind: 'audio' | 'video', figures: Partial<ReceivedTrack> = {}): ReceivedTrack {
  return {
    streamId: 's',
    trackId: kind === 'audio' ? 'a' : 'v',
    kind,
    packets: 50,
    bytes: 5_000,
    lost: 0,
    repaired: 0,
    jitterMs: 1,
    keyframes: 0,
    frames: kind === 'video' ? 15 : 0,
    longestGapMs: 70,
    size: undefined,
    ...figures,
  };
}

function input(wanted: readonly Wanted[], tracks: readonly ReceivedTrack[]): ReceiverInput {
  return {
    expects: true,
    wanted,
    received: new Map(tracks.map(each => [`${each.streamId} ${each.trackId}`, each])),
  };
}

/** The verdicts of looks a second apart, from the invite on. */
function verdicts(looks: readonly ReceiverInput[]): (Unhappiness | undefined)[] {
  let state = newReceiver(0);
  return looks.map((look, index) => {
    const judged = judgeReceiver(state, look, (index + 1) * 1_000);
    state = judged.state;
    return judged.unhappy;
  });
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const FINE = input([AUDIO, VIDEO], [track('audio'), track('video')]);

describe('a receiver', () => {
  it('is happy with what it gets', () => {
    expect(verdicts(times(20, FINE))).toEqual(times(20, undefined));
  });

  it('waits 5 s for its first media', () => {
    const nothing = input([AUDIO, VIDEO], []);
    expect(verdicts(times(7, nothing))).toEqual([...times(5, undefined), 'no_first_media', 'no_first_media']);
  });

  it('is not judged where nobody publishes for it', () => {
    expect(verdicts(times(10, { ...input([], []), expects: false }))).toEqual(times(10, undefined));
  });

  it('is unhappy for 10 s after more than 2 % of the audio were lost', () => {
    const lossy = input([AUDIO], [track('audio', { packets: 35, lost: 15 })]);
    const fine = input([AUDIO], [track('audio')]);
    const found = verdicts([...times(3, fine), lossy, ...times(12, fine)]);
    expect(found.slice(0, 3)).toEqual(times(3, undefined));
    expect(found.slice(3, 13)).toEqual(times(10, 'audio_loss'));
    expect(found.slice(13)).toEqual(times(3, undefined));
  });

  it('bears 1 % of loss', () => {
    const found = verdicts(times(12, input([AUDIO], [track('audio', { packets: 99, lost: 1 })])));
    expect(found).toEqual(times(12, undefined));
  });

  it('loses what a dead path does not bring, though nobody counts it', () => {
    const dead = input([AUDIO], []);
    const found = verdicts([...times(5, input([AUDIO], [track('audio')])), ...times(3, dead)]);
    // One look may fall between two packets.
    expect(found.slice(5)).toEqual([undefined, 'audio_loss', 'audio_loss']);
  });

  it('is unhappy for 10 s after a gap of video over 1 s', () => {
    const gap = input([VIDEO], [track('video', { longestGapMs: 1_200 })]);
    const fine = input([VIDEO], [track('video')]);
    const found = verdicts([...times(3, fine), gap, ...times(11, fine)]);
    expect(found.filter(verdict => verdict === 'video_gap')).toHaveLength(10);
    expect(found.at(-1)).toBeUndefined();
  });

  it('forgives the gap before the first frame, and that of what it did not subscribe to', () => {
    const first = input([VIDEO], [track('video', { longestGapMs: 3_000 })]);
    const unwanted = input([], [track('video', { longestGapMs: 9_000, packets: 0, frames: 0 })]);
    expect(verdicts([first, input([VIDEO], [track('video')]), unwanted, first])).toEqual(times(4, undefined));
  });

  it('forgets the gap of a track that has ended', () => {
    const gap = input([VIDEO], [track('video', { longestGapMs: 1_200 })]);
    expect(verdicts([FINE, gap, input([], [])])).toEqual([undefined, 'video_gap', undefined]);
  });

  it('misses a video of which no frame comes within 5 s', () => {
    const silent = input([AUDIO, VIDEO], [track('audio')]);
    expect(verdicts(times(8, silent)).slice(-2)).toEqual(['no_layer', 'no_layer']);
  });

  it.each(['muted', 'hidden', 'no_layer'] as const)('misses no video that is %s', excuse => {
    const excused = input(
      [AUDIO, { ...VIDEO, excuse }],
      [track('audio'), track('video', { frames: 0, longestGapMs: 9_000 })],
    );
    expect(verdicts([FINE, ...times(12, excused)])).toEqual(times(13, undefined));
  });

  it('has no layer of a video that the focus has no time for', () => {
    const shed = { ...VIDEO, excuse: 'overload' as const };
    expect(verdicts([FINE, input([AUDIO, shed], [track('audio')])]).at(-1)).toBe('no_layer');
  });

  it('has no layer where the focus pauses all that it wants for the link', () => {
    const paused = { ...VIDEO, excuse: 'bandwidth' as const };
    const other = { ...VIDEO, key: 's w' };
    expect(verdicts([FINE, input([AUDIO, paused], [track('audio')])]).at(-1)).toBe('no_layer');
    const one = input([AUDIO, paused, other], [track('audio'), track('video', { trackId: 'w' })]);
    expect(verdicts([FINE, ...times(8, one)])).toEqual(times(9, undefined));
  });
});
