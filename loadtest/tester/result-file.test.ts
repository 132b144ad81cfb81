import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readResult } from './result-file.ts';
import { syntheticKnee, syntheticVoid, syntheticWell } from './synthetic.ts';

function problemsOf(text: string): string[] {
  const read = readResult(text);
  return read.kind === 'bad' ? read.problems : [];
}

describe('a result file', () => {
  it.each([syntheticKnee(), syntheticVoid(), syntheticWell()])('gives the run that was written', run => {
    expect(readResult(JSON.stringify(run))).toEqual({ kind: 'ok', result: run });
  });

  it('gives runs without what could not be measured', () => {
    const run = syntheticKnee();
    const bare = {
      ...run,
      samples: run.samples.map(sample => ({ ...sample, focus: undefined, homeserver: undefined })),
      capacity: undefined,
      joinMs: undefined,
      firstMediaMs: undefined,
      canary: undefined,
    };
    expect(readResult(JSON.stringify(bare))).toEqual({ kind: 'ok', result: bare });
  });

  it('of a newer schema is refused with the reason alone', () => {
    const problems = problemsOf(JSON.stringify({ schema: 2, everything: 'else' }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('schema 2');
    expect(problems[0]).toContain('schema 1');
  });

  it('is answered with all that is wrong, the same in many samples once', () => {
    const run = syntheticKnee();
    const wrong = {
      ...run,
      startedAt: 7,
      durationMs: -1,
      scenario: { ...run.scenario, name: undefined },
      machine: undefined,
      testers: 1.5,
      samples: run.samples.map((sample, index) => (index < 3 ? sample : { ...sample, lostPct: 'none' })),
      steps: [{ ...run.steps[0], outcome: 'won' }],
      capacity: { kind: 'found', held: 'many' },
      failures: [7],
    };
    const problems = problemsOf(JSON.stringify(wrong));
    for (const path of ['startedAt', 'durationMs', 'scenario.name', 'machine', 'testers', 'capacity', 'failures[0]']) {
      expect(problems.some(problem => problem.startsWith(path))).toBe(true);
    }
    expect(problems.filter(problem => problem.includes('lostPct'))).toEqual([
      `samples[3].lostPct: must be number (and in ${run.samples.length - 4} places more)`,
    ]);
    expect(problems.some(problem => problem.startsWith('steps[0].outcome'))).toBe(true);
  });

  it('of whatever kind is answered, never thrown at', () => {
    const run = syntheticWell();
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(run)), fc.jsonValue(), (key, value) => {
        expect(['ok', 'bad']).toContain(readResult(JSON.stringify({ ...run, [key]: value })).kind);
      }),
      { seed: 20_260_301, numRuns: 200 },
    );
    for (const text of ['', '{', 'null', '[]', '7', '{}']) expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});
