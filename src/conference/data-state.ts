/** What is known of a participant's application data, and the bounds of it. */
import { type DataChannelInfo, MAX_DATA_CHANNELS_ACROSS } from '../../signalling/wire/data.ts';
import type { ForwardedData, OpenedData } from '../ports.ts';
import { nothingRefused, type Refusals } from './refusals.ts';
import type { DataChannelKey, DeviceId } from '../session.ts';

export interface DataLimits {
  /** Channels that one participant may have open. */
  channels: number;
  /** Channels that a participant may open at once, and then in each second. */
  opensAtOnce: number;
  opensPerSecond: number;
  /** Channels of others that one participant may be forwarded, and all of them together. */
  forwards: number;
  forwardsInAll: number;
  /** Channels that cross a trunk each way. */
  trunkChannels: number;
}

export const DEFAULT_DATA_LIMITS: DataLimits = {
  channels: 16,
  opensAtOnce: 32,
  opensPerSecond: 4,
  forwards: 128,
  forwardsInAll: 10_000,
  trunkChannels: MAX_DATA_CHANNELS_ACROSS,
};

/** A channel as the others may have it. */
export interface SharedData extends OpenedData {
  /** Whose it is: of the participant's session, or of somebody for whom a focus speaks. */
  readonly owner: DeviceId;
}

export interface ParticipantData {
  /** Channels that it has open, by their ids. */
  readonly channels: Map<number, SharedData>;
  /** Labels that it subscribes to; `undefined` while it never said which. */
  labels: ReadonlySet<string> | undefined;
  /** Channels of others that it is forwarded. */
  readonly forwards: Map<DataChannelKey, ForwardedData>;
  /** Channels that it is not to be forwarded again before it asks anew: it closed them, or was too slow. */
  readonly ended: Set<DataChannelKey>;
  /** It was told that it subscribes to more than it gets. */
  toldOfExcess: boolean;
  /** How many channels it may open now, and when that was counted (ms since 1970). */
  opens: number;
  opensAt: number;
  /** When it was told last that a channel is refused (ms since 1970). */
  refusedAt: number;
  /** `dataVersion` that it was served by, and that it was told of; when (ms since 1970). */
  settledFor: number;
  toldVersion: number;
  toldAt: number;
}

export function noData(now: number): ParticipantData {
  return {
    channels: new Map(),
    labels: undefined,
    forwards: new Map(),
    ended: new Set(),
    toldOfExcess: false,
    opens: DEFAULT_DATA_LIMITS.opensAtOnce,
    opensAt: now,
    refusedAt: Number.NEGATIVE_INFINITY,
    settledFor: -1,
    toldVersion: -1,
    toldAt: Number.NEGATIVE_INFINITY,
  };
}

/** What another focus says of application data, and was told. */
export interface DataAcross {
  /** The media engine has the trunk: before that nothing can cross. */
  isOpen: boolean;
  /** Channels of its clients, whether it may speak of them or not. */
  announced: readonly DataChannelInfo[];
  /** Those of `announced` that it may not speak of. */
  refused: Refusals;
  /** Channels of `announced` that were ended here: not taken again as long as they are announced. */
  readonly ended: Set<number>;
  /** `dataAsks` and labels that it was told, and when (ms since 1970). */
  toldAsks: number;
  toldLabels: string;
  toldLabelsAt: number;
}

export function noDataAcross(): DataAcross {
  return {
    isOpen: false,
    announced: [],
    refused: nothingRefused(),
    ended: new Set(),
    toldAsks: 0,
    toldLabels: '[]',
    toldLabelsAt: Number.NEGATIVE_INFINITY,
  };
}
