/**
 * The homeserver, as a call needs it. Two ways lead there: a MatrixClient of one's own, and a widget's, whose host asks for it.
 * Every request ends; every failure is a ProblemError.
 */
import type { IFilterDefinition } from 'matrix-js-sdk/lib/filter.js';
import type { OpenIdToken, StateEvent, ToDeviceMessage } from './homeserver-answers.ts';
import type { TurnAnswer } from './ice-servers.ts';
import type { Problem } from './problems.ts';
import type { Device } from './room.ts';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES, CALL_PERMISSIONS_TYPE } from './wire.ts';

/** State that a call reads. */
export const CALL_STATE_TYPES: readonly string[] = [
  ...CALL_EVENT_TYPES,
  ...CALL_MEMBER_EVENT_TYPES,
  CALL_PERMISSIONS_TYPE,
  'm.room.create',
  'm.room.encryption',
  'm.room.name',
  'm.room.canonical_alias',
  'm.room.power_levels',
];

const NOTHING = { types: [] };

/**
 * What a client must hear of a room for a call there, and nothing else: a filter for a client that is made for one call. Of
 * members those alone who say something: of a large room they are megabytes.
 */
export function callFilter(roomId: string): IFilterDefinition {
  const types = [...CALL_STATE_TYPES, 'm.room.member'];
  return {
    presence: NOTHING,
    account_data: NOTHING,
    room: {
      rooms: [roomId],
      account_data: NOTHING,
      ephemeral: NOTHING,
      state: { types, lazy_load_members: true },
      timeline: { types, limit: 50 },
    },
  };
}

/** What is told of a room that is followed. */
export interface RoomNews {
  /** State of the types that a call reads: all of it first, then what changes. */
  state(events: StateEvent[]): void;
  /** `undefined` when the homeserver answers (again). */
  trouble(reason: Problem | undefined): void;
  /** The user is not in the room any more. */
  removed(): void;
  /** From anybody, whatever the room. */
  toDevice(message: ToDeviceMessage): void;
}

/** A room that is followed until it is closed. */
export interface FollowedRoom {
  /** Resolves when the room's state has been told. Rejects where the homeserver cannot be reached before that. */
  readonly known: Promise<void>;
  close(): void;
}

/** Goes on when the page is closed (Fetch, keepalive). */
export interface SendOptions {
  keepAlive?: boolean;
}

export interface Homeserver {
  /** Whose device this is. */
  readonly self: Device;
  /** Joins a room by id or alias; `via` names homeservers that know it. Resolves to its id. Rejects with ROOM_NOT_FOUND. */
  join(room: string, via?: string[]): Promise<string>;
  /** Tells what happens in a room that we are in. */
  follow(roomId: string, news: RoomNews): FollowedRoom;
  /** The network may be back: tries again at once, where it waits to. */
  retryNow(): void;
  /** One message to one device, in clear; the homeserver keeps it until the device fetches it. */
  sendToDevice(userId: string, deviceId: string, type: string, content: object, options?: SendOptions): Promise<void>;
  /** Whether what comes encrypted says from which device; the host of a widget vouches for users alone. */
  readonly provesDevices: boolean;
  /** Whether messages can be encrypted here; the host of a widget does it. */
  readonly canEncrypt: boolean;
  /** What is known of devices, in the same order; `undefined` where nobody tells (a widget). Rejects where the homeserver cannot be reached. */
  identities(devices: readonly Device[]): Promise<readonly DeviceIdentity[] | undefined>;
  /**
   * The same message to each of the devices, encrypted for it (Olm). Rejects where encryption is not set up here, and with
   * `DevicesUnreached` where some cannot be encrypted for; the others have it then.
   */
  sendEncrypted(type: string, devices: readonly Device[], content: Record<string, unknown>): Promise<void>;
  /** Sets a state event. Rejects with CALL_FORBIDDEN where the room does not allow it. */
  putState(roomId: string, type: string, stateKey: string, content: object, options?: SendOptions): Promise<void>;
  invite(roomId: string, userId: string): Promise<void>;
  /** `join`, `invite`, `leave`…, or `undefined` where the user never was there, or nobody can tell. */
  membership(roomId: string, userId: string): Promise<string | undefined>;
  /** Who made the room, and how; `undefined` where the homeserver does not say. */
  creation(roomId: string): Promise<StateEvent | undefined>;
  /** The name that a member chose for this room; `undefined` where there is none. */
  displayName(roomId: string, userId: string): Promise<string | undefined>;
  /** The homeserver's relays for WebRTC and how long they may be used; none where it has none or does not say. */
  iceServers(): Promise<TurnAnswer>;
  /** A token by which others can ask the homeserver who we are; it opens nothing else. */
  openIdToken(): Promise<OpenIdToken>;
}

/** A device, as its owner's homeserver hands out its keys. */
export interface DeviceIdentity extends Device {
  /** Its Ed25519 key, in base64 without padding; `undefined` where it has published none. */
  readonly fingerprint: string | undefined;
  /** Whether its owner, or we, have verified it. */
  readonly verified: boolean;
}

/** Devices that nothing can be encrypted for: they have no keys, or none are known yet. */
export class DevicesUnreached extends Error {
  readonly devices: readonly Device[];

  constructor(devices: readonly Device[]) {
    super(`${devices.length} devices cannot be encrypted for.`);
    this.name = 'DevicesUnreached';
    this.devices = devices;
  }
}
