/** What a focus says at /metrics of the trunk on which it sends. */
import { setTimeout as delay } from 'node:timers/promises';
import { type FocusMetrics, readMetrics } from '../scale/focus-metrics.ts';

export interface TrunkState {
  /** Trunks that are open. */
  open: number;
  /** Tracks that are offered to the other focus, and streams that flow to it: a layer of a video each, or a voice. */
  tracks: number;
  streams: number;
  /** Of media, so far. The focus looks every 5 s. */
  sentBytes: number;
}

const POLL_MS = 100;
/** The focus looks every 5 s; a busy one a little later. */
const LOOKS_WITHIN_MS = 8_000;

export async function readTrunk(baseUrl: string): Promise<TrunkState> {
  return trunkState(await readMetrics(baseUrl));
}

export function trunkState(metrics: FocusMetrics): TrunkState {
  return {
    open: metrics.get('weir_trunks{state="open"}') ?? 0,
    tracks: sumOf(metrics, 'weir_trunk_tracks', 'direction="sent"'),
    streams: sumOf(metrics, 'weir_trunk_layers', ''),
    sentBytes: sumOf(metrics, 'weir_trunk_media_bytes', 'direction="sent"'),
  };
}

function sumOf(metrics: FocusMetrics, name: string, label: string): number {
  let sum = 0;
  for (const [series, value] of metrics) if (series.startsWith(`${name}{`) && series.includes(label)) sum += value;
  return sum;
}

/**
 * Bytes of media that cross in `ms`, of a time of about that length between two looks of the focus. Rejects where it does not look, or
 * nothing crosses.
 */
export async function bytesIn(ms: number, read: () => Promise<TrunkState>, signal: AbortSignal): Promise<number> {
  const first = await nextLook(read, signal);
  for (;;) {
    const last = await nextLook(read, signal);
    const took = last.at - first.at;
    if (took >= ms - LOOKS_WITHIN_MS / 4) return ((last.bytes - first.bytes) * ms) / took;
  }
}

/** When the number of bytes changed next, ms on the monotonic clock. */
async function nextLook(read: () => Promise<TrunkState>, signal: AbortSignal): Promise<{ at: number; bytes: number }> {
  const { sentBytes: before } = await read();
  const deadline = performance.now() + LOOKS_WITHIN_MS;
  while (performance.now() < deadline) {
    await delay(POLL_MS, undefined, { signal });
    const { sentBytes } = await read();
    if (sentBytes !== before) return { at: performance.now(), bytes: sentBytes };
  }
  throw new Error(`nothing crossed the trunk for ${LOOKS_WITHIN_MS / 1_000} s`);
}
