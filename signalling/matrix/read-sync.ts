/** From the JSON of a /sync response to typed deltas. Pure; what is malformed is left out and counted, never thrown. */
import { type Static, Type } from 'typebox';
import { ok, type Parsed, parserOf } from '../wire/parse.ts';
import { CALL_PERMISSIONS_TYPE, parseCallPermissions } from '../wire/permissions.ts';
import { parseCreation, parsePowerLevels } from '../wire/power-levels.ts';
import {
  ENCRYPTION_TYPE,
  isCallEvent,
  isCallMemberEvent,
  parseCallMemberState,
  parseCallState,
} from '../wire/room-state.ts';
import { addressOf, parseToDevice } from '../wire/to-device.ts';
import { parseTrunkHello, TRUNK_HELLO, type TrunkHello } from '../wire/trunk.ts';
import { parseServerName } from './server-name.ts';
import type { HomeserverOptions, Membership, ReceivedToDevice, RoomChange, RoomDelta } from './types.ts';

/** An invitation to a room; the inviter is unknown where the homeserver does not say. */
export interface Invite {
  roomId: string;
  inviter: string | undefined;
  /** Servers of those who made the room what it is: ways to join it, where the own homeserver does not know it well yet. */
  via: string[];
}

/** A /sync response, read. */
export interface SyncResponse {
  nextBatch: string;
  toDevice: ReceivedToDevice[];
  trunkHellos: TrunkHello[];
  /** To-device messages of any kind in it: a full page means that more are waiting. */
  toDeviceCount: number;
  rooms: RoomDelta[];
  /** Joined rooms of which it tells state that is older than what was told before, or may be (see present-state.ts). */
  doubtful: string[];
  invites: Invite[];
}

type Count = HomeserverOptions['count'];

const Section = Type.Optional(Type.Record(Type.String(), Type.Unknown()));
const Events = Type.Optional(Type.Object({ events: Type.Optional(Type.Array(Type.Unknown())) }));

const parseResponse = parserOf(
  '/sync',
  Type.Object({
    next_batch: Type.String({ minLength: 1, maxLength: 4096 }),
    to_device: Events,
    rooms: Type.Optional(Type.Object({ join: Section, invite: Section, leave: Section })),
  }),
);
const parseRoom = parserOf('room of /sync', Type.Object({ state: Events, timeline: Events }));
const parseState = parserOf('state of a room', Type.Array(Type.Unknown()));
const parseInvitedRoom = parserOf('invited room of /sync', Type.Object({ invite_state: Events }));
const ToDeviceEventWire = Type.Object({ type: Type.String(), sender: Type.String(), content: Type.Unknown() });
const parseToDeviceEvent = parserOf('to-device event', ToDeviceEventWire);
const parseStateEvent = parserOf(
  'state event',
  Type.Object({
    type: Type.String(),
    sender: Type.String(),
    state_key: Type.String({ maxLength: 255 }),
    content: Type.Record(Type.String(), Type.Unknown()),
  }),
);

const MEMBERSHIPS: ReadonlySet<string> = new Set<Membership>(['join', 'invite', 'leave', 'ban', 'knock']);

function isMembership(value: unknown): value is Membership {
  return typeof value === 'string' && MEMBERSHIPS.has(value);
}

/** Reads a /sync response as the user `self`. Bad only where it is no sync response at all. */
export function readSync(json: unknown, self: string, count: Count): Parsed<SyncResponse> {
  const parsed = parseResponse(json);
  if (parsed.kind === 'bad') return parsed;
  const { next_batch: nextBatch, to_device: toDevice, rooms } = parsed.value;
  const toDeviceEvents = toDevice?.events ?? [];
  const invites = Object.entries(rooms?.invite ?? {}).map(([roomId, room]) => readInvite(roomId, room, self));
  return ok({
    nextBatch,
    ...readToDevice(toDeviceEvents, self, count),
    toDeviceCount: toDeviceEvents.length,
    rooms: [
      ...Object.entries(rooms?.join ?? {}).map(([roomId, room]) => readRoom(roomId, 'join', room, count)),
      ...invites.map(({ roomId }): RoomDelta => ({ roomId, membership: 'invite', changes: [] })),
      ...Object.entries(rooms?.leave ?? {}).map(([roomId, room]) => readRoom(roomId, 'leave', room, count)),
    ],
    doubtful: Object.entries(rooms?.join ?? {}).flatMap(([roomId, room]) => (tellsState(room) ? [roomId] : [])),
    invites,
  });
}

function tellsState(room: unknown): boolean {
  const parsed = parseRoom(room);
  return parsed.kind === 'ok' && (parsed.value.state?.events ?? []).length > 0;
}

/** Reads the response of GET /rooms/{roomId}/state: all state that the room has now. */
export function readPresentState(json: unknown, count: Count): Parsed<RoomChange[]> {
  const parsed = parseState(json);
  return parsed.kind === 'bad' ? parsed : ok(parsed.value.flatMap(event => readState(event, count)));
}

type ToDeviceOfSync = Pick<SyncResponse, 'toDevice' | 'trunkHellos'>;

function readToDevice(events: readonly unknown[], self: string, count: Count): ToDeviceOfSync {
  const read: ToDeviceOfSync = { toDevice: [], trunkHellos: [] };
  for (const event of events) {
    const parsed = parseToDeviceEvent(event);
    if (parsed.kind === 'bad') {
      count('matrix_to_device_received', { type: 'other', outcome: 'bad' });
      continue;
    }
    const outcome = readMessage(parsed.value, self, read);
    count('matrix_to_device_received', { type: labelOf(parsed.value.type), outcome });
  }
  return read;
}

/** Adds the message to what was read. @returns what it is, for the counter */
function readMessage(
  { type, sender, content }: Static<typeof ToDeviceEventWire>,
  self: string,
  read: ToDeviceOfSync,
): string {
  if (type === TRUNK_HELLO) {
    const hello = parseTrunkHello(sender, content);
    // Who says what cannot be read is not told: it would read no answer either.
    if (hello.kind === 'ok') read.trunkHellos.push(hello.value);
    return hello.kind === 'ok' ? 'hello' : 'bad';
  }
  const message = parseToDevice(type, sender, content);
  if (message === undefined) return 'foreign';
  if (sender === self) return 'own';
  const address = message.kind === 'ok' ? undefined : addressOf(sender, content);
  read.toDevice.push({ sender, type, parsed: message, address });
  return message.kind;
}

const LABELLED_TYPES = new Set([
  'm.call.invite',
  'm.call.answer',
  'm.call.candidates',
  'm.call.select_answer',
  'm.call.negotiate',
  'm.call.hangup',
  'm.call.sdp_stream_metadata_changed',
  TRUNK_HELLO,
]);

/** A type as a label of a counter: senders choose types freely, and each label value costs memory for ever. */
export function labelOf(type: string): string {
  return LABELLED_TYPES.has(type) ? type : 'other';
}

function readRoom(roomId: string, membership: 'join' | 'leave', json: unknown, count: Count): RoomDelta {
  const parsed = parseRoom(json);
  if (parsed.kind === 'bad') {
    count('matrix_state_ignored', { reason: 'bad_room' });
    return { roomId, membership, changes: [] };
  }
  // The state block is the state before the timeline, so the timeline goes on top of it, also across a gap (`limited`).
  const events = [...(parsed.value.state?.events ?? []), ...(parsed.value.timeline?.events ?? [])];
  return { roomId, membership, changes: events.flatMap(event => readState(event, count)) };
}

function readState(json: unknown, count: Count): RoomChange[] {
  if (typeof json === 'object' && json !== null && !Object.hasOwn(json, 'state_key')) return [];
  const parsed = parseStateEvent(json);
  if (parsed.kind === 'bad') {
    count('matrix_state_ignored', { reason: 'bad_event' });
    return [];
  }
  const { type, sender, state_key: stateKey, content } = parsed.value;
  if (type === 'm.room.member') {
    const membership = content['membership'];
    if (isMembership(membership)) return [{ kind: 'membership', userId: stateKey, membership }];
    count('matrix_state_ignored', { reason: 'bad_membership' });
    return [];
  }
  if (isCallEvent(type)) {
    const call = parseCallState(stateKey, content);
    if (call.kind === 'ok') return [{ kind: 'call', type, call: call.value }];
    count('matrix_state_ignored', { reason: 'bad_call' });
    return [];
  }
  // Whatever it says: clients encrypt by any such event, and who redacts it switches nothing off.
  if (type === ENCRYPTION_TYPE) return stateKey === '' ? [{ kind: 'encryption' }] : [];
  if (isCallMemberEvent(type)) return readCallMember(type, stateKey, sender, content, count);
  return readPermissions(type, stateKey, sender, content, count);
}

/** What cannot be read counts as not there: what was there before no longer holds. */
function readPermissions(type: string, stateKey: string, sender: string, content: object, count: Count): RoomChange[] {
  const known = <T>(parsed: Parsed<T>): T | undefined => {
    if (parsed.kind === 'ok') return parsed.value;
    count('matrix_state_ignored', { reason: 'bad_permissions' });
    return undefined;
  };
  if (type === CALL_PERMISSIONS_TYPE)
    return [{ kind: 'permissions', confId: stateKey, permissions: known(parseCallPermissions(content)) }];
  // Rooms go by these only under the empty key.
  if (stateKey !== '') return [];
  if (type === 'm.room.power_levels') return [{ kind: 'power_levels', levels: known(parsePowerLevels(content)) }];
  if (type === 'm.room.create') return [{ kind: 'creation', creation: known(parseCreation(sender, content)) }];
  return [];
}

function readCallMember(type: string, stateKey: string, sender: string, content: object, count: Count): RoomChange[] {
  const member = parseCallMemberState(stateKey, sender, content);
  if (member.kind === 'ok' && member.value.kind === 'msc3401') {
    return [{ kind: 'call_member', type, userId: member.value.userId, devices: member.value.devices }];
  }
  if (member.kind === 'bad') count('matrix_state_ignored', { reason: 'bad_call_member' });
  // Whatever a user's own entry says now, what it said before no longer holds.
  return stateKey === sender ? [{ kind: 'call_member', type, userId: sender, devices: [] }] : [];
}

/** Servers that an invitation names as ways into the room. */
const MOST_VIA = 8;

function readInvite(roomId: string, json: unknown, self: string): Invite {
  const parsed = parseInvitedRoom(json);
  const events = parsed.kind === 'ok' ? (parsed.value.invite_state?.events ?? []) : [];
  const servers = new Set<string>();
  let inviter: string | undefined;
  for (const event of events) {
    const state = parseStateEvent(event);
    if (state.kind === 'bad') continue;
    const { type, sender, state_key: stateKey, content } = state.value;
    const [, server = ''] = /^@[^:]*:(.+)$/.exec(sender) ?? [];
    if (servers.size < MOST_VIA && parseServerName(server) !== undefined) servers.add(server);
    if (type === 'm.room.member' && stateKey === self && content['membership'] === 'invite') inviter ??= sender;
  }
  return { roomId, inviter, via: [...servers] };
}
