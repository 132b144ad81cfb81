/** Which layer, or a pause, each subscription of one viewer gets for an available bitrate. Pure. */
import { audioReserve, budgetFor, type Pace, Purse, videoBudget } from './budget.ts';
import { isSteady, type Memory, nextBarEnd, pastOf, remember } from './hysteresis.ts';
import { ladderOf, type Rung } from './ladder.ts';
import { inOrder, type Rank, type Ranked, RANKS, workerPriority } from './order.ts';
import type { AudioWant, Grant, Shortage, VideoWant, Want } from './wants.ts';

export { type Memory, NO_MEMORY } from './hysteresis.ts';

/** Between steps up, ms: until then the keyframes of the last one are through. */
const STEPS_APART_MS = 450;
/** After a fall, ms. */
const SMALL_STEPS_MS = 5_000;
/** From this share of video on the best picture is shown, in its lowest layer at least: a single layer can only be had whole. */
const BEST_SHOWN_FROM = 0.25;

/** What one viewer gets. */
export interface Allocation {
  /** STABLE: each visible video has its ideal, as far as layers live. */
  readonly state: 'STABLE' | 'DEFICIENT';
  /** By the key of the want, audio too. */
  readonly grants: ReadonlyMap<string, Grant>;
  /** bit/s set aside for audio. */
  readonly audio: number;
  /** bit/s of what is granted, with `audio`. Within the estimate, but for what is kept through a dip of it. */
  readonly spent: number;
  /** bit/s if all got their ideal, with `audio`. */
  readonly demand: number;
  /** 1 to 255 for the worker, by key of the video: a better rank has a higher one, equals share one. */
  readonly priorities: ReadonlyMap<string, number>;
  /** When a stream that has to wait may rise, ms: allocate again then. Undefined if none waits. */
  readonly lookAgainAt: number | undefined;
}

/** Of a viewer who wants nothing. */
export const NOTHING_ALLOCATED: Allocation = {
  state: 'STABLE',
  grants: new Map(),
  audio: 0,
  spent: 0,
  demand: 0,
  priorities: new Map(),
  lookAgainAt: undefined,
};

/** A visible video on the way up its ladder. */
interface Climber {
  readonly key: string;
  readonly rank: Rank;
  readonly ladder: readonly Rung[];
  readonly kept: number;
  readonly barred: boolean;
  readonly barredFromAll: boolean;
  readonly wasShown: boolean;
  /** Index in the ladder; -1 while it has nothing. */
  at: number;
}

/**
 * Audio comes off the estimate first. Then every visible video gets its lowest rung in the order of `inOrder`, as far as they
 * fit; one that does not fit is paused, and those after it still get what is left. Then the ranks rise to their ideal, the
 * best rank first, equals one layer at a time.
 *
 * @param available bit/s to the viewer; undefined before there is an estimate: then each gets its ideal. NaN and negative
 *   count as 0.
 * @param before what the allocation before returned for this viewer, or `NO_MEMORY`.
 * @param now ms, on a clock that never goes back.
 * @param videoShare 0 to 1: how much of the video that the viewer wants the focus can send. Audio is not counted.
 */
export function allocate(
  wants: readonly Want[],
  available: number | undefined,
  before: Memory,
  now: number,
  videoShare = 1,
): { allocation: Allocation; memory: Memory } {
  const { audio, videos } = byKind(wants);
  const streams = inOrder(videos);
  const climbers = streams.filter(({ want }) => want.visible).map(stream => climberOf(stream, before, now));
  const reserve = audioReserve(audio);
  const link = available === undefined ? Number.POSITIVE_INFINITY : videoBudget(available, reserve);
  const ceiling = ceilingFor(climbers, videoShare);
  const budget = Math.min(link, ceiling);
  if (budget === Number.POSITIVE_INFINITY) for (const climber of climbers) climber.at = climber.ladder.length - 1;
  else {
    const had = climbers.reduce((sum, climber) => sum + costAt(climber, climber.kept), 0);
    climbAll(climbers, new Purse({ budget, had, pace: paceOf(streams, before, now) }));
  }

  const grants = new Map<string, Grant>();
  for (const { key } of audio) grants.set(key, { kind: 'layer', layer: 0 });
  for (const { want } of streams) if (!want.visible) grants.set(want.key, { kind: 'paused', reason: 'hidden' });
  const shortage = ceiling < link ? 'overload' : 'bandwidth';
  for (const climber of climbers) grants.set(climber.key, grantOf(climber, shortage));

  const memory = remember(streams, grants, available, before, now);
  const allocation: Allocation = {
    state: climbers.every(({ at, ladder }) => at === ladder.length - 1) ? 'STABLE' : 'DEFICIENT',
    grants,
    audio: reserve,
    spent: climbers.reduce((sum, climber) => sum + costAt(climber, climber.at), reserve),
    demand: reserve + demandOf(climbers),
    priorities: new Map(streams.map(({ want, rank }) => [want.key, workerPriority(rank)])),
    lookAgainAt: earliest(nextBarEnd(memory, now), nextStepAt(memory, now)),
  };
  return { allocation, memory };
}

/** bit/s of video that the focus can send: Infinity where it can send all. */
function ceilingFor(inOrder: readonly Climber[], videoShare: number): number {
  if (videoShare >= 1) return Number.POSITIVE_INFINITY;
  const best = inOrder.find(({ ladder }) => ladder.length > 0);
  const least = best !== undefined && videoShare >= BEST_SHOWN_FROM ? budgetFor(costAt(best, 0)) : 0;
  return Math.max(least, Math.floor(demandOf(inOrder) * Math.max(0, videoShare)));
}

/** bit/s if all got their ideal. */
function demandOf(climbers: readonly Climber[]): number {
  return climbers.reduce((sum, climber) => sum + costAt(climber, climber.ladder.length - 1), 0);
}

/** What the viewer asks for comes at once; what only more bandwidth gives, step by step. */
function paceOf(streams: readonly Ranked[], before: Memory, now: number): Pace {
  if (!isSteady(streams, before)) return 'at once';
  if (nextStepAt(before, now) !== undefined) return 'not yet';
  return before.fellAt !== undefined && now < before.fellAt + SMALL_STEPS_MS ? 'by small steps' : 'step by step';
}

/** When a step may follow on the last one, ms; undefined if one may now. */
function nextStepAt({ roseAt }: Memory, now: number): number | undefined {
  return roseAt !== undefined && now < roseAt + STEPS_APART_MS ? roseAt + STEPS_APART_MS : undefined;
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function byKind(wants: readonly Want[]): { audio: AudioWant[]; videos: VideoWant[] } {
  const audio: AudioWant[] = [];
  const videos: VideoWant[] = [];
  const seen = new Set<string>();
  for (const want of wants) {
    if (seen.has(want.key)) continue;
    seen.add(want.key);
    if (want.kind === 'audio') audio.push(want);
    else videos.push(want);
  }
  return { audio, videos };
}

function climberOf(stream: Ranked, before: Memory, now: number): Climber {
  const ladder = ladderOf(stream.want);
  return { key: stream.want.key, rank: stream.rank, ladder, ...pastOf(stream, ladder, before, now), at: -1 };
}

function climbAll(inOrder: readonly Climber[], purse: Purse): void {
  const shown = inOrder.filter(climber => climb(climber, purse));
  purse.riseAboveLowest();
  for (const rank of RANKS) {
    let equals = shown.filter(climber => climber.rank === rank);
    // Who cannot take a step leaves, so that each step of each ladder is looked at once.
    while (equals.length > 0) equals = equals.filter(climber => climb(climber, purse));
  }
}

/** Takes one step up; false if there is none, or none that fits. */
function climb(climber: Climber, purse: Purse): boolean {
  const next = climber.at + 1;
  if (next >= climber.ladder.length) return false;
  const cost = costAt(climber, next) - costAt(climber, climber.at);
  if (!pays(climber, next, cost, purse)) return false;
  climber.at = next;
  return true;
}

function pays(climber: Climber, next: number, cost: number, purse: Purse): boolean {
  if (next <= climber.kept) return purse.keep(cost);
  // What it had is gone: no rise, but what is left of it.
  if (next === 0 && climber.wasShown) return purse.replace(cost);
  if (!(next === 0 ? climber.barredFromAll : climber.barred)) return purse.rise(cost);
  if (purse.riseWithPlentyLeft(cost)) return true;
  purse.holdBack(cost);
  return false;
}

function costAt(climber: Climber, at: number): number {
  return climber.ladder[at]?.cost ?? 0;
}

function grantOf(climber: Climber, shortage: Shortage): Grant {
  const rung = climber.ladder[climber.at];
  if (rung !== undefined) return { kind: 'layer', layer: rung.layer };
  return { kind: 'paused', reason: climber.ladder.length === 0 ? 'no_layer' : shortage };
}
