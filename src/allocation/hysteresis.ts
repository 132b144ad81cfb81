/** Keeps pictures from flapping: what an allocation remembers of the one before. */
import { costOfLayer, idealOf, type Rung } from './ladder.ts';
import type { Ranked } from './order.ts';
import { type Grant, isForShortage } from './wants.ts';

/** A stream that lost bandwidth does not rise for so long, ms; */
const SHORT_BAR_MS = 2_000;
/** for so long where that followed on a rise of the viewer's: it was too much, ms; */
const FIRST_BAR_MS = 3_000;
/** twice as long each time that a rise fails again before it was calm for `CALM_MS` after the bar, ms; */
const CALM_MS = 8_000;
/** and never longer than this, ms. */
const LONGEST_BAR_MS = 12_000;
/** A loss so soon after a rise is its failure, ms. */
const RISE_FAILS_WITHIN_MS = 4_000;

/** A time in which a stream does not rise. Kept for a while after its end, to tell whether the next one is longer. */
interface Bar {
  readonly until: number;
  readonly length: number;
}

interface StreamMemory {
  /** What the viewer asked for, as far as a change of it acts at once. */
  readonly asked: string;
  readonly grant: Grant;
  readonly bar: Bar | undefined;
}

/** What one allocation for a viewer leaves to its next. Not larger than the wants. */
export interface Memory {
  readonly estimated: boolean;
  /** When a stream rose for no other reason than bandwidth, ms. */
  readonly roseAt: number | undefined;
  /** When a stream lost bandwidth, ms. */
  readonly fellAt: number | undefined;
  readonly streams: ReadonlyMap<string, StreamMemory>;
}

/** For a viewer's first allocation. */
export const NO_MEMORY: Memory = {
  estimated: false,
  roseAt: undefined,
  fellAt: undefined,
  streams: new Map(),
};

/** How a stream may climb its ladder. */
export interface Past {
  /** The highest index in the ladder that is no rise: the viewer has it, or what it has costs as much. -1 for none. */
  readonly kept: number;
  readonly barred: boolean;
  /** Not even the end of a pause is due. */
  readonly barredFromAll: boolean;
  /** It was shown, in whatever layer. */
  readonly wasShown: boolean;
}

/** What `before` means for a visible stream with this ladder at `now` (ms). */
export function pastOf(stream: Ranked, ladder: readonly Rung[], before: Memory, now: number): Past {
  const past = before.streams.get(stream.want.key);
  const bar = past === undefined ? undefined : standingBar(stream, past);
  const barred = bar !== undefined && now < bar.until;
  // Nothing at all is the worst picture: its bar is never a long one.
  const barredFromAll = barred && now < bar.until - bar.length + SHORT_BAR_MS;
  if (past === undefined || past.grant.kind === 'paused') return { kept: -1, barred, barredFromAll, wasShown: false };
  const { layer } = past.grant;
  const cost = costOfLayer(stream.want, layer) ?? 0;
  return {
    kept: ladder.findLastIndex(rung => rung.layer <= layer || rung.cost <= cost),
    barred,
    barredFromAll,
    wasShown: true,
  };
}

/** The bar that still counts: none once the viewer asks for something else, or the layer that it had is gone. */
function standingBar(stream: Ranked, past: StreamMemory): Bar | undefined {
  if (past.asked !== askedOf(stream)) return undefined;
  const hadIsGone = past.grant.kind === 'layer' && costOfLayer(stream.want, past.grant.layer) === undefined;
  return hadIsGone ? undefined : past.bar;
}

/** Speaking and being pinned count as asking: who becomes the speaker need not wait. */
function askedOf({ want, rank }: Ranked): string {
  return want.visible ? `${rank} ${idealOf(want)}` : 'hidden';
}

/**
 * The memory after an allocation. A stream is barred when it lost bandwidth to the network or to bitrates; not when the
 * viewer asked for another set of things, which only shares the same bandwidth out anew, and not by the first estimate.
 */
export function remember(
  streams: readonly Ranked[],
  grants: ReadonlyMap<string, Grant>,
  available: number | undefined,
  before: Memory,
  now: number,
): Memory {
  const estimated = available !== undefined;
  const barring = before.estimated && estimated && asksTheSame(streams, before);
  const failed = before.roseAt !== undefined && now - before.roseAt <= RISE_FAILS_WITHIN_MS;
  let rose = false;
  let fell = false;
  const remembered = new Map<string, StreamMemory>();
  for (const stream of streams) {
    const grant = grants.get(stream.want.key);
    if (grant === undefined) continue;
    const past = before.streams.get(stream.want.key);
    if (barring && past !== undefined) {
      rose ||= hasRisen(past.grant, grant);
      fell ||= lostBandwidth(stream, past.grant, grant);
    }
    remembered.set(stream.want.key, {
      asked: askedOf(stream),
      grant,
      bar: past === undefined ? undefined : barAfter(stream, past, grant, barring, failed, now),
    });
  }
  return {
    estimated,
    roseAt: rose ? now : before.roseAt,
    fellAt: fell ? now : before.fellAt,
    streams: remembered,
  };
}

/** Whether the viewer asks for the same things in the same way as before, and its link was known then. */
export function isSteady(streams: readonly Ranked[], before: Memory): boolean {
  return before.estimated && asksTheSame(streams, before);
}

function hasRisen(had: Grant, gets: Grant): boolean {
  if (gets.kind === 'paused') return false;
  return had.kind === 'paused' ? isForShortage(had) : gets.layer > had.layer;
}

function asksTheSame(streams: readonly Ranked[], before: Memory): boolean {
  if (streams.length !== before.streams.size) return false;
  return streams.every(stream => before.streams.get(stream.want.key)?.asked === askedOf(stream));
}

function barAfter(
  stream: Ranked,
  past: StreamMemory,
  grant: Grant,
  barring: boolean,
  failed: boolean,
  now: number,
): Bar | undefined {
  const bar = standingBar(stream, past);
  if (barring && lostBandwidth(stream, past.grant, grant)) return longerBar(bar, failed, now);
  return bar !== undefined && now < bar.until + CALM_MS ? bar : undefined;
}

function lostBandwidth({ want }: Ranked, had: Grant, gets: Grant): boolean {
  if (had.kind === 'paused' || costOfLayer(want, had.layer) === undefined) return false;
  return gets.kind === 'paused' ? isForShortage(gets) : gets.layer < had.layer;
}

function longerBar(bar: Bar | undefined, failed: boolean, now: number): Bar {
  const length = lengthOfBar(bar, failed, now);
  return { until: now + length, length };
}

function lengthOfBar(bar: Bar | undefined, failed: boolean, now: number): number {
  // Still barred: the same fall goes on, it is no rise that failed.
  if (bar !== undefined && now < bar.until) return bar.length;
  if (!failed) return SHORT_BAR_MS;
  return bar === undefined || now >= bar.until + CALM_MS ? FIRST_BAR_MS : Math.min(bar.length * 2, LONGEST_BAR_MS);
}

/** When the next bar ends, ms: an allocation then may find a rise. Undefined if nobody is barred. */
export function nextBarEnd(memory: Memory, now: number): number | undefined {
  let next: number | undefined;
  for (const { bar } of memory.streams.values()) {
    if (bar !== undefined && bar.until > now && (next === undefined || bar.until < next)) next = bar.until;
  }
  return next;
}
