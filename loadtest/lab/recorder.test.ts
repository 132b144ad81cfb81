import { describe, expect, test } from 'vitest';
import { hasMedia } from './recorder.ts';
import { type SyntheticVideo, syntheticAudio, syntheticVideo, syntheticViewer } from './synthetic.ts';

const END = 1_000;

function viewer(video: Partial<SyntheticVideo>, concealedPct: number) {
  return syntheticViewer(END, {
    videos: [syntheticVideo(END, { name: 'alice', ...video })],
    audios: [syntheticAudio(END, 'alice', () => concealedPct)],
  });
}

describe('first media', () => {
  test('is a picture', () => {
    expect(hasMedia(viewer({}, 100))).toBe(true);
  });

  test('is a sound where the focus has said that it sends no picture', () => {
    expect(hasMedia(viewer({ paused: () => true }, 0))).toBe(true);
    expect(hasMedia(viewer({ paused: () => true }, 100))).toBe(false);
  });

  test('is no sound where a picture is still to come', () => {
    expect(hasMedia(viewer({ frames: () => 0 }, 0))).toBe(false);
  });
});
