/** Who may publish what in the calls of a room, and whether speakers take turns (extension `org.weir.call.permissions`). */
import { Type } from 'typebox';
import { ok, type Parsed, parserOf } from './parse.ts';
import { PowerLevel, powerLevelOf, readPowerLevel, type RoomPower } from './power-levels.ts';

/** State event; state_key = conf_id, or empty for all calls of the room. */
export const CALL_PERMISSIONS_TYPE = 'org.weir.call.permissions';

/** What can be published: voices and other sound, cameras, shared screens, data. */
export const PUBLISHED_KINDS = ['audio', 'video', 'screen', 'data'] as const;
export type PublishedKind = (typeof PUBLISHED_KINDS)[number];

/** Power level that takes the floor from its holder, where the room does not say. */
const MODERATOR_LEVEL = 50;

/** The floor of a call (RFC 4376 calls it a floor, too): who speaks, speaks alone. */
export interface FloorRules {
  /** Power level that may take the floor away. */
  moderator: number;
}

/** One `org.weir.call.permissions` event. */
export interface CallPermissions {
  /** Least power level by kind; a kind that is absent is everybody's to publish. */
  publish: Partial<Record<PublishedKind, number>>;
  /** `undefined`: everybody is heard at any time. */
  floor: FloorRules | undefined;
}

/** What a room says of one of its calls. */
export interface Permissions extends CallPermissions {
  power: RoomPower;
}

/** Of a room that says nothing: everybody may publish everything. */
export const OPEN_TO_ALL: Permissions = {
  publish: {},
  floor: undefined,
  power: { levels: undefined, creation: undefined },
};

const parseContent = parserOf(
  CALL_PERMISSIONS_TYPE,
  Type.Object({
    publish: Type.Optional(
      Type.Object({
        audio: Type.Optional(PowerLevel),
        video: Type.Optional(PowerLevel),
        screen: Type.Optional(PowerLevel),
        data: Type.Optional(PowerLevel),
      }),
    ),
    floor: Type.Optional(Type.Object({ audio: Type.Optional(Type.Boolean()), moderator: Type.Optional(PowerLevel) })),
  }),
);

/** Reads the event's content. `undefined`: it was emptied, which is how Matrix removes state. */
export function parseCallPermissions(content: unknown): Parsed<CallPermissions | undefined> {
  const parsed = parseContent(content);
  if (parsed.kind === 'bad') return parsed;
  if (Object.keys(parsed.value).length === 0) return ok(undefined);
  const { publish = {}, floor } = parsed.value;
  const levels = PUBLISHED_KINDS.flatMap(kind => {
    const level = publish[kind];
    return level === undefined ? [] : [[kind, readPowerLevel(level)] as const];
  });
  return ok({
    publish: Object.fromEntries(levels),
    floor: floor?.audio === true ? { moderator: readPowerLevel(floor.moderator ?? MODERATOR_LEVEL) } : undefined,
  });
}

/** The event of a conference wins whole over that of its room. */
export function permissionsFor(
  ofConference: CallPermissions | undefined,
  ofRoom: CallPermissions | undefined,
  power: RoomPower,
): Permissions {
  return { ...(ofConference ?? ofRoom ?? OPEN_TO_ALL), power };
}

/** Whether the user may publish the kind. */
export function mayPublish({ publish, power }: Permissions, userId: string, kind: PublishedKind): boolean {
  const needed = publish[kind];
  return needed === undefined || powerLevelOf(power, userId) >= needed;
}

/** Whether the user may take the floor from others. */
export function mayModerateFloor({ floor, power }: Permissions, userId: string): boolean {
  return floor !== undefined && powerLevelOf(power, userId) >= floor.moderator;
}
