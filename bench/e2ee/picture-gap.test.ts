import { describe, expect, it } from 'vitest';
import type { Frame } from '../../demo/check/probe.ts';
import { pictureGap, presentationTimes } from './picture-gap.ts';

const frame = (presentedAt: number, presentedFrames: number): Frame => ({
  presentedAt,
  presentedFrames,
  shownAt: presentedAt,
  width: 320,
  height: 180,
});
const NONE = { freezes: 3, frozenMs: 900 };
const calm = { before: NONE, after: NONE };

describe('the times of frames', () => {
  it('are those that the page was told', () => {
    expect(presentationTimes([frame(166, 3), frame(100, 1), frame(133, 2)])).toEqual([100, 133, 166]);
  });

  it('lie evenly where the page was too busy to be told of each', () => {
    expect(presentationTimes([frame(100, 1), frame(400, 4)])).toEqual([100, 200, 300, 400]);
  });

  it('are as told where another track is counted anew', () => {
    expect(presentationTimes([frame(100, 90), frame(400, 1), frame(500, 2)])).toEqual([100, 400, 500]);
  });
});

describe('the gap of a picture', () => {
  it('is the longest time between two frames', () => {
    const frames = [frame(0, 1), frame(100, 2), frame(700, 3), frame(800, 4)];
    expect(pictureGap(frames, calm, 50, 750)).toEqual({ ms: 600, from: 100 });
  });

  it('is none of a page that was busy while frames came', () => {
    const frames = [frame(0, 1), frame(100, 2), frame(700, 8), frame(800, 9)];
    expect(pictureGap(frames, calm, 50, 750).ms).toBe(100);
  });

  it('is what the decoder saw, though the page was busy then', () => {
    const frames = [frame(0, 1), frame(100, 2), frame(900, 6), frame(1_000, 7)];
    const after = { freezes: NONE.freezes + 1, frozenMs: NONE.frozenMs + 620 };
    expect(pictureGap(frames, { before: NONE, after }, 50, 950).ms).toBe(620);
  });

  it('is at most all freezes together, but for the least that others of them took', () => {
    const frames = Array.from({ length: 100 }, (_, index) => frame(index * 66, index));
    const after = { freezes: NONE.freezes + 3, frozenMs: NONE.frozenMs + 1_000 };
    expect(pictureGap(frames, { before: NONE, after }, 100, 6_000).ms).toBe(700);
  });

  it('lasts to the end where no frame comes any more', () => {
    expect(pictureGap([frame(0, 1), frame(100, 2)], undefined, 50, 5_000).ms).toBe(4_900);
  });
});
