import { beforeEach, describe, expect, it } from 'vitest';
import { mayPublish, OPEN_TO_ALL } from '../wire/permissions.ts';
import type { MemberDevice } from '../wire/room-state.ts';
import { ROOM_BOUNDS, RoomView } from './room-view.ts';
import type { RoomChange, RoomDelta } from './types.ts';

const UNSTABLE = 'org.matrix.msc3401.call';
const joined = (userId: string): RoomChange => ({ kind: 'membership', userId, membership: 'join' });
const call = (confId: string, terminated?: string, type = UNSTABLE): RoomChange => ({
  kind: 'call',
  type,
  call: { confId, terminated },
});
const device = (confId: string, deviceId: string): MemberDevice => ({
  confId,
  deviceId,
  sessionId: 's',
  expiresTs: undefined,
  foci: { active: [], preferred: [] },
});
const devices = (userId: string, list: MemberDevice[], type = `${UNSTABLE}.member`): RoomChange => ({
  kind: 'call_member',
  type,
  userId,
  devices: list,
});
const inRoom = (roomId: string, ...changes: RoomChange[]): RoomDelta => ({ roomId, membership: 'join', changes });

let view: RoomView;
beforeEach(() => {
  view = new RoomView();
});

describe('RoomView', () => {
  it('follows who is joined', () => {
    view.apply([inRoom('!r', joined('@a'), joined('@b'))], true);
    view.apply([inRoom('!r', { kind: 'membership', userId: '@b', membership: 'ban' })], false);
    expect([view.isJoined('!r', '@a'), view.isJoined('!r', '@b'), view.isJoined('!other', '@a')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('finds a conf_id in every room that has it', () => {
    view.apply([inRoom('!r', call('c')), inRoom('!s', call('c', 'ended')), inRoom('!t', call('d'))], true);
    expect(view.conferencesOf('c')).toEqual([
      { roomId: '!r', terminated: undefined },
      { roomId: '!s', terminated: 'ended' },
    ]);
    expect(view.conferencesOf('nowhere')).toEqual([]);
  });

  it('takes a conference for running while it runs under one name of its type', () => {
    view.apply([inRoom('!r', call('c', 'ended'), call('c', undefined, 'm.call'))], true);
    expect(view.conferencesOf('c')).toEqual([{ roomId: '!r', terminated: undefined }]);
    view.apply([inRoom('!r', call('c', 'over', 'm.call'))], false);
    expect(view.conferencesOf('c')).toEqual([{ roomId: '!r', terminated: 'ended' }]);
  });

  it('shows the devices of joined members, under both names of the type', () => {
    view.apply(
      [
        inRoom(
          '!r',
          joined('@a'),
          devices('@a', [device('c', 'A1'), device('d', 'A2')]),
          devices('@a', [device('c', 'A3')], 'm.call.member'),
          devices('@gone', [device('c', 'G')]),
        ),
      ],
      true,
    );
    expect(view.memberDevices('!r', 'c').map(({ userId, deviceId }) => [userId, deviceId])).toEqual([
      ['@a', 'A1'],
      ['@a', 'A3'],
    ]);
    view.apply([inRoom('!r', devices('@a', []))], false);
    expect(view.memberDevices('!r', 'c').map(({ deviceId }) => deviceId)).toEqual(['A3']);
  });

  it('forgets a room that the focus is not in any more', () => {
    view.apply([inRoom('!r', joined('@a'), call('c')), inRoom('!s', call('c'))], true);
    view.apply([{ roomId: '!r', membership: 'leave', changes: [] }], false);
    expect(view.joinedRooms()).toEqual(['!s']);
    expect(view.conferencesOf('c')).toEqual([{ roomId: '!s', terminated: undefined }]);
    expect(view.isJoined('!r', '@a')).toBe(false);
    view.apply([{ roomId: '!s', membership: 'invite', changes: [] }], false);
    expect(view.conferencesOf('c')).toEqual([]);
  });

  it('starts over with a whole state', () => {
    view.apply([inRoom('!r', joined('@a'), call('c')), inRoom('!s', joined('@a'))], true);
    view.apply([inRoom('!s', joined('@b'))], true);
    expect(view.joinedRooms()).toEqual(['!s']);
    expect(view.isJoined('!s', '@a')).toBe(false);
    expect(view.conferencesOf('c')).toEqual([]);
  });

  it('lets an ended conference go for a new one, and leaves out what is beyond its bounds', () => {
    const running = Array.from({ length: ROOM_BOUNDS.conferences }, (_, number) => call(`c${number}`));
    expect(view.apply([inRoom('!r', ...running)], true)).toBe(0);
    expect(view.apply([inRoom('!r', call('late'))], false)).toBe(1);
    expect(view.conferencesOf('late')).toEqual([]);
    expect(view.apply([inRoom('!r', call('c7', 'ended'), call('late'))], false)).toBe(0);
    expect(view.conferencesOf('late')).toHaveLength(1);
    expect(view.conferencesOf('c7')).toEqual([]);
  });

  it('counts devices of all members of a room together', () => {
    const half = Array.from({ length: ROOM_BOUNDS.devices / 2 }, (_, number) => device('c', `D${number}`));
    const changes = ['@a', '@b', '@c'].flatMap(userId => [joined(userId), devices(userId, half)]);
    expect(view.apply([inRoom('!r', ...changes)], true)).toBe(1);
    expect(view.memberDevices('!r', 'c')).toHaveLength(ROOM_BOUNDS.devices);
    // Room is made by those who leave.
    expect(view.apply([inRoom('!r', devices('@a', []), devices('@c', half))], false)).toBe(0);
    expect(new Set(view.memberDevices('!r', 'c').map(({ userId }) => userId))).toEqual(new Set(['@b', '@c']));
  });
});

describe('who may publish', () => {
  const levels = (...users: [string, number][]): RoomChange => ({
    kind: 'power_levels',
    levels: { users: new Map(users), usersDefault: 0 },
  });
  const audioAt = (level: number, confId = ''): RoomChange => ({
    kind: 'permissions',
    confId,
    permissions: { publish: { audio: level }, floor: undefined },
  });
  const maySpeak = (userId: string, confId = 'c'): boolean =>
    mayPublish(view.permissionsOf('!r', confId), userId, 'audio');

  it('is everybody in a room that says nothing, or that is not known', () => {
    view.apply([inRoom('!r', joined('@a'))], true);
    expect(view.permissionsOf('!r', 'c')).toEqual(OPEN_TO_ALL);
    expect(view.permissionsOf('!nowhere', 'c')).toBe(OPEN_TO_ALL);
  });

  it('follows the power levels of the room', () => {
    view.apply([inRoom('!r', audioAt(50), levels(['@mod', 50]))], true);
    expect([maySpeak('@mod'), maySpeak('@a')]).toEqual([true, false]);
    view.apply([inRoom('!r', levels(['@a', 50]))], false);
    expect([maySpeak('@mod'), maySpeak('@a')]).toEqual([false, true]);
  });

  it('is a matter of the conference, where that has an event of its own', () => {
    view.apply([inRoom('!r', audioAt(50), audioAt(0, 'c'))], true);
    expect([maySpeak('@a', 'c'), maySpeak('@a', 'd')]).toEqual([true, false]);
    view.apply([inRoom('!r', { kind: 'permissions', confId: 'c', permissions: undefined })], false);
    expect(maySpeak('@a', 'c')).toBe(false);
  });

  it('is the same object until something changes', () => {
    view.apply([inRoom('!r', audioAt(50))], true);
    const before = view.permissionsOf('!r', 'c');
    view.apply([inRoom('!r', joined('@a'))], false);
    expect(view.permissionsOf('!r', 'c')).toBe(before);
    view.apply([inRoom('!r', audioAt(0))], false);
    expect(view.permissionsOf('!r', 'c')).not.toBe(before);
  });

  it('is not believed beyond a bound; what is known still changes', () => {
    view.apply([inRoom('!r', ...Array.from({ length: 257 }, (_, index) => audioAt(50, `c${index}`)))], true);
    expect(view.apply([inRoom('!r', audioAt(50, 'more'))], false)).toBe(1);
    expect(view.apply([inRoom('!r', audioAt(0, 'c1'))], false)).toBe(0);
    expect([maySpeak('@a', 'more'), maySpeak('@a', 'c1'), maySpeak('@a', 'c2')]).toEqual([true, true, false]);
  });
});
