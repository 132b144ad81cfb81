import type { Parsed } from '../../signalling/wire/parse.ts';
import type { ClientToDevice, Envelope } from '../../signalling/wire/to-device.ts';

/** A to-device message as it came in, by whatever door. */
export interface Arrival {
  parsed: Parsed<ClientToDevice>;
  /** Whom to answer when it cannot be read; `undefined` where even that is unreadable. */
  replyTo: Envelope | undefined;
  /** How old it may be, in ms: about 0 while the sync is live, more after the focus was away; Infinity where unknown. */
  lateMs: number;
}
