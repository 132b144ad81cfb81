/** What the state of a room says about its calls (MSC3401, MSC3898). Pure. */
import type { Device } from '../encryption/index.ts';
import type { StateEvent } from './homeserver-answers.ts';
import {
  CALL_EVENT_TYPES,
  CALL_MEMBER_EVENT_TYPES,
  CALL_PERMISSIONS_TYPE,
  type FocusRef,
  FOCI_ACTIVE_KEYS,
  FOCI_PREFERRED_KEYS,
  isCallEvent,
  isCallMemberEvent,
  type MemberDevice,
  parseCallMemberState,
  parseCallPermissions,
  parseCallState,
  parseCreation,
  parsePowerLevels,
  type Permissions,
  permissionsFor,
  powerLevelOf,
  type RoomPower,
} from './wire.ts';

/** How long a member entry holds without being written again, in ms. */
export const MEMBER_ENTRY_LIFETIME_MS = 3_600_000;

/** The state of one room, by type and key; later events replace earlier ones. */
export type RoomState = ReadonlyMap<string, StateEvent>;

export type { Device };

const keyOf = (type: string, stateKey: string): string => JSON.stringify([type, stateKey]);

/** The state with `events` on top. */
export function withEvents(state: RoomState, events: StateEvent[]): RoomState {
  const next = new Map(state);
  for (const event of events) next.set(keyOf(event.type, event.stateKey), event);
  return next;
}

/** Content of one state event. */
export function stateOf(state: RoomState, type: string, stateKey = ''): Record<string, unknown> | undefined {
  return state.get(keyOf(type, stateKey))?.content;
}

/** The name that was given to the room. */
export function roomNameOf(state: RoomState): string | undefined {
  const name = stateOf(state, 'm.room.name')?.['name'] ?? stateOf(state, 'm.room.canonical_alias')?.['alias'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Whether the room asks its members to encrypt. Once it does, it does so for ever (Matrix client-server API, "m.room.encryption"). */
export function isEncrypted(state: RoomState): boolean {
  return typeof stateOf(state, 'm.room.encryption')?.['algorithm'] === 'string';
}

/** conf_id of the latest call that runs in the room. */
export function runningConference(state: RoomState): string | undefined {
  const running = [...state.values()]
    .filter(event => isCallEvent(event.type))
    .flatMap(event => {
      const parsed = parseCallState(event.stateKey, event.content);
      return parsed.kind === 'ok' && parsed.value.terminated === undefined
        ? [{ confId: parsed.value.confId, sentAt: event.sentAt }]
        : [];
    });
  return running.toSorted((a, b) => b.sentAt - a.sentAt)[0]?.confId;
}

/** Devices in a conference, who came first leading; `now` in ms since 1970. */
export function devicesInCall(state: RoomState, confId: string, now: number): (Device & MemberDevice)[] {
  return [...state.values()]
    .filter(event => isCallMemberEvent(event.type))
    .toSorted((a, b) => a.sentAt - b.sentAt)
    .flatMap(event => {
      const parsed = parseCallMemberState(event.stateKey, event.sender, event.content);
      if (parsed.kind === 'bad' || parsed.value.kind !== 'msc3401') return [];
      const { userId, devices } = parsed.value;
      return devices
        .filter(device => device.confId === confId && (device.expiresTs ?? Number.POSITIVE_INFINITY) > now)
        .map(device => ({ ...device, userId }));
    });
}

/** The focus of the first member that is there already, else `ours` (MSC3898: all meet at one). */
export function chooseFocus(
  state: RoomState,
  confId: string,
  self: Device,
  ours: FocusRef | undefined,
  now: number,
): FocusRef | undefined {
  const others = devicesInCall(state, confId, now).filter(
    device => device.userId !== self.userId || device.deviceId !== self.deviceId,
  );
  for (const device of others) if (device.foci.active[0] !== undefined) return device.foci.active[0];
  return ours;
}

function levelIn(content: object | undefined, key: string, otherwise: number): number {
  const level: unknown = content === undefined ? undefined : Reflect.get(content, key);
  return typeof level === 'number' ? level : otherwise;
}

function objectIn(content: Record<string, unknown> | undefined, key: string): object | undefined {
  const value = content?.[key];
  return typeof value === 'object' && value !== null ? value : undefined;
}

function powerIn(state: RoomState): RoomPower {
  const levels = state.get(keyOf('m.room.power_levels', ''));
  const create = state.get(keyOf('m.room.create', ''));
  const parsedLevels = levels && parsePowerLevels(levels.content);
  const parsedCreate = create && parseCreation(create.sender, create.content);
  return {
    levels: parsedLevels?.kind === 'ok' ? parsedLevels.value : undefined,
    creation: parsedCreate?.kind === 'ok' ? parsedCreate.value : undefined,
  };
}

/** What the room says of who may publish in a call; where there is none yet, what holds for all. */
export function permissionsIn(state: RoomState, confId: string | undefined): Permissions {
  const eventOf = (stateKey: string) => {
    const content = stateOf(state, CALL_PERMISSIONS_TYPE, stateKey);
    const parsed = content && parseCallPermissions(content);
    return parsed?.kind === 'ok' ? parsed.value : undefined;
  };
  return permissionsFor(confId === undefined ? undefined : eventOf(confId), eventOf(''), powerIn(state));
}

/** Whether the room's power levels let `userId` set state of this type (room version rules, "m.room.power_levels"). */
export function maySetState(state: RoomState, userId: string, type: string): boolean {
  const levels = stateOf(state, 'm.room.power_levels');
  const create = state.get(keyOf('m.room.create', ''));
  const power = powerLevelOf(powerIn(state), userId);
  if (levels === undefined) return create === undefined || power > 0;
  return power >= levelIn(objectIn(levels, 'events'), type, levelIn(levels, 'state_default', 50));
}

/** Whether `userId` may take part in calls of this room. */
export function mayJoinCalls(state: RoomState, userId: string): boolean {
  return maySetState(state, userId, CALL_MEMBER_EVENT_TYPES[0]);
}

/** Power levels that let every member join calls. */
export function levelsThatAllowCalls(state: RoomState): Record<string, unknown> {
  const levels = stateOf(state, 'm.room.power_levels') ?? {};
  return { ...levels, events: { ...objectIn(levels, 'events'), [CALL_MEMBER_EVENT_TYPES[0]]: 0 } };
}

/** Our entry in the member event. */
export interface OwnEntry extends Device {
  confId: string;
  sessionId: string;
  focus: FocusRef;
  purposes: string[];
}

function callsOf(content: Record<string, unknown> | undefined): Record<string, unknown>[] {
  return listIn(content, 'm.calls').filter(call => typeof call === 'object' && call !== null) as Record<
    string,
    unknown
  >[];
}

function listIn(content: Record<string, unknown> | undefined, key: string): unknown[] {
  const list = content?.[key];
  return Array.isArray(list) ? (list as unknown[]) : [];
}

/** The member event without our device; entries of the user's other devices stay as they are, expired ones go. */
export function memberContentWithout(state: RoomState, self: Device, now: number): Record<string, unknown> {
  const current = stateOf(state, CALL_MEMBER_EVENT_TYPES[0], self.userId);
  const calls = callsOf(current).flatMap(call => {
    const others = listIn(call, 'm.devices').filter(device => {
      if (typeof device !== 'object' || device === null) return false;
      const expires: unknown = Reflect.get(device, 'expires_ts');
      return Reflect.get(device, 'device_id') !== self.deviceId && (typeof expires !== 'number' || expires > now);
    });
    return others.length === 0 ? [] : [{ ...call, 'm.devices': others }];
  });
  return { 'm.calls': calls };
}

/** The member event with our device in one conference (and in no other). */
export function memberContentWith(state: RoomState, own: OwnEntry, now: number): Record<string, unknown> {
  const focus = { user_id: own.focus.userId, device_id: own.focus.deviceId };
  const entry = {
    device_id: own.deviceId,
    session_id: own.sessionId,
    expires_ts: now + MEMBER_ENTRY_LIFETIME_MS,
    feeds: own.purposes.map(purpose => ({ purpose })),
    [FOCI_ACTIVE_KEYS[0]]: [focus],
    [FOCI_PREFERRED_KEYS[0]]: [focus],
  };
  const others = callsOf(memberContentWithout(state, own, now));
  const same = others.find(call => call['m.call_id'] === own.confId);
  const call = { ...same, 'm.call_id': own.confId, 'm.devices': [...listIn(same, 'm.devices'), entry] };
  return { 'm.calls': [...others.filter(other => other !== same), call] };
}

/** Content of the state event that announces a call. */
export const CALL_CONTENT = { 'm.intent': 'm.room', 'm.type': 'm.video' } as const;

/** What POST /createRoom needs for a room in which everybody may join calls. `open`: whoever has the link may enter. */
export function callRoomRequest(options: { name: string; open: boolean; invite: string[]; confId: string }): object {
  return {
    name: options.name,
    preset: options.open ? 'public_chat' : 'private_chat',
    visibility: 'private',
    invite: options.invite,
    power_level_content_override: { events: { [CALL_MEMBER_EVENT_TYPES[0]]: 0 } },
    initial_state: [{ type: CALL_EVENT_TYPES[0], state_key: options.confId, content: CALL_CONTENT }],
  };
}
