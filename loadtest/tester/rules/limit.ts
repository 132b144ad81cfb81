/** Whose limit a failing step shows. Pure. */
import type { Capacity, HeldStep, Limit, Sample, TesterSample } from '../result.ts';

/** Of one core, from which on a thread counts as full. */
const FULL_PCT = 90;
/** Of the event loop, from which on it is late, in ms. */
const LATE_MS = 100;

/** Busy time of a full machine that may go to others than tester, focus and homeserver, 0 to 100. */
const MOST_FOR_OTHERS_PCT = 30;

/**
 * Why the tester itself was at its limit in this second; `undefined` where it was not.
 *
 * @param partsPct busy time of its machine that went to focus and homeserver, as far as those are measured there, 0 to 100
 */
export function testerLimit(tester: TesterSample, partsPct = 0): string | undefined {
  if (tester.busiestThreadPct >= FULL_PCT) {
    return `a thread of the tester took ${Math.round(tester.busiestThreadPct)} % of a core`;
  }
  if (tester.loopLagMs >= LATE_MS) return `an event loop of the tester was ${Math.round(tester.loopLagMs)} ms late`;
  if (tester.dropped > 0) return `the system dropped ${tester.dropped} packets that the tester had not read`;
  const { machinePct = 0, machineSharePct = 0 } = tester;
  if (machinePct < FULL_PCT) return undefined;
  const othersPct = 100 - machineSharePct - partsPct;
  const full = "all cores of the tester's machine were busy";
  if (machineSharePct >= 50) return `${full}, ${Math.round(machineSharePct)} % of that with the tester`;
  if (othersPct > MOST_FOR_OTHERS_PCT) return `${full}, ${Math.round(othersPct)} % of that with what is not measured`;
  return undefined;
}

export interface NamedLimit {
  limit: Limit;
  /** What was measured. */
  reason: string;
  /** False where nobody was seen at a limit, and the part is named by what failed. */
  isSeen: boolean;
}

/** Of the samples of a failing step: who was nearest to its limit. Where nobody was at it, the reason says so. */
export function limitOf(samples: readonly Sample[]): NamedLimit {
  const most = (read: (sample: Sample) => number | undefined): number =>
    Math.max(0, ...samples.map(sample => read(sample) ?? 0));
  const parts: { limit: Limit; load: number; says: string }[] = [];
  const add = (limit: Limit, pct: number, what: string): void => {
    parts.push({ limit, load: pct / FULL_PCT, says: `${what} took ${Math.round(pct)} % of a core` });
  };
  add(
    'worker',
    most(({ focus }) => focus?.workerPct),
    'the busiest media process of the focus',
  );
  add(
    'node',
    most(({ focus }) => focus?.nodePct),
    "the focus's main process",
  );
  add(
    'homeserver',
    most(({ homeserver }) => homeserver?.nodePct ?? homeserver?.cpuPct),
    'the homeserver',
  );
  const lag = most(({ focus }) => focus?.loopLagMs);
  parts.push({ limit: 'node', load: lag / LATE_MS, says: `the focus's event loop was ${Math.round(lag)} ms late` });
  const nearest = parts.reduce((best, part) => (part.load > best.load ? part : best));
  if (nearest.load >= 1) return { limit: nearest.limit, reason: nearest.says, isSeen: true };
  // Nobody was seen at its limit: joins are held up by who delivers invites, media by who forwards it.
  const joins = most(({ unhappy }) => unhappy.no_first_media);
  const media = most(({ unhappy }) => unhappy.audio_loss + unhappy.video_gap + unhappy.no_layer);
  const limit = joins > media ? 'homeserver' : 'worker';
  const known = nearest.load > 0 ? `nearest was this: ${nearest.says}` : 'neither focus nor homeserver was measured';
  return { limit, reason: `no part was seen at its limit (${known}); named by what failed`, isSeen: false };
}

/** What the steps of a run say; `undefined` where there is none. */
export function capacityOf(steps: readonly HeldStep[], samples: readonly Sample[]): Capacity | undefined {
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  const held = steps.filter(({ outcome }) => outcome === 'held').at(-1)?.participants ?? 0;
  switch (last.outcome) {
    case 'held':
      return { kind: 'at-least', held };
    case 'void':
      return { kind: 'void', limit: 'tester', reason: last.reason ?? 'the tester was at its limit' };
    case 'failed': {
      const during = samples.filter(({ atMs }) => atMs >= last.fromMs && atMs <= last.toMs);
      return { kind: 'found', held, failedAt: last.participants, limit: limitOf(during).limit };
    }
  }
}
