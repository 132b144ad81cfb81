/** What a call needs, and the states it is in. */
import type { MediaPreferences } from './media-preferences.ts';
import type { CallRoom } from './call-room.ts';
import type { DoorOf } from './call-signalling.ts';
import type { Capture } from './capture.ts';
import type { KeyWitness } from './key-witness.ts';
import type { Network } from './network.ts';
import type { Problem } from './problems.ts';
import type { Shown } from './subscriptions.ts';

export type CallState =
  | { kind: 'idle' }
  | { kind: 'joining'; problem: Problem | undefined }
  | { kind: 'connected' }
  /**
   * `by`: the session looks for another path, or a new session is on its way. `since`: when it began, in ms since 1970.
   * `networkGone`: the browser has no network at all.
   */
  | { kind: 'reconnecting'; by: 'path' | 'session'; since: number; networkGone: boolean; problem: Problem | undefined }
  | { kind: 'left' }
  | { kind: 'ended'; problem: Problem };

/** What of a room a call needs. */
export type RoomOfCall = Pick<
  CallRoom,
  | 'announce'
  | 'confId'
  | 'devicesThere'
  | 'ensureConference'
  | 'focus'
  | 'iceServers'
  | 'isEncrypted'
  | 'isFocusOurs'
  | 'obstacle'
  | 'onChange'
  | 'onMessage'
  | 'roomId'
  | 'self'
  | 'withdraw'
> & {
  homeserver: Pick<
    CallRoom['homeserver'],
    'canEncrypt' | 'identities' | 'provesDevices' | 'openIdToken' | 'retryNow' | 'sendEncrypted' | 'sendToDevice'
  >;
};

export interface CallOptions {
  room: RoomOfCall;
  capture: Capture;
  guessSize: () => Shown;
  /** Whether a voice is heard before `hear` has said so; true unless given. */
  hearsNewcomers?: boolean;
  preferences?: MediaPreferences;
  network: Network;
  /** For checks: told of keys and frames. */
  witness?: KeyWitness;
  /** Where to find fast signalling; it is used as far as it works, and missed by nobody. */
  doorOf: DoorOf;
  /** State, streams or marks changed. */
  changed(): void;
  /** Something that a person should know, while the call goes on. */
  notice(reason: Problem): void;
}
