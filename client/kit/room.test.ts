import { describe, expect, it } from 'vitest';
import type { StateEvent } from './homeserver-answers.ts';
import {
  callRoomRequest,
  chooseFocus,
  devicesInCall,
  levelsThatAllowCalls,
  mayJoinCalls,
  maySetState,
  memberContentWith,
  memberContentWithout,
  permissionsIn,
  roomNameOf,
  type RoomState,
  runningConference,
  withEvents,
} from './room.ts';
import { mayModerateFloor, mayPublish } from './wire.ts';

const NOW = 1_800_000_000_000;
const ANA = { userId: '@ana:x', deviceId: 'A1' };
const FOCUS = { userId: '@focus:x', deviceId: 'F' };
const OTHER_FOCUS = { userId: '@focus:y', deviceId: 'G' };

function event(
  type: string,
  stateKey: string,
  content: Record<string, unknown>,
  more: Partial<StateEvent> = {},
): StateEvent {
  return { type, stateKey, content, sender: stateKey || '@ana:x', sentAt: 1, ...more };
}

const room = (...events: StateEvent[]): RoomState => withEvents(new Map(), events);

function member(
  userId: string,
  confId: string,
  focus: typeof FOCUS,
  more: Partial<StateEvent> = {},
  expires = NOW + 1,
): StateEvent {
  const device = {
    device_id: 'D',
    session_id: 's',
    expires_ts: expires,
    'org.matrix.msc3898.foci.active': [{ user_id: focus.userId, device_id: focus.deviceId }],
  };
  const content = { 'm.calls': [{ 'm.call_id': confId, 'm.devices': [device] }] };
  return event('org.matrix.msc3401.call.member', userId, content, more);
}

describe('calls of a room', () => {
  it('are the latest that runs', () => {
    const state = room(
      event('org.matrix.msc3401.call', 'old', { 'm.intent': 'm.room' }, { sentAt: 1 }),
      event('org.matrix.msc3401.call', 'new', { 'm.intent': 'm.room' }, { sentAt: 3 }),
      event('org.matrix.msc3401.call', 'over', { 'm.terminated': 'ended' }, { sentAt: 5 }),
      event('m.call', 'emptied', {}, { sentAt: 6 }),
    );
    expect(runningConference(state)).toBe('new');
    expect(runningConference(room())).toBeUndefined();
  });

  it('hold whoever has not expired, the first leading', () => {
    const state = room(
      member('@bo:x', 'c', FOCUS, { sentAt: 9 }),
      member('@cy:x', 'c', FOCUS, { sentAt: 4 }),
      member('@di:x', 'c', FOCUS, {}, NOW - 1),
      member('@ed:x', 'another', FOCUS),
      member('@fay:x', 'c', FOCUS, { sender: '@mallory:x' }),
      event('org.matrix.msc3401.call.member', '_@gus:x_D_m.call', { application: 'm.call' }),
    );
    expect(devicesInCall(state, 'c', NOW).map(({ userId }) => userId)).toEqual(['@cy:x', '@bo:x']);
  });

  it('are held where the first of the others is', () => {
    const state = room(member('@bo:x', 'c', OTHER_FOCUS, { sentAt: 2 }), member('@cy:x', 'c', FOCUS, { sentAt: 3 }));
    expect(chooseFocus(state, 'c', ANA, FOCUS, NOW)).toEqual(OTHER_FOCUS);
    expect(chooseFocus(state, 'c', { userId: '@bo:x', deviceId: 'D' }, FOCUS, NOW)).toEqual(FOCUS);
    expect(chooseFocus(room(), 'c', ANA, FOCUS, NOW)).toEqual(FOCUS);
    expect(chooseFocus(room(), 'c', ANA, undefined, NOW)).toBeUndefined();
  });
});

describe('our member entry', () => {
  const own = { ...ANA, confId: 'c', sessionId: 'now', focus: FOCUS, purposes: ['m.usermedia'] };

  it('says device, session, foci, and when it ends', () => {
    expect(memberContentWith(room(), own, NOW)).toEqual({
      'm.calls': [
        {
          'm.call_id': 'c',
          'm.devices': [
            {
              device_id: 'A1',
              session_id: 'now',
              expires_ts: NOW + 3_600_000,
              feeds: [{ purpose: 'm.usermedia' }],
              'org.matrix.msc3898.foci.active': [{ user_id: '@focus:x', device_id: 'F' }],
              'org.matrix.msc3898.foci.preferred': [{ user_id: '@focus:x', device_id: 'F' }],
            },
          ],
        },
      ],
    });
  });

  it('replaces the one before and leaves other devices of ours alone', () => {
    const tablet = { device_id: 'A2', session_id: 't', expires_ts: NOW + 5 };
    const before = {
      'm.calls': [
        { 'm.call_id': 'c', 'm.devices': [tablet, { device_id: 'A1', session_id: 'old' }] },
        { 'm.call_id': 'gone', 'm.devices': [{ device_id: 'A3', session_id: 'x', expires_ts: NOW - 5 }] },
        { 'm.call_id': 'd', 'm.devices': [{ device_id: 'A1', session_id: 'old' }, tablet] },
      ],
    };
    const state = room(event('org.matrix.msc3401.call.member', '@ana:x', before));
    const calls = memberContentWith(state, own, NOW)['m.calls'];
    expect(calls).toMatchObject([
      { 'm.call_id': 'd', 'm.devices': [{ device_id: 'A2' }] },
      { 'm.call_id': 'c', 'm.devices': [{ device_id: 'A2' }, { device_id: 'A1', session_id: 'now' }] },
    ]);
    expect(memberContentWithout(state, ANA, NOW)['m.calls']).toEqual([
      { 'm.call_id': 'c', 'm.devices': [tablet] },
      { 'm.call_id': 'd', 'm.devices': [tablet] },
    ]);
  });

  it('survives nonsense that stood there', () => {
    for (const content of [
      { 'm.calls': 'no' },
      { 'm.calls': [null, 3, { 'm.devices': 'no' }, { 'm.devices': [null] }] },
    ]) {
      const state = room(event('org.matrix.msc3401.call.member', '@ana:x', content));
      expect(memberContentWithout(state, ANA, NOW)).toEqual({ 'm.calls': [] });
    }
  });
});

describe('permission', () => {
  const create = (version: string): StateEvent =>
    event('m.room.create', '', { room_version: version }, { sender: '@maker:x' });
  const levels = (content: Record<string, unknown>): StateEvent => event('m.room.power_levels', '', content);

  it('is missing for members by default', () => {
    const state = room(create('10'), levels({ users: { '@mod:x': 50 } }));
    expect(mayJoinCalls(state, '@ana:x')).toBe(false);
    expect(mayJoinCalls(state, '@mod:x')).toBe(true);
  });

  it('is there where the room says so', () => {
    expect(mayJoinCalls(room(levels({ events: { 'org.matrix.msc3401.call.member': 0 } })), '@ana:x')).toBe(true);
    expect(mayJoinCalls(room(levels({ state_default: 0 })), '@ana:x')).toBe(true);
    expect(mayJoinCalls(room(levels({ users_default: 50 })), '@ana:x')).toBe(true);
  });

  it('is the creator’s above all levels from room version 12 on', () => {
    expect(maySetState(room(create('12'), levels({})), '@maker:x', 'm.room.power_levels')).toBe(true);
    expect(maySetState(room(create('11'), levels({})), '@maker:x', 'm.room.power_levels')).toBe(false);
  });

  it('can be given without touching anything else', () => {
    const state = room(levels({ ban: 60, users: { '@mod:x': 50 }, events: { 'm.room.name': 20 } }));
    expect(levelsThatAllowCalls(state)).toEqual({
      ban: 60,
      users: { '@mod:x': 50 },
      events: { 'm.room.name': 20, 'org.matrix.msc3401.call.member': 0 },
    });
  });
});

it('a room of ours allows calls to members from the start', () => {
  expect(callRoomRequest({ name: 'n', open: true, invite: ['@f:x'], confId: 'c' })).toMatchObject({
    preset: 'public_chat',
    visibility: 'private',
    power_level_content_override: { events: { 'org.matrix.msc3401.call.member': 0 } },
    initial_state: [{ type: 'org.matrix.msc3401.call', state_key: 'c' }],
  });
});

it('a room is called by its name, else by its address', () => {
  expect(roomNameOf(room(event('m.room.name', '', { name: 'N' })))).toBe('N');
  expect(roomNameOf(room(event('m.room.name', '', { name: 3 })))).toBeUndefined();
  expect(roomNameOf(room(event('m.room.canonical_alias', '', { alias: '#a:x' })))).toBe('#a:x');
});

describe('what we may publish', () => {
  const levels = event('m.room.power_levels', '', { users: { '@mo:x': 50 } });
  const audioAt50 = { publish: { audio: 50 } };

  it('is everything where the room says nothing', () => {
    expect(mayPublish(permissionsIn(room(), 'c'), '@ana:x', 'audio')).toBe(true);
  });

  it('follows the power levels', () => {
    const permissions = permissionsIn(room(levels, event('org.weir.call.permissions', '', audioAt50)), 'c');
    expect([mayPublish(permissions, '@ana:x', 'audio'), mayPublish(permissions, '@mo:x', 'audio')]).toEqual([
      false,
      true,
    ]);
    expect(mayPublish(permissions, '@ana:x', 'video')).toBe(true);
  });

  it('is a matter of the call, where that has an event of its own, and of the room before there is a call', () => {
    const state = room(
      levels,
      event('org.weir.call.permissions', '', audioAt50),
      event('org.weir.call.permissions', 'c', { floor: { audio: true } }),
    );
    expect(mayPublish(permissionsIn(state, 'c'), '@ana:x', 'audio')).toBe(true);
    expect(mayModerateFloor(permissionsIn(state, 'c'), '@mo:x')).toBe(true);
    expect(mayPublish(permissionsIn(state, undefined), '@ana:x', 'audio')).toBe(false);
  });

  it('is everything to who made a room of version 12', () => {
    const state = room(
      event('m.room.create', '', { room_version: '12' }, { sender: '@ana:x' }),
      levels,
      event('org.weir.call.permissions', '', { publish: { audio: 1_000 } }),
    );
    expect([
      mayPublish(permissionsIn(state, 'c'), '@ana:x', 'audio'),
      mayPublish(permissionsIn(state, 'c'), '@mo:x', 'audio'),
    ]).toEqual([true, false]);
  });
});
