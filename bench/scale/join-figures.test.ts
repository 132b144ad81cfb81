import { describe, expect, test } from 'vitest';
import { costOf, type Joins, judgeJoins, residentPerParticipant, writeJoins } from './join-figures.ts';

const JOINS: Joins = {
  costs: [
    { participants: 10, eachMs: [], cpuMs: 10, nodeMs: 7, workerMs: 3 },
    { participants: 500, eachMs: [], cpuMs: 14, nodeMs: 10, workerMs: 4 },
  ],
  perS: 9.876,
  firstMediaMs: [100, 300, 200],
  resident: [],
  loopLagMs: 12,
};

describe('the cost of a join', () => {
  test('is what its window takes beyond the calm one beside it', () => {
    const windows = [
      { join: { node: 25, worker: 5 }, calm: { node: 18, worker: 2 } },
      { join: { node: 100, worker: 12 }, calm: { node: 92, worker: 8 } },
      { join: { node: 300, worker: 200 }, calm: { node: 18, worker: 2 } },
    ];
    expect(costOf(10, windows)).toEqual({ participants: 10, eachMs: [10, 12, 480], cpuMs: 12, nodeMs: 8, workerMs: 4 });
    expect(costOf(10, [])).toBeUndefined();
  });

  test('may not grow by more than a half with the call', () => {
    expect(judgeJoins(JOINS)).toEqual([]);
    const dear = {
      ...JOINS,
      costs: [JOINS.costs[0], { participants: 500, eachMs: [], cpuMs: 15.1, nodeMs: 11, workerMs: 4 }].filter(
        cost => cost !== undefined,
      ),
    };
    expect(judgeJoins(dear)[0]).toContain('15.1 ms of CPU with 500 participants');
  });

  test('has to be measured at two sizes, and media has to come', () => {
    expect(judgeJoins({ ...JOINS, costs: JOINS.costs.slice(1), firstMediaMs: [] })).toEqual([
      'join.cpu_ms was not measured',
      'join.first_media_ms was not measured',
    ]);
  });

  test('is written with the names of the result', () => {
    expect(writeJoins(JOINS)).toEqual({
      per_s: 9.88,
      first_media_ms: 200,
      first_media_p95_ms: 300,
      cost: [
        { participants: 10, joins: 0, cpu_ms: 10, node_ms: 7, worker_ms: 3 },
        { participants: 500, joins: 0, cpu_ms: 14, node_ms: 10, worker_ms: 4 },
      ],
    });
  });
});

test('memory of a participant is what each more takes, without what an empty focus does', () => {
  const resident = [0, 100, 500].map(participants => ({ participants, bytes: 1e8 + participants * 300_000 }));
  expect(residentPerParticipant(resident)).toBeCloseTo(300_000);
});
