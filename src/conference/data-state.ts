/** What is known of a participant's application data, and the bounds of it. */
import type { ForwardedData, OpenedData } from '../ports.ts';
import type { DataChannelKey } from '../session.ts';

export interface DataLimits {
  /** Channels that one participant may have open. */
  channels: number;
  /** Channels that a participant may open at once, and then in each second. */
  opensAtOnce: number;
  opensPerSecond: number;
  /** Channels of others that one participant may be forwarded, and all of them together. */
  forwards: number;
  forwardsInAll: number;
}

export const DEFAULT_DATA_LIMITS: DataLimits = {
  channels: 16,
  opensAtOnce: 32,
  opensPerSecond: 4,
  forwards: 128,
  forwardsInAll: 10_000,
};

export interface ParticipantData {
  /** Channels that it has open, by their ids. */
  readonly channels: Map<number, OpenedData>;
  /** Labels that it subscribes to; `undefined` while it never said a word of application data. */
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
