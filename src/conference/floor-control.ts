/** The floor in a conference: who may ask for it, who loses it, who is told. */
import { type ErrorCode, WeirError } from '../../signalling/wire/errors.ts';
import type { FloorDevice, FloorMessage, FloorState } from '../../signalling/wire/floor.ts';
import { mayModerateFloor } from '../../signalling/wire/permissions.ts';
import type { SessionKey } from '../session.ts';
import { afterClaim } from './claim-rate.ts';
import { trackChanged } from './due.ts';
import { note, tell } from './effects.ts';
import { type Floor, FREE_FLOOR, hasClaim, keepFloor, releaseFloor, requestFloor, revokeFloor } from './floor.ts';
import type { Effect } from './messages.ts';
import { spoke } from './speakers.ts';
import type { Client, Conference, Participant } from './state.ts';

/** A client says something about the floor. */
export function takeFloorMessage(
  conference: Conference,
  participant: Client,
  message: Exclude<FloorMessage, FloorState>,
  now: number,
  effects: Effect[],
): void {
  const { floor } = conference;
  switch (message.kind) {
    case 'floor_request': {
      if (floor === undefined) return refuse('WEIR_UNEXPECTED_MESSAGE', 'the call has no floor: everybody is heard');
      if (participant.barred.has('audio')) return refuse('WEIR_MAY_NOT_PUBLISH', 'audio: not with this power level');
      const claims = hasClaim(floor, participant.key) ? participant.claims : afterClaim(participant.claims, now);
      if (claims === undefined) return refuse('WEIR_TOO_MANY_MESSAGES', 'the floor is asked for too often');
      participant.claims = claims;
      const after = requestFloor(floor, participant.key, now);
      if (after === 'full') return refuse('WEIR_OVERLOADED', 'too many wait for the floor');
      return setFloor(conference, after);
    }
    case 'floor_release':
      // A key may come up after the floor has gone.
      if (floor !== undefined) setFloor(conference, releaseFloor(floor, participant.key, now));
      return;
    case 'floor_revoke':
      if (floor === undefined) return refuse('WEIR_UNEXPECTED_MESSAGE', 'the call has no floor: everybody is heard');
      if (!mayModerateFloor(conference.permissions, participant.session.userId))
        return refuse('WEIR_MAY_NOT_REVOKE', 'not with this power level');
      // Meant for somebody who has lost it meanwhile: the next one is not to pay for that.
      if (message.holder !== undefined && !isDevice(conference, floor.holder?.by, message.holder)) return;
      return setFloor(conference, revokeFloor(floor, now));
  }

  function refuse(code: ErrorCode, text: string): void {
    const error = new WeirError(code, text);
    effects.push(note(participant, error.code, error.message));
    effects.push(tell(participant, { kind: 'error', error, inReplyTo: `org.weir.${message.kind}` }));
  }
}

function isDevice(conference: Conference, key: SessionKey | undefined, device: FloorDevice): boolean {
  const session = key === undefined ? undefined : conference.participants.get(key)?.session;
  return session?.userId === device.userId && session.deviceId === device.deviceId;
}

/** Takes the floor from who has left, is silent or may not speak (any more). To be called in each step. */
export function watchFloor(conference: Conference, now: number): void {
  if (conference.floor === undefined) return;
  const may = (key: SessionKey): boolean => {
    const participant = conference.participants.get(key);
    return participant?.kind === 'client' && participant.stage.kind === 'present' && !participant.barred.has('audio');
  };
  setFloor(conference, keepFloor(conference.floor, may, now));
}

function setFloor(conference: Conference, floor: Floor): void {
  const before = conference.floor?.holder?.by;
  conference.floor = floor;
  if (before === floor.holder?.by) return;
  for (const by of [before, floor.holder?.by]) {
    const one = by === undefined ? undefined : conference.participants.get(by);
    for (const track of one?.published ?? []) trackChanged(conference, track);
  }
  const holder = floor.holder && conference.participants.get(floor.holder.by);
  if (holder !== undefined) speaksFirst(conference, holder);
}

/** Who gets the floor is who speaks, before its first word. */
function speaksFirst(conference: Conference, holder: Participant): void {
  for (const key of holder.published) {
    const track = conference.tracks.get(key)?.track;
    if (track?.kind === 'audio') spoke(conference, holder, track.ref);
  }
}

/** Tells all of the floor; its holder last, so that who has lost it is told before somebody else has it. */
export function tellFloors(conference: Conference, effects: Effect[]): void {
  const { floor, due, participants } = conference;
  const holder = floor?.holder?.by;
  const concerned = due.before.floor === floor ? due.participants : participants.values();
  for (const participant of concerned) if (participant.key !== holder) tellFloor(conference, participant, effects);
  const last = holder === undefined ? undefined : conference.participants.get(holder);
  if (last !== undefined) tellFloor(conference, last, effects);
}

/** Tells a participant of the floor, where what it is to know has changed. */
function tellFloor(conference: Conference, participant: Participant, effects: Effect[]): void {
  const { floor } = conference;
  if (participant.kind === 'focus') return;
  if (participant.control.kind !== 'open' || participant.toldFloor.floor === floor) return;
  // The floor was given up, or never was: who never heard of one need not.
  const message = floorFor(conference, floor ?? FREE_FLOOR, participant);
  const text = floor === undefined && participant.toldFloor.text === undefined ? undefined : JSON.stringify(message);
  const isNews = text !== participant.toldFloor.text;
  participant.toldFloor = { floor, text };
  if (isNews) effects.push(tell(participant, { kind: 'floor', message }));
}

function floorFor(conference: Conference, { holder, queue }: Floor, { key }: Participant): FloorState {
  const session = holder && conference.participants.get(holder.by)?.session;
  const place = queue.findIndex(claim => claim.by === key);
  return {
    kind: 'floor',
    holder: session && { userId: session.userId, deviceId: session.deviceId },
    you: holder?.by === key ? 'holder' : place >= 0 ? 'queued' : 'none',
    ...(place >= 0 ? { position: place + 1 } : {}),
    ...(holder?.until === undefined ? {} : { until: holder.until }),
  };
}
