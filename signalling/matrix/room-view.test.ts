import { beforeEach, describe, expect, it } from 'vitest';
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
