import type { ToDeviceEvent } from '../../signalling/wire/to-device.ts';
import type { Clock, Log, Naming, Signals, TrunkMeters } from '../ports.ts';
import type { ConferenceId, FocusId } from '../session.ts';
import type { PolicyLimits } from './policy.ts';

/** What trunks are given. */
export interface CascadeOptions {
  /** This focus. */
  focus: FocusId;
  /** Where other foci reach /v1/trunk. */
  url: () => string;
  signals: Signals;
  /** Whether room state puts a focus into a conference, as far as it is known now. It is asked again and again. */
  namingOf: (conference: ConferenceId, peer: FocusId) => Naming;
  limits: PolicyLimits;
  /** Private networks in which foci may be reached: addresses or CIDR. */
  allowedNetworks: readonly string[];
  clock: Clock;
  log: Log;
  meters: TrunkMeters;
  /** Versions of the protocol that are spoken: others than this focus's own in tests. */
  versions?: readonly number[];
  /** Certificates that are trusted beside the system's, PEM: for tests. */
  ca?: string;
}

/** What one trunk asks of the world. */
export interface CascadeWorld extends Pick<CascadeOptions, 'focus' | 'url' | 'clock' | 'log' | 'meters' | 'ca'> {
  versions: readonly number[];
  mayReach: (address: string) => boolean;
  /** Sends by to-device message; what fails is logged. */
  send: (peer: FocusId, event: ToDeviceEvent) => void;
}
