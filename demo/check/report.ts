/** The check's result, and the bounds that it has to keep. Pure. */
import type { GapSpread, Spread } from './statistics.ts';

export interface Versions {
  weir: string;
  node: string;
  mediasoup: string;
  chromium: string;
  synapse: string;
}

/** Of the focus's own process, and of its workers together. */
export interface Load {
  node: number;
  worker: number;
}

/** What was measured; null is what could not be. The names are the result's JSON. */
export interface Measured {
  participants: number;
  /** Ordered pairs of participants. */
  pairs: number;
  pairs_with_audio: number | null;
  pairs_with_video: number | null;
  /** Made by a page in all, before the focus was restarted; the most of any page. */
  peer_connections_per_page: number | null;
  /** Click on "join" → first frame of anybody. */
  first_frame_ms: Spread | null;
  /** Subscription sent → first frame of the new size. */
  layer_switch_ms: Spread | null;
  /** Longest gap between frames around each switch. */
  switch_gap_ms: GapSpread | null;
  /** The same of streams that nobody switched at the time. */
  idle_gap_ms: GapSpread | null;
  /** Click on "join" → seen by each of the others. */
  newcomer_ms: Spread | null;
  /** Both again, of the one that comes back into the full call after its page was killed. No bounds of their own. */
  rejoin_first_frame_ms: number | null;
  rejoin_newcomer_ms: Spread | null;
  /** Renderer killed → tile gone at all others. */
  ghost_ms: number | null;
  /** Focus killed → all pairs decode again. */
  restart_ms: number | null;
  /** Resident, in MB of 1,048,576 bytes, at the end of the steady window. */
  rss_mb: Load | null;
  /** Of one core, over the steady window. */
  cpu_percent: Load | null;
  versions: Versions | null;
}

export interface Result extends Measured {
  /** Why the check failed; empty where it passed. */
  failures: string[];
}

/** What a check has to stay under, ms. */
export interface Bounds {
  firstFrame: number;
  layerSwitch: number;
  switchGap: number;
  newcomer: number;
  ghost: number;
  restart: number;
}

export const WITH_ONE_FOCUS: Bounds = {
  firstFrame: 700,
  layerSwitch: 200,
  switchGap: 500,
  newcomer: 1_500,
  ghost: 10_000,
  restart: 10_000,
};

/** Whoever comes is let through by the other focus once room state has crossed; a layer that nobody there wanted yet begins first. */
export const WITH_TWO_FOCI: Bounds = { ...WITH_ONE_FOCUS, firstFrame: 2_000, layerSwitch: 3_500, newcomer: 2_000 };

export function nothingMeasured(participants: number): Measured {
  return {
    participants,
    pairs: participants * (participants - 1),
    pairs_with_audio: null,
    pairs_with_video: null,
    peer_connections_per_page: null,
    first_frame_ms: null,
    layer_switch_ms: null,
    switch_gap_ms: null,
    idle_gap_ms: null,
    newcomer_ms: null,
    rejoin_first_frame_ms: null,
    rejoin_newcomer_ms: null,
    ghost_ms: null,
    restart_ms: null,
    rss_mb: null,
    cpu_percent: null,
    versions: null,
  };
}

/** Adds the bounds that were missed to the failures that the phases found. */
export function judge(measured: Measured, failures: readonly string[], bounds = WITH_ONE_FOCUS): Result {
  const missed: string[] = [];
  const exactly = (name: string, value: number | null, wanted: number): void => {
    if (value !== wanted) missed.push(`${name} is ${value ?? 'not measured'} and has to be ${wanted}`);
  };
  const under = (name: string, value: number | undefined, bound: number): void => {
    if (value === undefined) missed.push(`${name} was not measured`);
    else if (!(value < bound)) missed.push(`${name} is ${value} and has to be under ${bound}`);
  };
  exactly('pairs_with_audio', measured.pairs_with_audio, measured.pairs);
  exactly('pairs_with_video', measured.pairs_with_video, measured.pairs);
  exactly('peer_connections_per_page', measured.peer_connections_per_page, 1);
  under('first_frame_ms.median', measured.first_frame_ms?.median, bounds.firstFrame);
  under('layer_switch_ms.median', measured.layer_switch_ms?.median, bounds.layerSwitch);
  under('switch_gap_ms.p95', measured.switch_gap_ms?.p95, bounds.switchGap);
  under('newcomer_ms.median', measured.newcomer_ms?.median, bounds.newcomer);
  under('ghost_ms', measured.ghost_ms ?? undefined, bounds.ghost);
  under('restart_ms', measured.restart_ms ?? undefined, bounds.restart);
  for (const [name, load] of [
    ['rss_mb', measured.rss_mb],
    ['cpu_percent', measured.cpu_percent],
  ] as const) {
    if (load === null) missed.push(`${name} was not measured`);
  }
  return { ...measured, failures: [...failures, ...missed] };
}
