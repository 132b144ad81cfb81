/** Who may join which conference. Pure. */
import type { Envelope } from '../../signalling/wire/to-device.ts';
import type { ErrorCode } from '../../signalling/wire/errors.ts';
import { mayPublish, type Permissions, PUBLISHED_KINDS } from '../../signalling/wire/permissions.ts';
import type { StreamMetadata } from '../../signalling/wire/stream-metadata.ts';
import type { ConferenceId, DeviceId, FocusId } from '../session.ts';

/** What the focus knows of its rooms. */
export interface RoomDirectory {
  /** Whether the focus is in the room and the user is joined to it. */
  isJoined(roomId: string, userId: string): boolean;
  /** Conferences of that id in rooms that the focus has joined. `terminated`: why it ended, if it did. */
  conferencesOf(confId: string): readonly { roomId: string; terminated: string | undefined }[];
  /** Devices that members list for a conference (MSC3401 member events). */
  memberDevices(roomId: string, confId: string): readonly { userId: string; deviceId: string }[];
  /**
   * Foci of a conference, this one among them: those that devices of joined members name as active, and who names each.
   * The same object as long as nothing about it changed. @param now ms since 1970: what has expired counts no more
   */
  fociOf(conference: ConferenceId, now: number): readonly { focus: FocusId; devices: readonly DeviceId[] }[];
  /** Who may publish what in a conference. The same object as long as nothing about it changed. */
  permissionsOf(roomId: string, confId: string): Permissions;
  /** Whether the room's messages are encrypted. Once they are, they stay so. */
  isEncrypted(roomId: string): boolean;
}

/** A refusal may turn into an admission: the homeserver may not have told the focus of a join or a call yet. */
export type Admission =
  | { kind: 'admitted'; conference: ConferenceId }
  | { kind: 'refused'; code: ErrorCode; message: string };

/**
 * By default only a device of a user joined to a room that the focus is in, for a conf_id of a running call there.
 * Where several rooms have a call of that id, the room that the invite names counts, else the one whose member events list
 * the device.
 */
export function admit(rooms: RoomDirectory, from: Envelope, roomId: string | undefined): Admission {
  const named = rooms.conferencesOf(from.confId).filter(call => roomId === undefined || call.roomId === roomId);
  if (named.length === 0) return refuse('WEIR_UNKNOWN_CONFERENCE', 'no room of the focus has a call of that conf_id');
  const joined = named.filter(call => rooms.isJoined(call.roomId, from.sender));
  if (joined.length === 0) return refuse('WEIR_NOT_JOINED', 'the user is not joined to the room of the call');
  const running = joined.filter(call => call.terminated === undefined);
  const isListed = ({ roomId: one }: { roomId: string }): boolean =>
    rooms
      .memberDevices(one, from.confId)
      .some(device => device.userId === from.sender && device.deviceId === from.deviceId);
  // Mostly there is one: the list of all members need not be gone through.
  const conference = running.length === 1 ? running[0] : (running.find(isListed) ?? running[0]);
  if (conference === undefined) return refuse('WEIR_CALL_ENDED', 'the call has ended');
  return { kind: 'admitted', conference: { roomId: conference.roomId, confId: from.confId } };
}

/** Whether somebody who announces these streams will send any: the room may not let it. */
export function willPublish(
  rooms: RoomDirectory,
  { roomId, confId }: ConferenceId,
  userId: string,
  metadata: StreamMetadata,
): boolean {
  const permissions = rooms.permissionsOf(roomId, confId);
  return Object.keys(metadata).length > 0 && PUBLISHED_KINDS.some(kind => mayPublish(permissions, userId, kind));
}

function refuse(code: ErrorCode, message: string): Admission {
  return { kind: 'refused', code, message };
}
