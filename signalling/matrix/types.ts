/** What the homeserver adapter is given and gives. */
import type { Clock, Log, Signals, SyncPosition } from '../../src/ports.ts';
import type { ErrorCode } from '../wire/errors.ts';
import type { Parsed } from '../wire/parse.ts';
import type { CallPermissions } from '../wire/permissions.ts';
import type { Creation, PowerLevels } from '../wire/power-levels.ts';
import type { CallState, MemberDevice } from '../wire/room-state.ts';
import type { ClientToDevice, Envelope, FocusIdentity } from '../wire/to-device.ts';
import type { TrunkHello } from '../wire/trunk.ts';

/** How the focus proves who it is. */
export type Credentials =
  | { kind: 'token'; accessToken: string }
  /** Logs in once, at `start`; `onLogin` is given the token to keep. Without `deviceId` the homeserver makes one up. */
  | { kind: 'password'; user: string; password: string; deviceId?: string };

/** A fresh login, to be kept by the caller. */
export interface Login {
  userId: string;
  deviceId: string;
  accessToken: string;
}

/** One to-device message of a call. */
export interface ReceivedToDevice {
  /** Full user id, vouched for by the homeserver. */
  sender: string;
  type: string;
  parsed: Parsed<ClientToDevice>;
  /** Where to answer, for a message that could not be parsed but has an address. */
  address: Envelope | undefined;
}

export type Membership = 'join' | 'invite' | 'leave' | 'ban' | 'knock';

/** A change of a room's state. An earlier value under the same key no longer holds. */
export type RoomChange =
  /** Keyed by (type, conf_id): both names of the type may be in use in one room. */
  | { kind: 'call'; type: string; call: CallState }
  /** All devices that a user lists under a type's name; none: the user left its calls. */
  | { kind: 'call_member'; type: string; userId: string; devices: MemberDevice[] }
  | { kind: 'membership'; userId: string; membership: Membership }
  /** The room's messages are encrypted from now on. */
  | { kind: 'encryption' }
  | PermissionsChange;

/** What decides who may publish in a room's calls; `undefined` where nothing (that can be read) is there any more. */
export type PermissionsChange =
  /** Keyed by conf_id; empty: of all conferences of the room. */
  | { kind: 'permissions'; confId: string; permissions: CallPermissions | undefined }
  | { kind: 'power_levels'; levels: PowerLevels | undefined }
  | { kind: 'creation'; creation: Creation | undefined };

/** What happened in a room, in order. */
export interface RoomDelta {
  roomId: string;
  /** Of the focus itself. */
  membership: 'join' | 'invite' | 'leave';
  changes: RoomChange[];
}

/** What one /sync gave. */
export interface SyncBatch {
  /** To be stored once the batch was taken, not before: after a restart, sync goes on from what was stored. */
  position: SyncPosition;
  /** The first of this run, or a further page of what had gathered before it. */
  catchUp: boolean;
  /**
   * How long nobody had listened before this batch, in ms: about 0 while the sync is live; after an outage or a restart
   * the messages of the batch may be as old as that. `undefined`: of any age (there was no position to go on from).
   */
  lateMs: number | undefined;
  /** `rooms` holds the whole state of every joined room: a room that is missing is not joined any more. */
  whole: boolean;
  toDevice: ReceivedToDevice[];
  /** Hellos of other foci. */
  trunkHellos: TrunkHello[];
  rooms: RoomDelta[];
}

export type HealthState = 'starting' | 'reached' | 'unreachable' | 'refused';

export interface HomeserverHealth {
  state: HealthState;
  /** Since when it has been so, ms since 1970. */
  since: number;
  /** The latest failure, kept after it is over. */
  lastError: { code: ErrorCode; message: string; at: number } | undefined;
}

export interface HomeserverEvents {
  /**
   * Takes a batch. The next /sync is asked for once it resolves, and with it the homeserver forgets the batch's to-device
   * messages: who awaits `rememberSync` in here loses none when killed, who does not may lose the latest.
   */
  batch(batch: SyncBatch): Promise<void>;
  /** The state of health changed. */
  health?(health: HomeserverHealth): void;
}

export interface HomeserverOptions {
  /** Base URL of the client-server API, like `https://matrix.example.org`. */
  url: string;
  credentials: Credentials;
  /** Servers whose users may invite the focus: `*`, `example.org`, `*.example.org`. */
  allowedInviters: readonly string[];
  events: HomeserverEvents;
  /** Awaited before `start` resolves. */
  onLogin?: (login: Login) => Promise<void> | void;
  clock: Clock;
  /** Neither tokens nor message bodies are ever given to it. */
  logger: Omit<Log, 'child'>;
  /** Adds one to a counter of `HOMESERVER_COUNTERS`. */
  count: (name: HomeserverCounter, labels: Record<string, string>) => void;
}

/** The one connection to a homeserver. */
export interface Homeserver extends Signals {
  /**
   * Says who the focus is (logging in where there is no token) and starts to sync from `position`. Tries again while the
   * homeserver cannot be reached. Rejects with WEIR_HOMESERVER_REFUSED where token or password are wrong, with
   * WEIR_FOCUS_STOPPING when stopped meanwhile.
   */
  start(position: SyncPosition | undefined): Promise<FocusIdentity>;
  health(): HomeserverHealth;
  /** Ends the sync, lets messages that are on their way out leave for up to 3 s, then closes all connections. Idempotent. */
  stop(): Promise<void>;
}

/** The counters of this room, with their labels. Label values are from small fixed sets. */
export const HOMESERVER_COUNTERS = {
  matrix_syncs: { help: 'Requests to /sync by outcome.', labels: ['outcome'] },
  matrix_to_device_received: { help: 'To-device messages received, by type and outcome.', labels: ['type', 'outcome'] },
  matrix_to_device_sent: { help: 'To-device messages sent, by type and outcome.', labels: ['type', 'outcome'] },
  matrix_send_retries: { help: 'Repeated attempts to send a to-device message.', labels: [] },
  matrix_state_ignored: { help: 'State events that were not believed, by reason.', labels: ['reason'] },
  matrix_invites: { help: 'Invitations to rooms by outcome.', labels: ['outcome'] },
  matrix_batches_failed: { help: 'Sync batches whose taker failed; they are skipped.', labels: [] },
} as const satisfies Record<string, { help: string; labels: readonly string[] }>;

export type HomeserverCounter = keyof typeof HOMESERVER_COUNTERS;
