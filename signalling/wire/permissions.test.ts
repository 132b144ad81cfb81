/** What a room says about who may publish. */
import { describe, expect, it } from 'vitest';
import {
  type CallPermissions,
  mayModerateFloor,
  mayPublish,
  OPEN_TO_ALL,
  parseCallPermissions,
  permissionsFor,
  PUBLISHED_KINDS,
} from './permissions.ts';
import { parseCreation, parsePowerLevels, powerLevelOf, type RoomPower } from './power-levels.ts';
import type { Parsed } from './parse.ts';

function valueOf<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'bad') throw parsed.error;
  return parsed.value;
}

function permissions(content: object): CallPermissions | undefined {
  return valueOf(parseCallPermissions(content));
}

function power(levels: object | undefined, version?: string, additional: string[] = []): RoomPower {
  const create = { ...(version === undefined ? {} : { room_version: version }), additional_creators: additional };
  return {
    levels: levels === undefined ? undefined : valueOf(parsePowerLevels(levels)),
    creation: version === undefined ? undefined : valueOf(parseCreation('@maker', create)),
  };
}

describe('the power of a user', () => {
  it('is its own level, else that of all', () => {
    const room = power({ users: { '@mod': 50, '@quiet': -1 }, users_default: 10 });
    expect(['@mod', '@quiet', '@ana'].map(user => powerLevelOf(room, user))).toEqual([50, -1, 10]);
  });

  it('is 0 where nobody says more', () => {
    expect(powerLevelOf(power({}), '@ana')).toBe(0);
    expect(powerLevelOf(OPEN_TO_ALL.power, '@ana')).toBe(0);
  });

  it('may stand in a string, as old rooms have it', () => {
    expect(powerLevelOf(power({ users: { '@mod': ' 50 ' }, users_default: '-5' }), '@mod')).toBe(50);
    expect(powerLevelOf(power({ users_default: '-5' }), '@ana')).toBe(-5);
  });

  it('is 100 for who made a room that has no levels', () => {
    expect(powerLevelOf(power(undefined, '10'), '@maker')).toBe(100);
    expect(powerLevelOf(power(undefined, '10'), '@ana')).toBe(0);
  });

  it('is infinite for creators since room version 12, and for no others', () => {
    const room = power({ users: {} }, '12', ['@helper']);
    expect(['@maker', '@helper'].map(user => powerLevelOf(room, user))).toEqual([Infinity, Infinity]);
    expect(powerLevelOf(room, '@ana')).toBe(0);
    expect(powerLevelOf(power({}, '11', ['@helper']), '@helper')).toBe(0);
    expect(powerLevelOf(power({}, '11'), '@maker')).toBe(0);
  });

  it.each([{ users: { '@mod': 'fifty' } }, { users: [] }, { users_default: 1.5 }, { users_default: null }])(
    'is not read from %j',
    content => {
      expect(parsePowerLevels(content).kind).toBe('bad');
    },
  );

  it('of somebody named like a part of all objects is that of anybody', () => {
    const room = power(JSON.parse('{"users":{"__proto__":100},"users_default":0}') as object);
    expect([powerLevelOf(room, 'toString'), powerLevelOf(room, 'constructor')]).toEqual([0, 0]);
  });
});

describe('permissions', () => {
  const levels = power({ users: { '@mod': 50 } });

  it('let everybody publish everything where the room says nothing', () => {
    for (const kind of PUBLISHED_KINDS) expect(mayPublish(OPEN_TO_ALL, '@ana', kind)).toBe(true);
  });

  it('ask for a level by kind, and leave the others open', () => {
    const room = permissionsFor(undefined, permissions({ publish: { audio: 50, screen: '50' } }), levels);
    expect(PUBLISHED_KINDS.map(kind => mayPublish(room, '@ana', kind))).toEqual([false, true, false, true]);
    expect(PUBLISHED_KINDS.map(kind => mayPublish(room, '@mod', kind))).toEqual([true, true, true, true]);
  });

  it('of a conference win whole over those of its room', () => {
    const ofRoom = permissions({ publish: { audio: 50 }, floor: { audio: true } });
    const room = permissionsFor(permissions({ publish: { video: 50 } }), ofRoom, levels);
    expect([mayPublish(room, '@ana', 'audio'), mayPublish(room, '@ana', 'video')]).toEqual([true, false]);
    expect(room.floor).toBeUndefined();
  });

  it('that were emptied are none: those of the room count again', () => {
    expect(permissions({})).toBeUndefined();
    expect(
      mayPublish(permissionsFor(permissions({}), permissions({ publish: { data: 1 } }), levels), '@ana', 'data'),
    ).toBe(false);
  });

  it('have a floor where they say so, whose moderators stand at 50', () => {
    const room = permissionsFor(undefined, permissions({ floor: { audio: true } }), levels);
    expect([mayModerateFloor(room, '@mod'), mayModerateFloor(room, '@ana')]).toEqual([true, false]);
    const strict = permissionsFor(undefined, permissions({ floor: { audio: true, moderator: 100 } }), levels);
    expect(mayModerateFloor(strict, '@mod')).toBe(false);
  });

  it.each([{ floor: {} }, { floor: { audio: false } }, { publish: {} }])('have no floor in %j', content => {
    expect(permissions(content)?.floor).toBeUndefined();
    expect(mayModerateFloor(permissionsFor(undefined, permissions(content), levels), '@mod')).toBe(false);
  });

  it.each([{ publish: { audio: 'moderators' } }, { publish: [50] }, { floor: { audio: 1 } }, { floor: true }])(
    'are not read from %j',
    content => {
      expect(parseCallPermissions(content).kind).toBe('bad');
    },
  );
});
