import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES } from '../wire/names.ts';
import { CALL_PERMISSIONS_TYPE } from '../wire/permissions.ts';
import { ENCRYPTION_TYPE } from '../wire/room-state.ts';

const NOTHING = { types: [], not_types: ['*'], limit: 0 };
const STATE_TYPES = [
  ...CALL_EVENT_TYPES,
  ...CALL_MEMBER_EVENT_TYPES,
  'm.room.member',
  CALL_PERMISSIONS_TYPE,
  'm.room.power_levels',
  'm.room.create',
  ENCRYPTION_TYPE,
];

/**
 * What the sync asks for (client-server API, "Filtering"), inline: homeservers keep inline filters parsed, and nothing has
 * to be uploaded before the first sync. Members are not loaded lazily: who is joined decides who may call.
 */
export const SYNC_FILTER = JSON.stringify({
  presence: NOTHING,
  account_data: NOTHING,
  room: {
    account_data: NOTHING,
    ephemeral: NOTHING,
    state: { types: STATE_TYPES, lazy_load_members: false },
    // Wide enough that a burst of joins is seen event by event; what lies before it comes as state.
    timeline: { types: STATE_TYPES, limit: 50, lazy_load_members: false },
  },
});

/** Only the list of rooms with the invitations that are open, at the least cost. */
export const INVITES_FILTER = JSON.stringify({
  presence: NOTHING,
  account_data: NOTHING,
  room: {
    account_data: NOTHING,
    ephemeral: NOTHING,
    state: { ...NOTHING, lazy_load_members: true },
    timeline: { ...NOTHING, limit: 1 },
  },
});
