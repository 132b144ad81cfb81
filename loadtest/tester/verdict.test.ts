import { describe, expect, it } from 'vitest';
import type { RunResult } from './result.ts';
import { syntheticKnee, syntheticVoid, syntheticWell } from './synthetic.ts';
import { verdictOf } from './verdict.ts';

describe('the verdict', () => {
  it('says what was held, what failed after that for whom, and whose limit it was', () => {
    const run = syntheticKnee();
    const { kind, headline, details } = verdictOf(run);
    expect(kind).toBe('found');
    expect(headline).toBe('Held 240 participants.');
    expect(details).toMatch(/^At 280, \d+(\.\d)? % got no picture\. The media worker was the limit\.$/);
    expect(details).toContain(` ${Number(run.steps.at(-1)?.unhappyPct.toFixed(1))} %`);
  });

  it('calls no part the limit that was not seen at it', () => {
    const run = syntheticKnee();
    const calm = run.samples.map(sample => ({ ...sample, focus: undefined, homeserver: undefined }));
    const { details } = verdictOf({ ...run, samples: calm });
    expect(details).toContain('No part was seen at its limit; what failed points at the media worker.');
    expect(details).not.toContain('was the limit');
  });

  it('speaks of sound where there are no pictures', () => {
    const run = syntheticKnee({ withVideo: false });
    expect(verdictOf(run).details).toContain('heard nothing');
  });

  it('gives the reason of the step where nobody was unhappy', () => {
    const run = syntheticKnee();
    const calm = run.samples.map(sample => ({
      ...sample,
      unhappy: { no_first_media: 0, audio_loss: 0, video_gap: 0, no_layer: 0 },
    }));
    const steps = run.steps.map(step => (step.outcome === 'held' ? step : { ...step, reason: 'joins took over 10 s' }));
    expect(verdictOf({ ...run, samples: calm, steps }).details).toContain('At 280: Joins took over 10 s.');
  });

  it('says that a void run says nothing, and why', () => {
    const { kind, headline, details } = verdictOf(syntheticVoid());
    expect(kind).toBe('void');
    expect(headline).not.toContain('Held');
    expect(details).toMatch(
      /^The tester's busiest thread took \d+ % of a core\. The load tester, or its machine, was the limit\.$/,
    );
  });

  it('does not call the end of the ramp a limit', () => {
    const { headline, details } = verdictOf(syntheticWell());
    expect(headline).toBe('Held 100 participants.');
    expect(details).toContain('may hold more');
  });

  const EDGES: [string, Partial<RunResult>, string][] = [
    ['nothing held', { capacity: { kind: 'found', held: 0, failedAt: 40, limit: 'node' } }, 'Held nobody.'],
    ['one held', { capacity: { kind: 'at-least', held: 1 } }, 'Held 1 participant.'],
    ['no capacity asked for', { capacity: undefined }, '280 participants were in the call.'],
    ['nothing at all', { capacity: undefined, steps: [] }, 'The run ended before anything was held.'],
  ];
  it.each(EDGES)('has words for %s', (_what, changed, headline) => {
    expect(verdictOf({ ...syntheticKnee(), ...changed }).headline).toBe(headline);
  });
});
