import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../setup/failure.mjs';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES } from '../signalling/wire/names.ts';
import { CALL_PERMISSIONS_TYPE } from '../signalling/wire/permissions.ts';
import { matrixRequest, requireString } from './matrix-api.ts';
import type { MatrixUser } from './synapse.ts';

export interface CallRoomOptions {
  baseUrl: string;
  /** Makes the room, and may change everything in it. */
  creator: MatrixUser;
  name?: string;
  /** Users that are invited and join at once. */
  members?: readonly MatrixUser[];
  /** Users that are invited: the focus joins by itself. */
  invited?: readonly string[];
  /** State key of the call; made up otherwise. */
  confId?: string;
  /** As rooms are made by default: members may not send call state, only moderators may. */
  membersMayNotCall?: boolean;
  /** Who may publish in its calls: content of `org.weir.call.permissions`. */
  permissions?: Record<string, unknown>;
  /** Its messages and calls are encrypted. */
  encrypted?: boolean;
}

export interface CallRoom {
  roomId: string;
  confId: string;
}

/** Makes a private room with a video call in it that its members may join. */
export async function createCallRoom(options: CallRoomOptions): Promise<CallRoom> {
  const { baseUrl, creator, members = [], invited = [] } = options;
  const confId = options.confId ?? `call-${Date.now().toString(36)}`;
  const events = Object.fromEntries(CALL_MEMBER_EVENT_TYPES.map(type => [type, 0]));
  const room = await matrixRequest(baseUrl, {
    method: 'POST',
    path: '/_matrix/client/v3/createRoom',
    accessToken: creator.accessToken,
    body: {
      preset: 'private_chat',
      name: options.name ?? 'Weir demo call',
      invite: [...invited, ...members.map(member => member.userId)],
      // `events` replaces the homeserver's own whole map, so that map comes along.
      ...(options.membersMayNotCall
        ? {}
        : { power_level_content_override: { events: { ...DEFAULT_EVENTS, ...events } } }),
      initial_state: [
        {
          type: CALL_EVENT_TYPES[0],
          state_key: confId,
          content: { 'm.intent': 'm.room', 'm.type': 'm.video', 'm.name': options.name ?? 'Weir demo call' },
        },
        ...(options.encrypted
          ? [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }]
          : []),
        ...(options.permissions === undefined
          ? []
          : [{ type: CALL_PERMISSIONS_TYPE, state_key: '', content: options.permissions }]),
      ],
    },
  });
  const roomId = requireString(room, 'room_id');
  await Promise.all(members.map(member => joinRoom(baseUrl, member, roomId)));
  return { roomId, confId };
}

/** What a homeserver asks of the senders of these events in a new room. */
const DEFAULT_EVENTS = {
  'm.room.name': 50,
  'm.room.power_levels': 100,
  'm.room.history_visibility': 100,
  'm.room.canonical_alias': 50,
  'm.room.avatar': 50,
  'm.room.tombstone': 100,
  'm.room.server_acl': 100,
  'm.room.encryption': 100,
};

/** @param via server that knows the room, where the user's own does not yet */
export async function joinRoom(baseUrl: string, user: MatrixUser, roomId: string, via?: string): Promise<void> {
  const query = via === undefined ? '' : `?${new URLSearchParams({ server_name: via, via }).toString()}`;
  await matrixRequest(baseUrl, {
    method: 'POST',
    path: `/_matrix/client/v3/join/${encodeURIComponent(roomId)}${query}`,
    accessToken: user.accessToken,
    body: {},
  });
}

export async function inviteUser(baseUrl: string, inviter: MatrixUser, roomId: string, userId: string): Promise<void> {
  await matrixRequest(baseUrl, {
    method: 'POST',
    path: `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/invite`,
    accessToken: inviter.accessToken,
    body: { user_id: userId },
  });
}

/** Ids of the users in the room. */
export async function joinedMembers(baseUrl: string, viewer: MatrixUser, roomId: string): Promise<string[]> {
  const answer = await matrixRequest(baseUrl, {
    method: 'GET',
    path: `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/joined_members`,
    accessToken: viewer.accessToken,
  });
  const joined: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'joined') : undefined;
  return typeof joined === 'object' && joined !== null ? Object.keys(joined) : [];
}

const FOCUS_JOINS_WITHIN_MS = 30_000;
const POLL_MS = 50;

/** Waits until a focus is in a room that it was invited to, as a member of the room sees it. */
export async function untilJoined(
  where: { baseUrl: string; viewer: MatrixUser; roomId: string },
  focus: { userId: string; logFile: string },
  signal?: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + FOCUS_JOINS_WITHIN_MS;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    if ((await joinedMembers(where.baseUrl, where.viewer, where.roomId)).includes(focus.userId)) return;
    await delay(POLL_MS);
  }
  throw new Failure(
    `${focus.userId} did not join the room within ${FOCUS_JOINS_WITHIN_MS / 1000} s.`,
    `Its log tells what it did with the invite: ${focus.logFile}`,
  );
}

/** Removes a user from a room (or withdraws an invite). */
export async function kickUser(baseUrl: string, moderator: MatrixUser, roomId: string, userId: string): Promise<void> {
  await matrixRequest(baseUrl, {
    method: 'POST',
    path: `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/kick`,
    accessToken: moderator.accessToken,
    body: { user_id: userId },
  });
}

export interface StateEvent {
  type: string;
  stateKey: string;
  content: Record<string, unknown>;
}

export async function sendState(baseUrl: string, user: MatrixUser, roomId: string, event: StateEvent): Promise<void> {
  const path = [roomId, 'state', event.type, event.stateKey].map(encodeURIComponent).join('/');
  await matrixRequest(baseUrl, {
    method: 'PUT',
    path: `/_matrix/client/v3/rooms/${path}`,
    accessToken: user.accessToken,
    body: event.content,
  });
}
