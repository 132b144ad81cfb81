/** The rooms of a user, as a list to pick from. */
import { stateEventsOf } from './homeserver-answers.ts';
import type { HomeserverRequests } from './homeserver-requests.ts';
import { devicesInCall, roomNameOf, runningConference, stateOf, withEvents } from './room.ts';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES } from './wire.ts';

export interface RoomSummary {
  roomId: string;
  name: string;
  kind: 'joined' | 'invited';
  /** Devices in the call that runs there. */
  inCall: number;
}

const NOTHING = { types: [] };
const FILTER = {
  presence: NOTHING,
  account_data: NOTHING,
  room: {
    account_data: NOTHING,
    ephemeral: NOTHING,
    timeline: { types: [], limit: 1 },
    state: {
      types: [
        'm.room.name',
        'm.room.canonical_alias',
        'm.room.create',
        ...CALL_EVENT_TYPES,
        ...CALL_MEMBER_EVENT_TYPES,
      ],
    },
  },
};

/** Rooms that the user is in or invited to: those with a call first, then by name. Spaces are left out. */
export async function listRooms(
  homeserver: Pick<HomeserverRequests, 'glance'>,
  signal: AbortSignal,
): Promise<RoomSummary[]> {
  const answer = await homeserver.glance(FILTER, signal);
  const joined = Object.entries(answer.rooms?.join ?? {}).flatMap(([roomId, room]): RoomSummary[] => {
    const state = withEvents(new Map(), [
      ...stateEventsOf(room.state?.events),
      ...stateEventsOf(room.timeline?.events),
    ]);
    if (stateOf(state, 'm.room.create')?.['type'] === 'm.space') return [];
    const confId = runningConference(state);
    const inCall = confId === undefined ? 0 : devicesInCall(state, confId, Date.now()).length;
    const heroes = room.summary?.['m.heroes']?.map(userId => userId.replace(/^@|:.*$/g, '')).join(', ');
    return [{ roomId, name: roomNameOf(state) ?? (heroes || 'Room without a name'), kind: 'joined', inCall }];
  });
  const invited = Object.entries(answer.rooms?.invite ?? {}).map(([roomId, room]): RoomSummary => {
    const name = roomNameOf(withEvents(new Map(), stateEventsOf(room.invite_state?.events)));
    return { roomId, name: name ?? 'Invitation', kind: 'invited', inCall: 0 };
  });
  return [...joined, ...invited].toSorted(
    (a, b) => Math.sign(b.inCall) - Math.sign(a.inCall) || a.name.localeCompare(b.name),
  );
}
