import { OPEN_TO_ALL, type Permissions } from '../wire/permissions.ts';
import type { ConferenceId } from '../../src/session.ts';
import { CALL_MEMBER_EVENT_TYPES } from '../wire/names.ts';
import type { FocusRef } from '../wire/room-state.ts';
import { type ConferenceDevice, type FocusInConference, RoomFoci } from './room-foci.ts';
import { RoomPermissions } from './room-permissions.ts';
import type { RoomChange, RoomDelta } from './types.ts';

/** Bounds per room, so that one room's members cannot use up the memory of all. What is beyond them is not believed. */
export const ROOM_BOUNDS = { rooms: 10_000, joinedUsers: 100_000, conferences: 256, devices: 8_192 } as const;

/**
 * Whether joined members name a focus as theirs in a conference. `not yet`: nobody does, as far as the homeserver has told;
 * `refused`: nobody will, for the conference is over.
 */
export type FocusNaming = 'named' | 'not yet' | 'refused';

interface Room {
  joined: Set<string>;
  /** conf_id → event type → why it ended, or `undefined`. */
  conferences: Map<string, Map<string, string | undefined>>;
  /** [event type, user id] → what this user lists. */
  members: Map<string, ConferenceDevice[]>;
  devices: number;
  foci: RoomFoci;
  permissions: RoomPermissions;
  isEncrypted: boolean;
}

/** The rooms that the focus is joined to: who is in them, which conferences run, which devices take part. */
export class RoomView {
  readonly #rooms = new Map<string, Room>();
  /** conf_id → rooms that have it. */
  readonly #byConference = new Map<string, Set<string>>();

  /**
   * Takes what a sync told.
   * @param whole the deltas hold the whole state of every joined room; everything else is forgotten
   * @returns how many changes were left out because a bound was reached
   */
  apply(deltas: readonly RoomDelta[], whole: boolean): number {
    if (whole) {
      this.#rooms.clear();
      this.#byConference.clear();
    }
    let leftOut = 0;
    for (const delta of deltas) {
      if (delta.membership !== 'join') this.#forget(delta.roomId);
      else leftOut += this.#update(delta);
    }
    return leftOut;
  }

  /**
   * Foci of a conference: those that devices of joined members name as active and that are in the room themselves. What has
   * expired counts no more. The same object until something changes. @param now ms since 1970
   */
  fociOf({ roomId, confId }: ConferenceId, now: number): readonly FocusInConference[] {
    const room = this.#rooms.get(roomId);
    return room === undefined ? NO_FOCI : room.foci.of(confId, now, userId => room.joined.has(userId));
  }

  /** Whether a focus is one of a conference, by the same rule. @param now ms since 1970 */
  namingOf({ roomId, confId }: ConferenceId, focus: FocusRef, now: number): FocusNaming {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return 'not yet';
    const ended = [...(room.conferences.get(confId)?.values() ?? [undefined])];
    if (!ended.includes(undefined)) return 'refused';
    if (!room.joined.has(focus.userId)) return 'not yet';
    return room.foci.isNamed(confId, focus, now) ? 'named' : 'not yet';
  }

  /** Rooms that the focus is joined to. */
  joinedRooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Whether focus and user are both joined to the room. */
  isJoined(roomId: string, userId: string): boolean {
    return this.#rooms.get(roomId)?.joined.has(userId) ?? false;
  }

  /** Conferences of this conf_id, one per room at most. A conference that stands under both names of its type runs while one does. */
  conferencesOf(confId: string): { roomId: string; terminated: string | undefined }[] {
    return [...(this.#byConference.get(confId) ?? [])].flatMap(roomId => {
      const reasons = this.#rooms.get(roomId)?.conferences.get(confId);
      if (reasons === undefined) return [];
      const ended = [...reasons.values()];
      return [{ roomId, terminated: ended.includes(undefined) ? undefined : ended[0] }];
    });
  }

  /** Devices that members list in a conference, joined users' only. Expired entries are the caller's to leave out. */
  memberDevices(roomId: string, confId: string): ConferenceDevice[] {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return [];
    return [...room.members.values()].flatMap(devices =>
      devices.filter(device => device.confId === confId && room.joined.has(device.userId)),
    );
  }

  /** Who may publish what in a conference. The same object until the room says something new. */
  permissionsOf(roomId: string, confId: string): Permissions {
    return this.#rooms.get(roomId)?.permissions.of(confId) ?? OPEN_TO_ALL;
  }

  /** Whether the room's messages are encrypted. */
  isEncrypted(roomId: string): boolean {
    return this.#rooms.get(roomId)?.isEncrypted ?? false;
  }

  #update({ roomId, changes }: RoomDelta): number {
    let room = this.#rooms.get(roomId);
    if (room === undefined) {
      if (this.#rooms.size >= ROOM_BOUNDS.rooms) return changes.length;
      room = {
        joined: new Set(),
        conferences: new Map(),
        members: new Map(),
        devices: 0,
        foci: new RoomFoci(),
        permissions: new RoomPermissions(),
        isEncrypted: false,
      };
      this.#rooms.set(roomId, room);
    }
    let leftOut = 0;
    for (const change of changes) if (!this.#change(roomId, room, change)) leftOut += 1;
    return leftOut;
  }

  /** False where a bound leaves it out. */
  #change(roomId: string, room: Room, change: RoomChange): boolean {
    switch (change.kind) {
      case 'membership':
        return setMembership(room, change.userId, change.membership === 'join');
      case 'call':
        return this.#setCall(roomId, room, change);
      case 'call_member':
        return setDevices(
          room,
          change.type,
          change.userId,
          change.devices.map(device => ({ ...device, userId: change.userId })),
        );
      case 'encryption':
        room.isEncrypted = true;
        return true;
      case 'permissions':
      case 'power_levels':
      case 'creation':
        return room.permissions.change(change);
    }
  }

  #setCall(roomId: string, room: Room, { type, call }: Extract<RoomChange, { kind: 'call' }>): boolean {
    const known = room.conferences.get(call.confId);
    if (known !== undefined) {
      known.set(type, call.terminated);
      return true;
    }
    if (room.conferences.size >= ROOM_BOUNDS.conferences && !this.#dropEndedConference(roomId, room)) return false;
    room.conferences.set(call.confId, new Map([[type, call.terminated]]));
    const rooms = this.#byConference.get(call.confId) ?? new Set();
    this.#byConference.set(call.confId, rooms.add(roomId));
    return true;
  }

  // State is for ever, so rooms gather ended conferences: the oldest of them makes room for a new one.
  #dropEndedConference(roomId: string, room: Room): boolean {
    for (const [confId, reasons] of room.conferences) {
      if ([...reasons.values()].includes(undefined)) continue;
      room.conferences.delete(confId);
      this.#unlink(roomId, confId);
      return true;
    }
    return false;
  }

  #forget(roomId: string): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return;
    this.#rooms.delete(roomId);
    for (const confId of room.conferences.keys()) this.#unlink(roomId, confId);
  }

  #unlink(roomId: string, confId: string): void {
    const rooms = this.#byConference.get(confId);
    rooms?.delete(roomId);
    if (rooms?.size === 0) this.#byConference.delete(confId);
  }
}

function setMembership(room: Room, userId: string, joined: boolean): boolean {
  if (room.joined.has(userId) === joined) return true;
  if (joined && room.joined.size >= ROOM_BOUNDS.joinedUsers) return false;
  const listed = CALL_MEMBER_EVENT_TYPES.flatMap(type => room.members.get(keyOfMember(type, userId)) ?? []);
  if (joined) {
    room.joined.add(userId);
    room.foci.replace([], listed);
  } else {
    room.joined.delete(userId);
    room.foci.replace(listed, []);
  }
  room.foci.membershipChanged(userId);
  return true;
}

function setDevices(room: Room, type: string, userId: string, devices: ConferenceDevice[]): boolean {
  const key = keyOfMember(type, userId);
  const before = room.members.get(key) ?? [];
  room.devices -= before.length;
  room.members.delete(key);
  const fits = room.devices + devices.length <= ROOM_BOUNDS.devices;
  const after = fits ? devices : [];
  if (room.joined.has(userId)) room.foci.replace(before, after);
  if (after.length > 0) room.members.set(key, after);
  room.devices += after.length;
  return fits;
}

function keyOfMember(type: string, userId: string): string {
  return JSON.stringify([type, userId]);
}

const NO_FOCI: readonly FocusInConference[] = [];
