/** Runs that nobody ran, by simple rules, to try the reports and the live view on. Pure. */
import { seededRandom } from '../lab/link/random.ts';
import { unhappyPct } from './figures.ts';
import type { Capacity, HeldStep, RunResult, Sample, Spread } from './result.ts';

/** How the invented focus and tester behave. CPU in percent of one core. */
export interface SyntheticTraits {
  seed?: number;
  /** Participants of the steps, in this order. */
  steps?: readonly number[];
  /** Of its busiest media worker, for each participant: at 100 % it loses packets. */
  workerPctEach?: number;
  nodePctEach?: number;
  /** Of the tester's busiest thread, for each participant: at 90 % the run is void. */
  testerPctEach?: number;
  /** From invite to answer, with nobody in the call. */
  joinMs?: number;
  withVideo?: boolean;
  failures?: readonly string[];
}

const SETTINGS = {
  seed: 7,
  steps: [40, 80, 120, 160, 200, 240, 280, 320],
  workerPctEach: 0.385,
  nodePctEach: 0.07,
  testerPctEach: 0.24,
  joinMs: 180,
  withVideo: true,
  failures: [],
} satisfies Required<SyntheticTraits>;

const PARTICIPANTS_PER_S = 8;
const HOLD_S = 20;
const MOST_UNHAPPY_PCT = 1;
const MOST_TESTER_PCT = 90;
const BITRATE_EACH = 1_350_000;

/** Held 240, and failed at 280, where its media worker had no more to give. */
export function syntheticKnee(traits: SyntheticTraits = {}): RunResult {
  return syntheticRun(traits);
}

/** The tester was out of breath before the focus was. */
export function syntheticVoid(): RunResult {
  return syntheticRun({
    testerPctEach: 0.62,
    failures: ['The canary decoded no picture for 4 s (<video> stood still).'],
  });
}

/** Everything was held. */
export function syntheticWell(): RunResult {
  return syntheticRun({ steps: [20, 40, 60, 80, 100], withVideo: false });
}

/** Ramps up and holds, step by step, until one fails or is void. */
export function syntheticRun(traits: SyntheticTraits = {}): RunResult {
  const is = { ...SETTINGS, ...traits };
  const random = seededRandom(is.seed);
  const samples: Sample[] = [];
  const steps: HeldStep[] = [];
  let inCall = 0;
  for (const participants of is.steps) {
    while (inCall < participants) {
      const joined = Math.min(PARTICIPANTS_PER_S, participants - inCall);
      inCall += joined;
      samples.push(sampleOf({ is, random, second: samples.length + 1, wanted: participants, inCall, joined }));
    }
    const fromMs = samples.length * 1_000;
    const held = Array.from({ length: HOLD_S }, (_, index) =>
      sampleOf({ is, random, second: samples.length + 1 + index, wanted: participants, inCall, joined: 0 }),
    );
    samples.push(...held);
    steps.push(judged(held, { fromMs, participants }));
    if (steps.at(-1)?.outcome !== 'held') break;
  }
  return {
    schema: 1,
    startedAt: '2026-03-01T12:00:00.000Z',
    durationMs: samples.length * 1_000,
    scenario: {
      name: is.withVideo ? 'talkers' : 'voices',
      description: is.withVideo ? '5 publish video in three layers, all watch' : '5 speak, all listen',
      publishers: 5,
      most: Math.max(...is.steps),
    },
    target: { homeserver: 'https://matrix.example.org', focusUser: '@focus:example.org', focusDevice: 'FOCUS' },
    machine: { cpu: 'Invented CPU', cores: 8, memoryBytes: 16e9, system: 'Linux 6.1', node: '24.0.0' },
    testers: 1,
    samples,
    steps,
    capacity: capacityOf(steps),
    joinMs: { count: inCall, median: 1.4 * is.joinMs, p95: 3.2 * is.joinMs, max: 6 * is.joinMs },
    firstMediaMs: { count: inCall, median: 2.2 * is.joinMs, p95: 4.5 * is.joinMs, max: 9 * is.joinMs },
    canary: { framesDecoded: samples.length * 24, freezes: 0, concealedPct: 0.3, isHappy: true },
    notes: [],
    failures: [...is.failures],
  };
}

interface Second {
  is: Required<SyntheticTraits>;
  random: () => number;
  second: number;
  wanted: number;
  inCall: number;
  joined: number;
}

function sampleOf({ is, random, second, wanted, inCall, joined }: Second): Sample {
  const about = (value: number, spread = 0.06): number => value * (1 + spread * (random() + random() - 1));
  const load = 3 + is.workerPctEach * inCall;
  const over = Math.max(0, load - 97) / 10;
  const testerPct = Math.min(99, about(4 + is.testerPctEach * inCall, 0.04));
  const workerPct = Math.min(100, about(load, 0.05));
  const nodePct = about(1.5 + is.nodePctEach * inCall + 2.5 * joined);
  const late = 1 + (load / 100) ** 3 + over;
  const unhappy = (share: number): number => Math.round(inCall * over * share * (0.6 + 0.8 * random()));
  return {
    atMs: second * 1_000,
    wanted,
    invited: inCall,
    connected: inCall,
    failed: Math.floor(inCall / 130),
    receivers: inCall,
    unhappy: {
      no_first_media: unhappy(0.011),
      audio_loss: unhappy(0.003),
      video_gap: is.withVideo ? unhappy(0.004) : 0,
      no_layer: 0,
    },
    bitrateIn: about(inCall * (is.withVideo ? BITRATE_EACH : 160_000)),
    bitrateOut: about(is.withVideo ? 4_600_000 : 180_000),
    packetsIn: Math.round(about(inCall * (is.withVideo ? 230 : 250))),
    lostPct: Math.max(0, about(over * 1.1, 0.8)) + (random() > 0.9 ? 0.02 : 0),
    freezes: is.withVideo ? unhappy(0.004) : 0,
    framesPerSecond: is.withVideo ? Math.round(10 * Math.max(18, about(24 - 4 * over, 0.02))) / 10 : undefined,
    layers: is.withVideo ? layersOf(inCall, over) : {},
    joinMs: spreadOf(joined, about(is.joinMs * late, 0.5), about),
    firstMediaMs: spreadOf(joined, about(1.7 * is.joinMs * late, 0.5), about),
    focus: {
      cpuPct: workerPct + nodePct,
      nodePct,
      workerPct,
      rssBytes: about(148e6 + 0.72e6 * inCall, 0.005),
      loopLagMs: about(2 + nodePct / 12),
    },
    homeserver: { cpuPct: about(2 + 5.5 * joined), rssBytes: about(190e6 + 0.1e6 * inCall, 0.004) },
    tester: {
      cpuPct: about(1.6 * testerPct),
      busiestThreadPct: testerPct,
      loopLagMs: about(testerPct > 85 ? 60 : 3, 0.5),
      dropped: testerPct > 88 ? Math.round(about(40, 0.9)) : 0,
    },
  };
}

/** Of five who publish: one is looked at large, four small. */
function layersOf(inCall: number, over: number): Record<string, number> {
  const large = Math.round(inCall * Math.max(0.3, 1 - 0.5 * over));
  return { '90': inCall * 3, '180': inCall + (inCall - large), '360': large };
}

function spreadOf(count: number, median: number, about: (value: number, spread: number) => number): Spread | undefined {
  if (count === 0) return undefined;
  return { count, median, p95: about(2.1 * median, 0.2), max: about(3 * median, 0.3) };
}

function judged(
  held: readonly Sample[],
  { fromMs, participants }: Pick<HeldStep, 'fromMs' | 'participants'>,
): HeldStep {
  const step = {
    fromMs,
    toMs: held.at(-1)?.atMs ?? fromMs,
    participants,
    unhappyPct: Math.max(...held.map(unhappyPct)),
  };
  const busiest = Math.max(...held.map(({ tester }) => tester.busiestThreadPct));
  if (busiest >= MOST_TESTER_PCT) {
    return { ...step, outcome: 'void', reason: `the tester's busiest thread took ${busiest.toFixed(0)} % of a core` };
  }
  if (step.unhappyPct <= MOST_UNHAPPY_PCT) return { ...step, outcome: 'held' };
  return { ...step, outcome: 'failed', reason: `${step.unhappyPct.toFixed(1)} % of the receivers were unhappy` };
}

function capacityOf(steps: readonly HeldStep[]): Capacity {
  const held = Math.max(
    0,
    ...steps.filter(({ outcome }) => outcome === 'held').map(({ participants }) => participants),
  );
  const last = steps.at(-1);
  switch (last?.outcome) {
    case undefined:
    case 'held':
      return { kind: 'at-least', held };
    case 'failed':
      return { kind: 'found', held, failedAt: last.participants, limit: 'worker' };
    case 'void':
      return { kind: 'void', limit: 'tester', reason: last.reason ?? 'the tester was too busy' };
  }
}
