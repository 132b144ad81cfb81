/** Which layers of a published track there are: what arrives, what its publisher says, what could be asked for. */
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { TrackLayers } from '../../signalling/wire/streams.ts';
import { expectedBitrates } from '../allocation/expected-bitrate.ts';
import { layerScales, type Size, smallestCoveringLayer } from '../allocation/layer-choice.ts';
import type { Layer } from '../allocation/wants.ts';
import type { MeasuredTrack } from '../ports.ts';
import { keyOfTrack } from '../session.ts';
import { bitrateChanged, trackChanged } from './due.ts';
import { captureOf } from './metadata.ts';
import type { Conference, LayerState, Participant, Publication } from './state.ts';
import type { Wish } from './viewing.ts';

/** Share of a new measurement in the average. What is taken for too little costs more than what is taken for too much. */
const WEIGHT_OF_MORE = 0.25;
const WEIGHT_OF_LESS = 0.15;
/** ms. A layer that was asked for and does not arrive for longer is taken for one that its publisher cannot send. */
const ARRIVES_WITHIN_MS = 2_500;
/** ms. The same of one that comes by a trunk: its publisher is asked by the other focus, and its link may have to make room first. */
const CROSSES_WITHIN_MS = 6_000;
/** ms from its first packet until what is measured of a layer counts. */
const SETTLES_WITHIN_MS = 3_000;
/** ms from the word to the publisher until nothing more is measured of a layer. */
const STOPS_WITHIN_MS = 3_000;
/** Share of a bitrate. A link that is not tight for what flows carries so much more of it. */
const WORTH_A_LOOK = 0.15;

export function noLayerYet(now: number): LayerState {
  return { bitrate: undefined, lookedAt: undefined, arrives: false, since: now, offered: true, missed: false };
}

/** What arrives of a publisher's tracks. */
export function measure(
  conference: Conference,
  publisher: Participant,
  tracks: readonly MeasuredTrack[],
  now: number,
): void {
  for (const { ref, bitrates } of tracks) {
    const publication = conference.tracks.get(keyOfTrack(ref));
    if (publication?.publisher !== publisher.key) continue;
    const patience = publisher.kind === 'focus' ? CROSSES_WITHIN_MS : ARRIVES_WITHIN_MS;
    for (const [index, layer] of publication.layers.entries()) {
      const { arrives, missed } = layer;
      takeBitrate(layer, bitrates[index] ?? 0, stops(publication, index, now), now);
      layer.missed = !layer.arrives && (missed || isOverdue(publication, index, layer, now - patience));
      if (arrives !== layer.arrives || missed !== layer.missed) trackChanged(conference, keyOfTrack(ref));
      if (hasDrifted(layer)) {
        layer.lookedAt = layer.bitrate;
        bitrateChanged(conference, keyOfTrack(ref));
      }
    }
  }
}

function hasDrifted({ bitrate = 0, lookedAt = 0 }: LayerState): boolean {
  return Math.abs(bitrate - lookedAt) > lookedAt * WORTH_A_LOOK;
}

/** The publisher was asked to stop it. */
function isToldOff({ toldWanted }: Publication, index: number): boolean {
  return toldWanted !== undefined && toldWanted[index] !== true;
}

/** It was told off so lately that what is measured of it goes down, whatever it takes. */
function stops(publication: Publication, index: number, now: number): boolean {
  return isToldOff(publication, index) && now - publication.toldWantedAt < STOPS_WITHIN_MS;
}

function takeBitrate(layer: LayerState, measured: number, stopping: boolean, now: number): void {
  const bitrate = Number.isFinite(measured) && measured > 0 ? measured : 0;
  const arrived = layer.arrives;
  layer.arrives = bitrate > 0;
  if (arrived !== layer.arrives) layer.since = now;
  // One that has only begun, or is about to stop, measures too little: it would look like a bargain.
  if (bitrate === 0 || stopping || now - layer.since < SETTLES_WITHIN_MS) return;
  const before = layer.bitrate ?? bitrate;
  layer.bitrate = before + (bitrate > before ? WEIGHT_OF_MORE : WEIGHT_OF_LESS) * (bitrate - before);
}

/** Asked for since before `then` (ms since 1970): it should be here. */
function isOverdue(publication: Publication, index: number, layer: LayerState, then: number): boolean {
  const { toldWantedAt, since } = publication;
  if (isToldOff(publication, index)) return false;
  return Math.max(since, layer.since, toldWantedAt) <= then;
}

/** The publisher says which of its layers it can send. What it does not name stays as it was. A focus is answered. */
export function offerLayers(conference: Conference, publisher: Participant, tracks: readonly TrackLayers[]): void {
  for (const { layers, ...ref } of tracks) {
    const publication = conference.tracks.get(keyOfTrack(ref));
    if (publication?.publisher !== publisher.key) continue;
    if (publisher.kind === 'focus') {
      publication.owesAnswer = true;
      conference.due.upstream.add(keyOfTrack(ref));
    }
    for (const [index, { rid }] of publication.track.layers.entries()) {
      const said = rid === undefined ? layers[index] : layers.find(layer => layer.rid === rid);
      const layer = publication.layers[index];
      if (said === undefined || layer === undefined || layer.offered === said.active) continue;
      layer.offered = said.active;
      layer.missed = false;
      trackChanged(conference, keyOfTrack(ref));
    }
  }
}

/**
 * The layers as a viewer could get them, the lowest first. Live is what arrives, and what comes when it is asked for, as far as
 * is known.
 */
export function layersOf(publisher: Participant, publication: Publication): Layer[] {
  const { size, scales } = layerSizes(publisher, publication);
  const expected = expectedBitrates(publication.track.kind, size, scales);
  return publication.layers.map((layer, index) => ({
    bitrate: layer.bitrate ?? expected[index] ?? 0,
    live: layer.offered && !layer.missed,
  }));
}

interface LayerSizes {
  /** px. */
  readonly size: Size | undefined;
  readonly scales: readonly number[];
}

/** Of the metadata that they were made of: each viewer's share asks for them several times. */
const known = new WeakMap<Publication, LayerSizes & { of: StreamMetadata }>();

/** Size of the capture in px, where it is known, and how much smaller than it each layer is, the lowest first. */
export function layerSizes(publisher: Participant, publication: Publication): LayerSizes {
  const before = known.get(publication);
  if (before?.of === publisher.metadata) return before;
  const { track, layers } = publication;
  const { size, purpose } = captureOf(publisher, track.ref);
  // Spatial layers of one stream halve the picture, whatever it shows.
  const sizes = { size, scales: layerScales(track.svc === true ? 'camera' : purpose, layers.length) };
  known.set(publication, { ...sizes, of: publisher.metadata });
  return sizes;
}

/** The smallest layer that covers the size at which a viewer draws the track; or the one that is wanted alone. */
export function idealLayer(publisher: Participant, publication: Publication, wanted: Wish): number {
  if (wanted.only !== undefined) return wanted.only.layer;
  const { size, scales } = layerSizes(publisher, publication);
  const { width, height } = wanted;
  const drawn = width === undefined || height === undefined ? undefined : { width, height };
  return smallestCoveringLayer(size, scales, drawn);
}
