/** The levels of all parts of the focus: what was measured becomes levels, and what conferences have to do. Pure. */
import type { ProcessLoad, WorkerShare } from '../ports.ts';
import type { ConferenceKey } from '../session.ts';
import { type Bounds, CALM, type Level, nextLevel, videoShareOf } from './level.ts';

/** When the focus has too much to do. */
export interface OverloadLimits {
  /** Shares of a core, 0 to 1. */
  readonly worker: Bounds;
  /** ms that the event loop may be late before newcomers are refused. */
  readonly lagMs: number;
}

/** What was measured at one moment. */
export interface Measured {
  readonly workers: readonly WorkerShare[];
  readonly process: ProcessLoad;
  /** Inputs that wait in mailboxes. */
  readonly mailbox: number;
}

export interface WatchedWorker {
  readonly level: Level;
  /** Share of a core, 0 to 1. */
  readonly share: number;
  readonly conferences: ReadonlySet<ConferenceKey>;
}

export interface OverloadState {
  readonly process: Level;
  /** What is fullest of the process, as a share of what it may be: 1 and more is too much. */
  readonly processStrain: number;
  /** Both averaged over some seconds: share of its time in which the event loop works, 0 to 1, and ms that it is late. */
  readonly utilization: number;
  readonly lagMs: number;
  /** The same as a share of what it may be late, averaged with no look that counts for more than `MOST_LATENESS`. */
  readonly lateness: number;
  /** By id. */
  readonly workers: ReadonlyMap<number, WatchedWorker>;
}

export const NOTHING_MEASURED: OverloadState = {
  process: CALM,
  processStrain: 0,
  utilization: 0,
  lagMs: 0,
  lateness: 0,
  workers: new Map(),
};

/** Inputs in mailboxes that are too many: they are taken within a turn of the event loop as long as all is well. */
const MAILBOX_FULL = 5_000;
/** Share of its time in which an event loop works that is hardly ever without work. */
const PROCESS_FULL = 0.8;
/** Of its strain. No video passes it: less of that would give it more to do, not less. */
const PROCESS_BOUNDS: Bounds = { refuseAt: 1, shedAt: Number.POSITIVE_INFINITY };
/** Share of the newest look in the averages of the event loop: one long turn is not load yet. */
const PROCESS_WEIGHT = 0.3;
/** A machine that stood still for a moment is no load either, however long the moment: it takes three such looks in a row. */
const MOST_LATENESS = 1.75;

/**
 * @param limits `undefined`: it is only measured, and all stays calm
 * @param now ms, never going back; looks are about a second apart
 */
export function watch(
  before: OverloadState,
  measured: Measured,
  limits: OverloadLimits | undefined,
  now: number,
): OverloadState {
  const utilization = averaged(before.utilization, measured.process.utilization);
  const lagMs = averaged(before.lagMs, measured.process.lagMs);
  const lateNow = measured.process.lagMs / (limits?.lagMs ?? Number.POSITIVE_INFINITY);
  const lateness = averaged(before.lateness, Math.min(lateNow, MOST_LATENESS));
  const processStrain = Math.max(utilization / PROCESS_FULL, lateness, measured.mailbox / MAILBOX_FULL);
  const levelOf = (level: Level | undefined, load: number, bounds: Bounds | undefined): Level =>
    bounds === undefined ? CALM : nextLevel(level ?? CALM, load, bounds, now);
  return {
    process: levelOf(before.process, processStrain, limits && PROCESS_BOUNDS),
    processStrain,
    utilization,
    lagMs,
    lateness,
    workers: new Map(
      measured.workers.map(({ id, share, conferences }) => {
        const level = levelOf(before.workers.get(id)?.level, share, limits?.worker);
        return [id, { level, share, conferences: new Set(conferences) }];
      }),
    ),
  };
}

function averaged(before: number, latest: number): number {
  return before + PROCESS_WEIGHT * (latest - before);
}

/** The share of their video that the viewers of a conference get, 0 to 1: that of its fullest worker. */
export function shareFor({ workers }: OverloadState, conference: ConferenceKey): number {
  let least = 1;
  for (const { level, conferences } of workers.values()) {
    if (conferences.has(conference)) least = Math.min(least, videoShareOf(level));
  }
  return least;
}

/** A part whose level changed, or whose share of video did. */
export interface LevelChange {
  readonly part: 'process' | number;
  readonly from: Level;
  readonly to: Level;
  /** Share of a core of a worker; strain of the process. */
  readonly load: number;
}

export function changesBetween(before: OverloadState, after: OverloadState): LevelChange[] {
  const changes: LevelChange[] = [];
  const compare = (part: LevelChange['part'], from: Level, to: Level, load: number): void => {
    if (from.kind !== to.kind || videoShareOf(from) !== videoShareOf(to)) changes.push({ part, from, to, load });
  };
  compare('process', before.process, after.process, after.processStrain);
  for (const [id, { level, share }] of after.workers) compare(id, before.workers.get(id)?.level ?? CALM, level, share);
  return changes;
}
