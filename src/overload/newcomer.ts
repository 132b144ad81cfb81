/** Whether the focus can take one more participant, and what that costs. Pure. */
import type { FullPart } from '../ports.ts';
import { CALM_AFTER_MS } from './level.ts';
import type { OverloadLimits, OverloadState } from './watch.ts';

/** What flows in a conference. */
export interface Traffic {
  readonly participants: number;
  /** Participants that publish anything. */
  readonly publishers: number;
  /** Tracks that are sent to viewers. */
  readonly forwarded: number;
}

export type Verdict =
  /** `cost`: share of a core that the worker is expected to take more, 0 to 1. */
  | { readonly kind: 'welcome'; readonly cost: number }
  | { readonly kind: 'refused'; readonly full: FullPart; readonly message: string; readonly retryAfterMs: number };

/** Share of a core for one forwarded track, before there is enough to measure it by: of a picture of 640x360 and a voice, the mean. */
const USUAL_COST = 0.002;
/** So many tracks have to be forwarded, and so much of a core has to be taken, before their quotient says anything. */
const ENOUGH_TRACKS = 40;
const ENOUGH_LOAD = 0.1;
/** An estimate is not trusted with more than this much of a core: it is to hold back floods, not people. */
const MOST_COST = 0.5;
/** ms. Shedding has to end first. */
const RETRY_WHILE_SHEDDING_MS = 30_000;

/** Tracks that are forwarded in all of the focus, and what its workers take for them. */
export interface Effort {
  readonly forwarded: number;
  /** Sum of the workers' shares of a core. */
  readonly load: number;
}

/**
 * Share of a core that one more participant is expected to cost: it will be sent what the others are sent on average, and
 * where it publishes, each of them will be sent what they are sent of each publisher. So the next viewer of a webinar is
 * cheap, and the next publisher of a large meeting is not.
 */
export function costOf(traffic: Traffic, publishes: boolean, { forwarded, load }: Effort): number {
  const { participants, publishers } = traffic;
  if (participants === 0) return 0;
  const isMeasured = forwarded >= ENOUGH_TRACKS && load >= ENOUGH_LOAD;
  const perTrack = isMeasured ? load / forwarded : USUAL_COST;
  const asViewer = traffic.forwarded / participants;
  const asPublisher = publishes && publishers > 0 ? traffic.forwarded / publishers : 0;
  return Math.min(MOST_COST, perTrack * (asViewer + asPublisher));
}

/**
 * @param place id of the worker that would serve the newcomer; `undefined` where none is alive
 * @param cost see `costOf`
 * @param promised what newcomers cost who were let in so lately that the load does not show them yet
 */
export function judgeNewcomer(
  state: OverloadState,
  limits: OverloadLimits,
  place: number | undefined,
  cost: number,
  promised: number,
): Verdict {
  if (state.process.kind !== 'calm') return refused('process', 'the process that signals is busy', CALM_AFTER_MS);
  // A focus without a worker that is alive says so elsewhere; one that has just begun is not watched yet.
  const worker = place === undefined ? undefined : state.workers.get(place);
  if (worker === undefined) return { kind: 'welcome', cost };
  const { level, share } = worker;
  switch (level.kind) {
    case 'careful':
      return refused('worker', `the media worker is busy (${percent(share)} of a core)`, CALM_AFTER_MS);
    case 'shedding':
      return refused('worker', `the media worker is full (${percent(share)} of a core)`, RETRY_WHILE_SHEDDING_MS);
    case 'calm': {
      const expected = share + promised;
      if (expected >= limits.worker.refuseAt || expected + cost > limits.worker.shedAt) {
        const message = `the media worker takes ${percent(expected)} of a core, and one more participant about ${percent(cost)}`;
        return refused('newcomer', message, CALM_AFTER_MS);
      }
      return { kind: 'welcome', cost };
    }
  }
}

function refused(full: FullPart, message: string, retryAfterMs: number): Verdict {
  return { kind: 'refused', full, message, retryAfterMs };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
