/** What fits a link: whether a pause was needed, and which layer could have been sent. Pure. */
import type { Interval, LayerInfo, LinkPoint, ViewerRecording } from '../result.ts';
import { pausesOf } from './video.ts';

/** Part of a link that a sender can be asked to fill: an estimate that used all of it would be over it half of the time. */
export const USABLE_SHARE = 0.9;
/** RTP header with extensions, the tag of SRTP, UDP and IP, per packet, bytes: what the relay counts beside the payload. */
export const PACKET_OVERHEAD_BYTES = 68;
/** Payload of a full video packet, bytes. */
const VIDEO_PAYLOAD_BYTES = 1_100;
/** Opus packets of 20 ms. */
const AUDIO_PACKETS_PER_SECOND = 50;
const FRAMES_PER_SECOND = 15;
/** A focus may take so long to see that a link carries more than before, ms. */
export const SEES_MORE_WITHIN_MS = 10_000;

/** Of a video layer, with the headers of its packets. */
export function videoWireBps(mediaBps: number): number {
  const packets = Math.max(FRAMES_PER_SECOND, mediaBps / 8 / VIDEO_PAYLOAD_BYTES);
  return mediaBps + packets * PACKET_OVERHEAD_BYTES * 8;
}

export function audioWireBps(mediaBps: number): number {
  return mediaBps + AUDIO_PACKETS_PER_SECOND * PACKET_OVERHEAD_BYTES * 8;
}

/** The highest layer of one video that fits beside the audio and the lowest layers of all the others; undefined: none. */
export function highestThatFits(viewer: ViewerRecording, name: string, capacityBps: number): LayerInfo | undefined {
  const chosen = viewer.videos.find(video => video.name === name);
  const others = viewer.videos.filter(video => video !== chosen).map(video => lowestWireBps(video.layers));
  const left = USABLE_SHARE * capacityBps - audioOf(viewer) - sumOf(others);
  return chosen?.layers.findLast(layer => videoWireBps(layer.bitrateBps) <= left);
}

/**
 * Time in which more videos were paused than had to be, s: audio first, then as many lowest layers as fit. A focus has
 * `SEES_MORE_WITHIN_MS` after the link became wider.
 */
export function pausedThoughItFitsS(
  viewer: ViewerRecording,
  link: readonly LinkPoint[] | undefined,
  within: Interval,
): number {
  const pauses = viewer.videos.map(pausesOf);
  const lowest = viewer.videos.map(({ layers }) => lowestWireBps(layers)).toSorted((a, b) => a - b);
  let sumMs = 0;
  let previousMs = within.fromMs;
  let previousCapacity: number | null | undefined;
  let widerAtMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, capacityBps } of link ?? unlimited(viewer)) {
    if (previousCapacity !== undefined && bps(capacityBps) > bps(previousCapacity)) widerAtMs = atMs;
    previousCapacity = capacityBps;
    if (atMs <= within.fromMs || atMs > within.toMs) continue;
    const paused = pauses.filter(ofOne => ofOne.some(({ fromMs, toMs }) => atMs > fromMs && atMs <= toMs)).length;
    const mayBePaused = viewer.videos.length - howManyFit(lowest, USABLE_SHARE * bps(capacityBps) - audioOf(viewer));
    if (paused > mayBePaused && atMs - widerAtMs > SEES_MORE_WITHIN_MS) sumMs += atMs - previousMs;
    previousMs = atMs;
  }
  return sumMs / 1_000;
}

function howManyFit(lowestFirstBps: readonly number[], availableBps: number): number {
  let left = availableBps;
  let count = 0;
  for (const one of lowestFirstBps) {
    left -= one;
    if (left < 0) break;
    count += 1;
  }
  return count;
}

function bps(capacityBps: number | null): number {
  return capacityBps ?? Number.POSITIVE_INFINITY;
}

/** A viewer that has no link of the lab. */
function unlimited(viewer: ViewerRecording): { atMs: number; capacityBps: null }[] {
  return viewer.points.map(({ atMs }) => ({ atMs, capacityBps: null }));
}

function audioOf(viewer: ViewerRecording): number {
  return sumOf(viewer.audios.map(({ bitrateBps }) => audioWireBps(bitrateBps)));
}

function lowestWireBps(layers: readonly LayerInfo[]): number {
  return videoWireBps(layers[0]?.bitrateBps ?? 0);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
