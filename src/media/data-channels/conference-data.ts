import type { DataOutcome } from '../../ports.ts';
import type { DataChannelKey } from '../../session.ts';
import type { Fan } from './fan.ts';

/** So many messages came to the same end. */
export type CountData = (outcome: DataOutcome, count: number) => void;

/** The application data of one conference. */
export interface ConferenceData {
  readonly count: CountData;
  /** Channels that were accepted; they reject where they cannot be served. */
  readonly fans: Map<DataChannelKey, Promise<Fan>>;
  /** From a random one on: a device that goes from one focus of a call to another has no two channels of one id. */
  lastChannelId: number;
}
