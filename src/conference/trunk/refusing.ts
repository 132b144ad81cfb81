/** Of what another focus announces: why some of it is not taken, and when it is told so. */
import { type ErrorCode, WeirError } from '../../../signalling/wire/errors.ts';
import { type DeviceId, keyOfDevice } from '../../session.ts';
import { note, tell } from '../effects.ts';
import type { Effect } from '../messages.ts';
import type { Refusals } from '../refusals.ts';
import { sessionsOf } from '../roster.ts';
import type { Conference, RemoteFocus } from '../state.ts';

/** How long the room's state may be behind what those send whom it puts on a focus, or takes from here. */
const STATE_LAG_MS = 10_000;

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** It may be no more than the room's state being late. */
  readonly mayPass: boolean;
}

export interface Refused extends Refusal {
  /** Of the stream, or of the data channel. */
  readonly id: string;
}

export function refusal(code: ErrorCode, message: string): Refusal {
  return { code, message, mayPass: false };
}

/** Why the focus may not speak of what is a device's; `undefined`: it may. It passes with everybody who moves from one focus to another. */
export function strangerRefusal(
  conference: Conference,
  focus: RemoteFocus,
  device: DeviceId,
  what: 'a stream' | 'a data channel',
): Refusal | undefined {
  const isHere = sessionsOf(conference, device.userId).some(({ session }) => session.deviceId === device.deviceId);
  if (focus.speaksFor.has(keyOfDevice(device)) && !isHere) return undefined;
  const whose = isHere ? 'who is here' : 'whom the room does not put on it';
  return { code: 'WEIR_TRUNK_STREAM', message: `another focus announces ${what} of somebody ${whose}`, mayPass: true };
}

/**
 * Tells the focus, once as long as they are the same, what is not taken; after a while where that may pass.
 * @param before what was refused so far; what is from now on is given back
 */
export function tellRefused(
  focus: RemoteFocus,
  before: Refusals,
  refused: readonly Refused[],
  now: number,
  effects: Effect[],
): Refusals {
  const since = new Map(refused.map(({ id }) => [id, before.since.get(id) ?? now]));
  const dueAt = ({ id, mayPass }: Refused): number => (since.get(id) ?? now) + (mayPass ? STATE_LAG_MS : 0);
  const due = refused.filter(one => now >= dueAt(one));
  const later = refused.filter(one => now < dueAt(one)).map(dueAt);
  const told = due.length === 0 ? '' : JSON.stringify(due);
  if (told !== before.told) {
    for (const [code, message] of new Map(due.map(one => [one.code, one.message]))) {
      effects.push(note(focus, code, message));
      effects.push(tell(focus, { kind: 'error', error: new WeirError(code, message) }));
    }
  }
  return { since, told, dueAt: later.length === 0 ? undefined : Math.min(...later) };
}
