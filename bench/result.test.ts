import { expect, test } from 'vitest';
import { judge } from '../loadtest/lab/judge/index.ts';
import type { Played, Recording } from '../loadtest/lab/result.ts';
import { syntheticLink, syntheticRecording, syntheticVideo, syntheticViewer } from '../loadtest/lab/synthetic.ts';
import { isAsItShouldBe, resultOf } from './result.ts';

const END = 70_000;

function played(recording: Recording): Played {
  return { kind: 'judged', recording, verdict: judge(recording) };
}

/** A drop from 4 to 1 Mbit/s, after which what enters is this part of what fits. */
function steps(entersPart: number): Played {
  const capacityBps = (atMs: number): number => (atMs <= 12_000 || atMs > 40_000 ? 4_000_000 : 1_000_000);
  return played(
    syntheticRecording('steps', END, {
      link: syntheticLink(END, { capacityBps, enteredBps: atMs => entersPart * capacityBps(atMs) }),
      viewers: [syntheticViewer(END, { videos: [syntheticVideo(END, { name: 'alice' })] })],
    }),
  );
}

const broken: Played = { kind: 'broken', name: 'steps', reason: 'nobody came' };

test('the last line has the names, the figures, and why it failed', () => {
  const result = resultOf([steps(1.2), { ...broken, name: 'jitter' }]);
  expect(result.scenarios).toEqual([
    expect.objectContaining({
      name: 'steps',
      sent_over_capacity_s: 27.5,
      layers: { alice: expect.anything() as object },
    }),
    { name: 'jitter' },
  ]);
  expect(result.upstream_off_ms).toBeNull();
  expect(result.failures).toContain('steps: sent_over_capacity_s is 27.5 s, and has to be ≤ 2 s');
  expect(result.failures).toContain('jitter: was not played: nobody came');
});

test('a run is right without failures, and not where a scenario broke', () => {
  expect(isAsItShouldBe([played(syntheticRecording('loss10', END, { viewers: [] }))], false)).toBe(true);
  expect(isAsItShouldBe([broken], false)).toBe(false);
  expect(isAsItShouldBe([steps(1.2)], false)).toBe(false);
});

test('a control run is right where it was played and went over the link', () => {
  expect(isAsItShouldBe([steps(1.2)], true)).toBe(true);
  // It misses other bounds.
  expect(isAsItShouldBe([steps(0.5)], true)).toBe(false);
  expect(isAsItShouldBe([broken], true)).toBe(false);
  expect(isAsItShouldBe([], true)).toBe(false);
});
