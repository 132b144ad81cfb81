/** What relay.ts and the thread of the relays say to each other. A relay goes by the number that relay.ts gave it. */
import type { LinkScript } from './script.ts';
import type { RelayOptions, RelayReport } from './udp-relay.ts';

/** Everything but start and scripts is answered, with the number of the relay or of the ask. */
export type ToThread =
  | { kind: 'open'; relay: number; options: RelayOptions }
  /** ms since the epoch: threads have no other clock in common. */
  | { kind: 'start'; relay: number; epochMs: number }
  | { kind: 'scripts'; relay: number; up: LinkScript; down: LinkScript }
  | { kind: 'report'; relay: number; ask: number }
  /** Answered by the last report. */
  | { kind: 'close'; relay: number; ask: number };

export type FromThread =
  | { kind: 'opened'; relay: number; host: string; port: number }
  | { kind: 'not-opened'; relay: number; reason: string }
  | { kind: 'report'; ask: number; report: RelayReport };
