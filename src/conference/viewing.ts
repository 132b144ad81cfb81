/** What a viewer is sent and told, as the rules keep it. */
import type { AutoSubscription, Told, WantedTrack } from '../../signalling/wire/control.ts';
import { type Allocation, type Memory, NO_MEMORY, NOTHING_ALLOCATED } from '../allocation/allocate.ts';
import type { OfferedTrack } from '../ports.ts';
import type { SubscriptionKey, TrackKey } from '../session.ts';

/** What is wanted of a track. */
export interface Wish extends WantedTrack {
  /** This layer and no other, for so many who are behind a trunk. */
  readonly only?: { readonly layer: number; readonly viewers: number };
}

/** A track as a viewer was offered it and may be sent it. */
export interface ServedTrack extends OfferedTrack {
  readonly generation: number;
}

/** Whether the viewer receives it under ids that are not the track's own. */
export function isCopy({ ref, source }: Pick<ServedTrack, 'ref' | 'source'>): boolean {
  return ref.streamId !== source.streamId;
}

/** What a viewer's link carries, and what it gets of what it wants. */
export interface Viewing {
  /** bit/s of its link, once there is an estimate. */
  available: number | undefined;
  allocation: Allocation;
  memory: Memory;
  /** Something that the allocation was made of has changed. */
  isStale: boolean;
  /** ms since 1970. */
  allocatedAt: number;
  /** Its link carries hardly more than it would be sent. */
  isTight: boolean;
  /** Layers that flow to it, as the media engine says. */
  readonly shown: Map<SubscriptionKey, number>;
  /** Tracks that it wants or was offered: what changes about them concerns it. */
  readonly follows: Set<TrackKey>;
  /** What it adds to what is asked of the publishers. */
  readonly asks: Map<SubscriptionKey, Ask>;
  /** What the focus has chosen for it, and for which version of the streams. */
  choice: { auto: AutoSubscription; version: number; wants: Map<SubscriptionKey, Wish> } | undefined;
}

/** One viewer's part in what is asked of a track's publisher; viewers whose parts are the same are counted together. */
export interface Ask {
  readonly track: TrackKey;
  /** Grant, ideal and shown layer, as text. */
  readonly part: string;
}

/** What a client asked to be told (`org.weir.tell`), and what it was told last. */
export interface Telling {
  readonly asked: Set<Told>;
  /** Each track's grant as it was told, as text. */
  readonly grants: Map<SubscriptionKey, string>;
  /** Generation of each track of which it was told that it cannot decode it. */
  readonly undecodable: Map<TrackKey, number>;
  /** The allocation that it knows all of. */
  toldOf: Allocation | undefined;
  state: Allocation['state'] | undefined;
  available: number | undefined;
  availableAt: number;
  speakersVersion: number;
  levelsAt: number;
}

/** The media engine says which layer flows; `undefined`: none. */
export function showLayer({ shown }: Viewing, track: SubscriptionKey, layer: number | undefined): void {
  if (layer === undefined) shown.delete(track);
  else shown.set(track, layer);
}

export function nothingViewed(): Viewing {
  return {
    available: undefined,
    allocation: NOTHING_ALLOCATED,
    memory: NO_MEMORY,
    isStale: true,
    allocatedAt: 0,
    isTight: false,
    shown: new Map(),
    follows: new Set(),
    asks: new Map(),
    choice: undefined,
  };
}

export function nothingTold(): Telling {
  return {
    asked: new Set(),
    grants: new Map(),
    undecodable: new Map(),
    toldOf: undefined,
    state: undefined,
    available: undefined,
    availableAt: 0,
    speakersVersion: -1,
    levelsAt: 0,
  };
}
