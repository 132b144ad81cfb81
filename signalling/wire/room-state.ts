/** State events of call rooms (MSC3401): which conferences there are, and which devices are in them. */
import { Type } from 'typebox';
import { CALL_EVENT_TYPES, CALL_MEMBER_EVENT_TYPES, FOCI_ACTIVE_KEYS, FOCI_PREFERRED_KEYS } from './names.ts';
import { bad, firstOf, ok, type Parsed, parserOf } from './parse.ts';
import { Id } from './stream-metadata.ts';

/** State event that switches on encryption of a room's messages (client-server API, "m.room.encryption"); nothing switches it off. */
export const ENCRYPTION_TYPE = 'm.room.encryption';

/** A focus, as members name it (MSC3898). */
export interface FocusRef {
  userId: string;
  deviceId: string;
}

/** A conference of a room. */
export interface CallState {
  confId: string;
  /** Why it ended; `undefined` while it runs. */
  terminated: string | undefined;
}

/** One device of a member in one conference. */
export interface MemberDevice {
  confId: string;
  deviceId: string;
  sessionId: string;
  /** When the entry may be forgotten, in ms since 1970. */
  expiresTs: number | undefined;
  foci: { active: FocusRef[]; preferred: FocusRef[] };
}

/** A member event: of MSC3401, or of today's MatrixRTC, which shares the type and is none of ours. */
export type CallMemberState = { kind: 'msc3401'; userId: string; devices: MemberDevice[] } | { kind: 'matrixrtc' };

export function isCallEvent(type: string): boolean {
  return CALL_EVENT_TYPES.some(name => name === type);
}

export function isCallMemberEvent(type: string): boolean {
  return CALL_MEMBER_EVENT_TYPES.some(name => name === type);
}

const parseCall = parserOf('call state', Type.Object({}));

/** An emptied event has ended its call, like `m.terminated`. */
export function parseCallState(stateKey: string, content: unknown): Parsed<CallState> {
  if (stateKey.length === 0 || stateKey.length > 255) return bad('call state: state_key is no conf_id');
  const parsed = parseCall(content);
  if (parsed.kind === 'bad') return parsed;
  const terminated = firstOf(parsed.value, ['m.terminated']);
  const empty = Object.keys(parsed.value).length === 0;
  return ok({
    confId: stateKey,
    terminated: empty ? 'removed' : typeof terminated === 'string' ? terminated : undefined,
  });
}

const Foci = Type.Array(Type.Object({ user_id: Id, device_id: Id }), { maxItems: 64 });
const parseFoci = parserOf('foci', Foci);
const parseMember = parserOf(
  'call member state',
  Type.Object({
    'm.calls': Type.Array(
      Type.Object({
        'm.call_id': Id,
        'm.devices': Type.Array(
          Type.Object({
            device_id: Id,
            session_id: Id,
            expires_ts: Type.Optional(Type.Number()),
          }),
          { maxItems: 64 },
        ),
      }),
      { maxItems: 64 },
    ),
  }),
);

function readFoci(device: object, keys: readonly string[]): FocusRef[] {
  const parsed = parseFoci(firstOf(device, keys) ?? []);
  return parsed.kind === 'bad' ? [] : parsed.value.map(focus => ({ userId: focus.user_id, deviceId: focus.device_id }));
}

/**
 * Reads a member event of either kind. Only an entry whose state_key is its sender is believed: keys that begin with
 * `_@` are not bound to their sender by the room's rules.
 */
export function parseCallMemberState(stateKey: string, sender: string, content: unknown): Parsed<CallMemberState> {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return bad('call member state: no object');
  }
  if (!Object.hasOwn(content, 'm.calls')) {
    // An emptied entry of a user's own: this user is in no call. MatrixRTC empties its entries, too, under keys of its own.
    const emptied = Object.keys(content).length === 0 && stateKey === sender;
    return ok(emptied ? { kind: 'msc3401', userId: sender, devices: [] } : { kind: 'matrixrtc' });
  }
  if (stateKey !== sender) return bad('call member state: state_key is not the sender');
  const parsed = parseMember(content);
  if (parsed.kind === 'bad') return parsed;
  const devices = parsed.value['m.calls'].flatMap(call =>
    call['m.devices'].map(device => ({
      confId: call['m.call_id'],
      deviceId: device.device_id,
      sessionId: device.session_id,
      expiresTs: device.expires_ts,
      foci: { active: readFoci(device, FOCI_ACTIVE_KEYS), preferred: readFoci(device, FOCI_PREFERRED_KEYS) },
    })),
  );
  return ok({ kind: 'msc3401', userId: sender, devices });
}
