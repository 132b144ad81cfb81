/** Results of scale that nobody measured, to try the report on. Pure. */
import { seededRandom } from '../../lab/link/random.ts';
import { syntheticKnee, syntheticRun } from '../../tester/synthetic.ts';
import type { Forwarding, Range, ScaleResult, Soak } from './result.ts';

export interface SyntheticScale {
  /** Of Node's memory, bytes in an hour. */
  leakPerHour?: number;
  failures?: readonly string[];
}

const MINUTE = 60_000;

export function syntheticScale({ leakPerHour = 0, failures = [] }: SyntheticScale = {}): ScaleResult {
  const random = seededRandom(11);
  const around = (median: number, share = 0.12): Range => ({
    median,
    min: median * (1 - share * random()),
    max: median * (1 + share * random()),
  });
  return {
    schema: 1,
    startedAt: '2026-03-01T12:00:00.000Z',
    durationMs: 45 * MINUTE,
    machine: syntheticKnee().machine,
    forwarding: (['video', 'audio'] as const).flatMap(kind =>
      [1, 10, 50, 100, 200, 400].map((receivers): Forwarding => {
        const base = (kind === 'video' ? 9 : 6.5) + 22 / receivers;
        return {
          receivers,
          kind,
          worker: around(base),
          node: around(0.12 + 1 / receivers, 0.3),
          bare: around(base * 0.96),
          floor: around(kind === 'video' ? 3.4 : 2.6),
        };
      }),
    ),
    capacity: [syntheticKnee({ steps: [10, 40, 80, 120, 160, 200, 240, 280] }), voices()],
    joinCost: [10, 50, 100, 150, 200].map(participants => ({
      participants,
      cpuMs: Array.from({ length: 9 }, () => (5 + participants * 0.035) * (0.85 + 0.4 * random())),
    })),
    soak: soakOf(leakPerHour, random),
    failures: [...failures],
  };
}

function voices(): ScaleResult['capacity'][number] {
  return syntheticRun({
    steps: [10, 60, 120, 180, 240, 300, 360],
    workerPctEach: 0.21,
    nodePctEach: 0.05,
    testerPctEach: 0.15,
    withVideo: false,
    seed: 5,
  });
}

function soakOf(leakPerHour: number, random: () => number): Soak {
  const lastMs = 30 * MINUTE;
  const samples = Array.from({ length: lastMs / 5_000 }, (_, index) => {
    const atMs = (index + 1) * 5_000;
    const warm = 1 - Math.exp(-atMs / (3 * MINUTE));
    return {
      atMs,
      nodeRss: 120e6 + 55e6 * warm + 9e6 * random() + (leakPerHour * atMs) / (60 * MINUTE),
      workerRss: 18e6 + 8e6 * warm + 0.4e6 * random(),
    };
  });
  return {
    description: '20 participants, of whom one leaves and joins again every second',
    samples,
    judged: { first: { fromMs: 10 * MINUTE, toMs: 15 * MINUTE }, last: { fromMs: 25 * MINUTE, toMs: lastMs } },
    mostGrowthPct: 5,
    before: { sockets: 4, timers: 6, transports: 0, producers: 0, consumers: 0 },
    after: { sockets: 4, timers: leakPerHour > 0 ? 9 : 6, transports: 0, producers: 0, consumers: 0 },
  };
}
