import { describe, expect, test } from 'vitest';
import { syntheticKnee, syntheticVoid, syntheticWell } from '../../loadtest/tester/synthetic.ts';
import { judgeCapacity, slopesOf, writeCapacity } from './capacity-figures.ts';

const NAME = syntheticKnee().scenario.name.replaceAll('-', '_');

describe('capacity', () => {
  test('is what was held, with the next step shown failing and whose limit that was', () => {
    const knee = syntheticKnee({ steps: [40, 80, 120, 160, 200, 240, 280] });
    expect(judgeCapacity([knee])).toEqual([]);
    expect(writeCapacity([knee])[NAME]).toMatchObject({ held: 240, failed_at: 280, limit: 'worker' });
  });

  test('is not known where the tester was the limit, where nothing failed, or where nothing was held', () => {
    expect(judgeCapacity([syntheticVoid()])).toHaveLength(1);
    expect(writeCapacity([syntheticVoid()])[NAME]).toMatchObject({ failed_at: null, limit: 'tester' });
    expect(judgeCapacity([syntheticWell()])[0]).toContain('the most is not known');
    expect(judgeCapacity([{ ...syntheticWell(), capacity: undefined }])[0]).toContain('no step');
    const nobody = { ...syntheticKnee(), capacity: { kind: 'found', held: 0, failedAt: 10, limit: 'node' } } as const;
    expect(judgeCapacity([nobody])[0]).toContain('not even 10');
  });
});

test('each more participant costs what it costs, over the steps that were held', () => {
  const { workerPct = 0, nodePct = 0 } = slopesOf(syntheticKnee({ workerPctEach: 0.385, nodePctEach: 0.07 }));
  expect(workerPct).toBeGreaterThan(0.3);
  expect(workerPct).toBeLessThan(0.5);
  expect(nodePct).toBeGreaterThan(0.04);
  expect(nodePct).toBeLessThan(0.1);
  expect(slopesOf({ steps: [], samples: [] }).workerPct).toBeUndefined();
});
