import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { mayPublish, OPEN_TO_ALL } from '../wire/permissions.ts';
import type { FocusRef, MemberDevice } from '../wire/room-state.ts';
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

describe('a room with encrypted messages', () => {
  const encryption: RoomChange = { kind: 'encryption' };

  it('is encrypted from then on, until the focus has left it', () => {
    view.apply([inRoom('!r', joined('@a')), inRoom('!s', encryption)], true);
    expect([view.isEncrypted('!r'), view.isEncrypted('!s'), view.isEncrypted('!nowhere')]).toEqual([
      false,
      true,
      false,
    ]);
    view.apply([inRoom('!r', encryption)], false);
    view.apply([inRoom('!r', joined('@b'))], false);
    expect(view.isEncrypted('!r')).toBe(true);
    view.apply([{ roomId: '!r', membership: 'leave', changes: [] }], false);
    expect(view.isEncrypted('!r')).toBe(false);
  });
});

describe('the foci of a conference', () => {
  const A = { userId: '@focus:a', deviceId: 'FA' };
  const B = { userId: '@focus:b', deviceId: 'FB' };
  const CONF = { roomId: '!r', confId: 'c' };
  const on = (deviceId: string, active: FocusRef[], more: Partial<MemberDevice> = {}): MemberDevice => ({
    ...device('c', deviceId),
    foci: { active, preferred: [] },
    ...more,
  });
  const fociHere = (now = 0) =>
    view.fociOf(CONF, now).map(({ focus, devices: on }) => [focus.deviceId, ...on.map(d => d.deviceId)]);

  it('are those that joined members name as active, with who is on each', () => {
    view.apply(
      [
        inRoom(
          '!r',
          ...['@a', '@b', A.userId, B.userId].map(joined),
          devices('@a', [on('A1', [A]), { ...device('d', 'A2'), foci: { active: [B], preferred: [] } }]),
          devices('@b', [on('B1', [B])]),
          devices('@gone', [on('G', [B])]),
        ),
      ],
      true,
    );
    expect(fociHere()).toEqual([
      ['FA', 'A1'],
      ['FB', 'B1'],
    ]);
    expect(view.fociOf({ roomId: '!other', confId: 'c' }, 0)).toEqual([]);
  });

  it('change when members join, leave, move to another focus, and not when they say the same again', () => {
    view.apply(
      [inRoom('!r', ...['@a', A.userId, B.userId].map(joined), devices('@a', [on('A1', [A], { expiresTs: 8e12 })]))],
      true,
    );
    const before = view.fociOf(CONF, 0);
    view.apply([inRoom('!r', devices('@a', [on('A1', [A], { expiresTs: 9e12 })]), joined('@a'))], false);
    expect(view.fociOf(CONF, 0)).toBe(before);
    view.apply([inRoom('!r', devices('@a', [on('A1', [B])]))], false);
    expect(fociHere()).toEqual([['FB', 'A1']]);
    view.apply([inRoom('!r', { kind: 'membership', userId: '@a', membership: 'leave' })], false);
    expect(fociHere()).toEqual([]);
    view.apply([inRoom('!r', joined('@a'))], false);
    expect(fociHere()).toEqual([['FB', 'A1']]);
  });

  it('are in the room themselves', () => {
    view.apply([inRoom('!r', ...['@a', A.userId].map(joined), devices('@a', [on('A1', [A, B])]))], true);
    expect(fociHere()).toEqual([['FA', 'A1']]);
    view.apply([inRoom('!r', joined(B.userId))], false);
    expect(fociHere()).toEqual([
      ['FA', 'A1'],
      ['FB', 'A1'],
    ]);
    view.apply([inRoom('!r', { kind: 'membership', userId: A.userId, membership: 'ban' })], false);
    expect(fociHere()).toEqual([['FB', 'A1']]);
  });

  it('tell a device once, under whichever names its entry stands', () => {
    const both = ['m.call.member', `${UNSTABLE}.member`].map(type => devices('@a', [on('A1', [A])], type));
    view.apply([inRoom('!r', ...['@a', A.userId].map(joined), ...both)], true);
    expect(fociHere()).toEqual([['FA', 'A1']]);
    view.apply([inRoom('!r', devices('@a', []))], false);
    expect(fociHere()).toEqual([['FA', 'A1']]);
  });

  it('are named by entries that have not expired', () => {
    view.apply(
      [inRoom('!r', ...['@a', A.userId].map(joined), devices('@a', [on('A1', [A], { expiresTs: 100 })]))],
      true,
    );
    expect([fociHere(99), fociHere(100)]).toEqual([[['FA', 'A1']], []]);
    expect([view.namingOf(CONF, A, 99), view.namingOf(CONF, A, 100)]).toEqual(['named', 'not yet']);
  });

  it('may be named soon, unless the conference is over', () => {
    expect(view.namingOf(CONF, A, 0)).toBe('not yet');
    view.apply([inRoom('!r', joined('@a'), call('c'), devices('@a', [on('A1', [A])]))], true);
    // The focus itself is not in the room.
    expect(view.namingOf(CONF, A, 0)).toBe('not yet');
    view.apply([inRoom('!r', joined(A.userId))], false);
    expect(view.namingOf(CONF, A, 0)).toBe('named');
    expect(view.namingOf(CONF, { ...A, deviceId: 'OTHER' }, 0)).toBe('not yet');
    view.apply([inRoom('!r', call('c', 'ended'))], false);
    expect(view.namingOf(CONF, A, 0)).toBe('refused');
  });

  it('go with the room', () => {
    view.apply([inRoom('!r', ...['@a', A.userId].map(joined), devices('@a', [on('A1', [A])]))], true);
    view.apply([{ roomId: '!r', membership: 'leave', changes: [] }], false);
    expect(fociHere()).toEqual([]);
    view.apply([inRoom('!r', ...['@a', A.userId].map(joined), devices('@a', [on('A1', [A])]))], true);
    view.apply([], true);
    expect(fociHere()).toEqual([]);
  });

  it('change with time where an entry expires, and when it is written again', () => {
    const until = (expiresTs: number): RoomChange => devices('@a', [on('A1', [A], { expiresTs })]);
    view.apply([inRoom('!r', ...['@a', A.userId].map(joined), until(100))], true);
    const before = view.fociOf(CONF, 50);
    view.apply([inRoom('!r', until(200))], false);
    expect([view.fociOf(CONF, 99) === before, fociHere(150), fociHere(200)]).toEqual([true, [['FA', 'A1']], []]);
    view.apply([inRoom('!r', until(300))], false);
    expect(fociHere(250)).toEqual([['FA', 'A1']]);
    view.apply([inRoom('!r', until(260))], false);
    expect(fociHere(270)).toEqual([]);
  });

  it('are as they would be if each change were looked at alone, whatever comes in which order', () => {
    const users = ['@a', '@b', A.userId, B.userId];
    const anyUser = fc.constantFrom(...users);
    const anyDevice = fc.record({
      confId: fc.constantFrom('c', 'd'),
      deviceId: fc.constantFrom('D1', 'D2'),
      active: fc.subarray([A, B]),
      expiresTs: fc.constantFrom(undefined, 5, 50),
    });
    const change = fc.oneof(
      fc.record({ userId: anyUser, membership: fc.constantFrom('join' as const, 'leave' as const) }),
      fc.record({
        userId: anyUser,
        type: fc.constantFrom('m.call.member', `${UNSTABLE}.member`),
        list: fc.array(anyDevice, { maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), script => {
        const one = new RoomView();
        const here = new Set<string>();
        const lists = new Map<string, { userId: string; list: MemberDevice[] }>();
        for (const step of script) {
          if ('membership' in step) {
            if (step.membership === 'join') here.add(step.userId);
            else here.delete(step.userId);
            one.apply([inRoom('!r', { kind: 'membership', ...step })], false);
          } else {
            const { userId, type } = step;
            const list = step.list.map(({ active, ...rest }) => ({
              ...rest,
              sessionId: 's',
              foci: { active, preferred: [] },
            }));
            lists.set(`${type} ${userId}`, { userId, list });
            one.apply([inRoom('!r', devices(userId, list, type))], false);
          }
        }
        const expected = new Set<string>();
        for (const { userId, list } of lists.values()) {
          for (const { confId, deviceId, foci, expiresTs } of list) {
            for (const focus of foci.active) {
              if (confId === 'c' && here.has(userId) && here.has(focus.userId) && (expiresTs ?? 99) > 10)
                expected.add(`${focus.deviceId} ${userId} ${deviceId}`);
            }
          }
        }
        const found = one
          .fociOf(CONF, 10)
          .flatMap(({ focus, devices: on }) => on.map(d => `${focus.deviceId} ${d.userId} ${d.deviceId}`));
        expect(found.toSorted()).toEqual([...expected].toSorted());
      }),
    );
  });
});
