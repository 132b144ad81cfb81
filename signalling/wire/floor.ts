/** The floor of a call, on the control channel (extension): one device speaks at a time, and the others wait for their turn. */
import { Type } from 'typebox';
import { ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** A device, as the homeserver vouches for it. */
export interface FloorDevice {
  userId: string;
  deviceId: string;
}

export type FloorMessage =
  /** `org.weir.floor_request`, client to focus: it wants to speak, or still does: to be said again while that lasts. */
  | { kind: 'floor_request' }
  /** `org.weir.floor_release`, client to focus: it no longer speaks, or no longer wants to. */
  | { kind: 'floor_release' }
  /**
   * `org.weir.floor_revoke`, moderator to focus: the holder loses the floor; where one is named, only if it holds it.
   * `by`: the moderator, where a focus passes it on to the one that hands out the floor.
   */
  | { kind: 'floor_revoke'; holder?: FloorDevice; by?: FloorDevice }
  /** `org.weir.floor`, focus to client. */
  | FloorState;

/** Who holds the floor, as one client is told. */
export interface FloorState {
  kind: 'floor';
  holder: FloorDevice | undefined;
  you: 'holder' | 'queued' | 'none';
  /** Of `queued`: how many turns away, 1 is next. */
  position?: number;
  /** When the holder has to go at the latest, in ms since 1970 by the clock of the focus; only while others wait. */
  until?: number;
}

export const Device = Type.Object({ user_id: Id, device_id: Id });
const parseRevoke = parserOf(
  'org.weir.floor_revoke',
  Type.Object({ holder: Type.Optional(Device), by: Type.Optional(Device) }),
);
const parseFloor = parserOf(
  'org.weir.floor',
  Type.Object({
    holder: Type.Union([Device, Type.Null()]),
    you: Type.Union([Type.Literal('holder'), Type.Literal('queued'), Type.Literal('none')]),
    position: Type.Optional(Type.Integer({ minimum: 1 })),
    until: Type.Optional(Type.Number({ minimum: 0 })),
  }),
);

/** The message of a type in this room; `undefined` for other types. */
export function parseFloorMessage(type: string, content: object): Parsed<FloorMessage> | undefined {
  switch (type) {
    case 'org.weir.floor_request':
      return ok({ kind: 'floor_request' });
    case 'org.weir.floor_release':
      return ok({ kind: 'floor_release' });
    case 'org.weir.floor_revoke': {
      const parsed = parseRevoke(content);
      if (parsed.kind === 'bad') return parsed;
      const { holder, by } = parsed.value;
      return ok({
        kind: 'floor_revoke',
        ...(holder === undefined ? {} : { holder: readDevice(holder) }),
        ...(by === undefined ? {} : { by: readDevice(by) }),
      });
    }
    case 'org.weir.floor': {
      const parsed = parseFloor(content);
      if (parsed.kind === 'bad') return parsed;
      const { holder, you, position, until } = parsed.value;
      return ok({
        kind: 'floor',
        holder: holder === null ? undefined : readDevice(holder),
        you,
        ...(position === undefined ? {} : { position }),
        ...(until === undefined ? {} : { until }),
      });
    }
    default:
      return undefined;
  }
}

/** Type and content of a message of this room. */
export function writeFloorMessage(message: FloorMessage): { type: string; content: Record<string, unknown> } {
  switch (message.kind) {
    case 'floor_request':
    case 'floor_release':
      return { type: `org.weir.${message.kind}`, content: {} };
    case 'floor_revoke':
      return {
        type: 'org.weir.floor_revoke',
        content: {
          ...(message.holder === undefined ? {} : { holder: writeDevice(message.holder) }),
          ...(message.by === undefined ? {} : { by: writeDevice(message.by) }),
        },
      };
    case 'floor': {
      const { holder, you, position, until } = message;
      return {
        type: 'org.weir.floor',
        content: {
          holder: holder === undefined ? null : writeDevice(holder),
          you,
          ...(position === undefined ? {} : { position }),
          ...(until === undefined ? {} : { until }),
        },
      };
    }
  }
}

export function readDevice({
  user_id: userId,
  device_id: deviceId,
}: {
  user_id: string;
  device_id: string;
}): FloorDevice {
  return { userId, deviceId };
}

export function writeDevice({ userId, deviceId }: FloorDevice): { user_id: string; device_id: string } {
  return { user_id: userId, device_id: deviceId };
}
