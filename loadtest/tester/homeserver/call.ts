/** The room with the call: a given one, or one of the run's own. */
import { setTimeout as delay } from 'node:timers/promises';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES } from '../../../signalling/wire/names.ts';
import type { CallRoom, FocusDevice, MatrixDevice } from '../../peers/call-place.ts';
import { TesterFailure } from '../failure.ts';
import type { Users } from './access.ts';
import { textOf } from './api.ts';

const FOCUS_JOINS_WITHIN_MS = 30_000;
const POLL_MS = 200;

/**
 * Makes a room with a call in it that anybody on the homeserver may join who knows its id, and invites the focus. Resolves when the
 * focus has joined.
 */
export async function makeCall(
  users: Users,
  creator: MatrixDevice,
  focus: FocusDevice,
  signal: AbortSignal,
): Promise<CallRoom> {
  const confId = `load-${Date.now().toString(36)}`;
  const made = await users.ask(creator, {
    method: 'POST',
    path: ['v3', 'createRoom'],
    body: {
      // Members join by themselves: an invite for each would double what the homeserver has to do.
      preset: 'public_chat',
      visibility: 'private',
      name: 'Load test',
      invite: [focus.userId],
      power_level_content_override: { events: Object.fromEntries(CALL_MEMBER_EVENT_TYPES.map(type => [type, 0])) },
      initial_state: [
        {
          type: CALL_EVENT_TYPES[0],
          state_key: confId,
          content: { 'm.intent': 'm.room', 'm.type': 'm.video', 'm.name': 'Load test' },
        },
      ],
    },
  });
  const roomId = textOf(made, 'room_id');
  if (roomId === undefined) throw new TesterFailure('The homeserver made no room.', 'See its log.');
  users.isIn(creator);
  await untilJoined(users, creator, roomId, focus, signal);
  return { roomId, confId };
}

async function untilJoined(
  users: Users,
  viewer: MatrixDevice,
  roomId: string,
  focus: FocusDevice,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + FOCUS_JOINS_WITHIN_MS;
  for (;;) {
    const answer = await users.ask(viewer, { method: 'GET', path: ['v3', 'rooms', roomId, 'joined_members'] });
    const joined: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'joined') : undefined;
    if (typeof joined === 'object' && joined !== null && Object.hasOwn(joined, focus.userId)) return;
    signal.throwIfAborted();
    if (performance.now() > deadline) {
      throw new TesterFailure(
        `${focus.userId} did not join the room within ${FOCUS_JOINS_WITHIN_MS / 1_000} s of its invite.`,
        'See whether the focus runs, and what its log says. One that joins no rooms by itself needs --room and --conf.',
      );
    }
    await delay(POLL_MS);
  }
}

/** Ends the call, takes the focus out of the room, and all whom the run brought in. What fails is left as it is. */
export async function endCall(users: Users, creator: MatrixDevice, call: CallRoom, focus: FocusDevice): Promise<void> {
  const { roomId, confId } = call;
  const quietly = async (asked: Promise<unknown>): Promise<void> => {
    await asked.catch(() => undefined);
  };
  await quietly(
    users.ask(creator, {
      method: 'PUT',
      path: ['v3', 'rooms', roomId, 'state', CALL_EVENT_TYPES[0], confId],
      body: { 'm.intent': 'm.room', 'm.type': 'm.video', 'm.terminated': 'call_ended' },
    }),
  );
  await quietly(
    users.ask(creator, {
      method: 'POST',
      path: ['v3', 'rooms', roomId, 'kick'],
      body: { user_id: focus.userId },
    }),
  );
  await users.leave(roomId);
}
