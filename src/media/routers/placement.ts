/** On which worker a newcomer's media lives: the fewest workers for a conference, the least busy ones for the machine. Pure. */

/** A worker that is alive. */
export interface WorkerView {
  worker: number;
  /** Measured share of a core, 0 to 1. It follows by some seconds. */
  load: number;
  participants: number;
  /** Tracks that it sends to clients and to other workers. */
  consumers: number;
}

/** When a conference takes another worker. */
export interface SpreadThresholds {
  /** Share of a core from which on a worker takes nobody more of a conference, while another one has room. 0: whoever comes goes to the least busy worker. */
  load: number;
  /** Consumers from which on it does so, whatever its load says: what is measured lags behind a burst of joins. */
  consumers: number;
}

/** Above, the worker has little left for keyframes, which come at once for all, and for bursts of retransmissions. */
export const SPREAD_AT_LOAD = 0.7;
/** Some 20 participants who all see and hear each other; a core carries them at low bitrates. */
export const SPREAD_AT_CONSUMERS = 1_000;
export const DEFAULT_SPREAD: SpreadThresholds = { load: SPREAD_AT_LOAD, consumers: SPREAD_AT_CONSUMERS };

/** So much below the threshold the first router of a conference takes newcomers again: less, and they would go to and fro. */
const RETURN_LOAD_BELOW = 0.2;
const RETURN_CONSUMERS_SHARE = 0.7;
/** Loads that differ by less are equal: participants decide then. */
const LOAD_STEP = 0.1;

/**
 * The worker for a newcomer of a conference that lives on the workers `homes`, in the order in which it came to them.
 * `undefined` where no worker is alive.
 */
export function placeFor(
  workers: readonly WorkerView[],
  homes: readonly number[],
  thresholds: SpreadThresholds,
): number | undefined {
  const own = homes.flatMap(home => workers.find(({ worker }) => worker === home) ?? []);
  const [first, ...others] = own;
  const leastBusy = (among: readonly WorkerView[]): WorkerView | undefined => among.toSorted(byRoom(thresholds))[0];
  if (first === undefined) return leastBusy(workers)?.worker;
  if (others.length > 0 && isCalm(first, thresholds)) return first.worker;
  const next = [...others, first].find(each => !isFull(each, thresholds));
  if (next !== undefined) return next.worker;
  const spare = leastBusy(workers.filter(each => !own.includes(each) && isWorthAPipe(each, thresholds)));
  return (spare ?? leastBusy(own))?.worker;
}

function isFull({ load, consumers }: WorkerView, thresholds: SpreadThresholds): boolean {
  return load >= thresholds.load || consumers >= thresholds.consumers;
}

function isCalm({ load, consumers }: WorkerView, thresholds: SpreadThresholds): boolean {
  return load < thresholds.load - RETURN_LOAD_BELOW && consumers < thresholds.consumers * RETURN_CONSUMERS_SHARE;
}

/** Where every worker is full, pipes would be more work for all of them. One that does next to nothing is never full. */
function isWorthAPipe(worker: WorkerView, thresholds: SpreadThresholds): boolean {
  return worker.load < LOAD_STEP || !isFull(worker, thresholds);
}

/** The one with the most room first. */
function byRoom(thresholds: SpreadThresholds): (one: WorkerView, other: WorkerView) => number {
  const full = (each: WorkerView): number => (isFull(each, thresholds) ? 1 : 0);
  const step = ({ load }: WorkerView): number => Math.floor(load / LOAD_STEP);
  return (one, other) =>
    full(one) - full(other) ||
    step(one) - step(other) ||
    one.participants - other.participants ||
    one.worker - other.worker;
}
