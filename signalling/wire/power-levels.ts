/** Who has which power in a room (client-server API, "m.room.power_levels"; room versions 1 to 12). */
import { Type } from 'typebox';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** What `m.room.power_levels` gives users. */
export interface PowerLevels {
  users: ReadonlyMap<string, number>;
  usersDefault: number;
}

/** Who made a room, and whether that stands above every level (room version 12 and later, MSC4289). */
export interface Creation {
  creators: readonly string[];
  outrank: boolean;
}

/** What a room says about the power of its users; `undefined` where it said nothing (that was told). */
export interface RoomPower {
  levels: PowerLevels | undefined;
  creation: Creation | undefined;
}

/** Level of a creator in a room without power levels. */
const CREATOR_LEVEL = 100;
/** The first version whose creators outrank all. */
const CREATORS_OUTRANK_SINCE = 12;

/** A level as wire value: room versions before 10 took integers in strings, too. */
export const PowerLevel = Type.Union([Type.Integer(), Type.String({ pattern: '^\\s*[+-]?\\d{1,16}\\s*$' })]);

export function readPowerLevel(level: string | number): number {
  return Number(level);
}

const parseLevels = parserOf(
  'm.room.power_levels',
  Type.Object({
    users: Type.Optional(Type.Record(Type.String(), PowerLevel)),
    users_default: Type.Optional(PowerLevel),
  }),
);
const parseCreate = parserOf(
  'm.room.create',
  Type.Object({
    room_version: Type.Optional(Type.String({ maxLength: 255 })),
    additional_creators: Type.Optional(Type.Array(Id, { maxItems: 1_024 })),
  }),
);

export function parsePowerLevels(content: unknown): Parsed<PowerLevels> {
  const parsed = parseLevels(content);
  if (parsed.kind === 'bad') return parsed;
  const { users = {}, users_default: usersDefault = 0 } = parsed.value;
  return ok({
    users: new Map(Object.entries(users).map(([userId, level]) => [userId, readPowerLevel(level)])),
    usersDefault: readPowerLevel(usersDefault),
  });
}

/** Reads `m.room.create`: whoever sent it made the room, with those whom it names beside (room version 12). */
export function parseCreation(sender: string, content: unknown): Parsed<Creation> {
  const parsed = parseCreate(content);
  if (parsed.kind === 'bad') return parsed;
  const outrank = Number(parsed.value.room_version ?? 1) >= CREATORS_OUTRANK_SINCE;
  return ok({ creators: outrank ? [sender, ...(parsed.value.additional_creators ?? [])] : [sender], outrank });
}

/** Power level of a user; infinite for creators that outrank all. */
export function powerLevelOf({ levels, creation }: RoomPower, userId: string): number {
  const isCreator = creation?.creators.includes(userId) === true;
  if (isCreator && creation.outrank) return Number.POSITIVE_INFINITY;
  if (levels === undefined) return isCreator ? CREATOR_LEVEL : 0;
  return levels.users.get(userId) ?? levels.usersDefault;
}
